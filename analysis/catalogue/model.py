"""What a catalogue is made of: questions, metrics by dialect, what an absence means, expressions. All frozen."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

__all__ = ["Absence", "Catalogue", "Expression", "Kind", "Metric", "Question", "Role", "Way"]

Kind = Literal["counter", "gauge", "histogram", "summary", "info", "event"]
Role = Literal[
    "arrivals",  # requests as they arrive
    "calls",  # what was done, counted
    "clock",  # how soon something answered
    "context",  # read by no test
    "dose",  # how much there was of a suspect
    "event",  # something happened; of kind `event` the value is its time or a generation
    "failures",
    "health",
    "level",
    "limit",
    "longest",  # the longest since a while ago
    "queue",
    "seconds",  # time taken
    "spread",  # a distribution: buckets
    "text",  # texts by id
    "topology",  # who belongs to whom
    "usage",
]


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to narrow series to a namespace and a workload: labels, of which the first that a series has counts.

    Parameters
    ----------
    namespace : tuple of str
        Labels that hold the namespace.
    begins : tuple of str
        Labels that hold a name which begins with that of its workload: pods, replica sets.
    equals : tuple of str
        Labels that hold the workload itself.
    """

    namespace: tuple[str, ...]
    begins: tuple[str, ...] = ()
    equals: tuple[str, ...] = ()


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one dialect, under its full name as a server stores it.

    Parameters
    ----------
    pattern : str
        The name, or an expression that the whole name fits (RE2, which Python reads alike).
    plain : bool
        Whether `pattern` is the name itself.
    dialect, source : str
        Who exports it; where its name was read.
    kind : str
        How it counts.
    unit : str
        As stored; "" where it differs by name.
    scale : float
        Base units (seconds, bytes, ratio) per stored unit.
    role : str
        What it is read for.
    ways : tuple of Way
        Ways to narrow it; none: cluster-wide.
    shift_seconds : tuple of (float, float) or None
        Its stamps are late by so much, least and most; None: they are right.
    fix : tuple of str
        Labels whose values must be told apart before anything is summed.
    has, lacks : tuple of str
        Labels that tell this dialect from others with the same name.
    heavy : bool
        Many series for what they tell (buckets): dropped first when there is too much.
    indexed : bool
        The name carries an index: one question asks for all of its names.
    optional : bool
        Its absence beside its neighbours means nothing.
    personal : tuple of str
        Labels that can hold personal data.
    note : str
        What a reader must know.
    """

    pattern: str
    plain: bool
    dialect: str
    source: str
    kind: Kind
    unit: str
    role: Role
    ways: tuple[Way, ...] = ()
    scale: float = 1.0
    shift_seconds: tuple[float, float] | None = None
    fix: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    heavy: bool = False
    indexed: bool = False
    optional: bool = False
    personal: tuple[str, ...] = ()
    note: str = ""


class Absence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it means that a metric is missing: `means` beside another that is there, `otherwise` without that.

    Without `beside` it means the same everywhere.
    """

    missing: str
    means: str
    beside: str = ""
    otherwise: str = ""


class Expression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An expression that the server computes: `expr` by dialect, with $sel, $nsel, $dbsel (matchers) and $w (window).

    `whole_window`: it holds `@ start()` or `@ end()`, so that its range must not be asked in parts.
    """

    id: str
    unit: str
    expr: dict[str, str]
    note: str = ""
    whole_window: bool = False


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question, and what answers it.

    Parameters
    ----------
    id, question : str
        Its name, and the question in words.
    metrics : tuple of Metric
        What answers it, in every dialect.
    required : bool
        A capture that cannot ask it has failed; that it has no answer is an answer.
    whole : bool
        It takes whole families, of which the names that another question has are left out.
    caveat : str
        What changes the conclusion.
    absences : tuple of Absence
        What is meant when a metric is not there.
    expressions : tuple of Expression
        What the server can compute where the series are too many.
    """

    id: str
    question: str
    metrics: tuple[Metric, ...]
    required: bool = False
    whole: bool = False
    caveat: str = ""
    absences: tuple[Absence, ...] = ()
    expressions: tuple[Expression, ...] = ()

    @property
    def dialects(self) -> tuple[str, ...]:
        """Dialects in which it can be answered, in their order."""
        return tuple(dict.fromkeys(metric.dialect for metric in self.metrics))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Names and patterns of its metrics, each once."""
        return tuple(dict.fromkeys(metric.pattern for metric in self.metrics))

    @property
    def names_regex(self) -> str:
        """One expression that every name of it fits whole, to ask a server with {__name__=~"..."}; not quoted yet."""
        return "|".join(self.patterns)


class Catalogue(NamedTuple):
    """All questions, and the `version`: the format's number and a digest of the files that were read."""

    version: str
    questions: tuple[Question, ...]

    def question(self, name: str) -> Question:
        """Return a question by its id.

        Raises
        ------
        KeyError
            If there is none of that id.
        """
        return next((q for q in self.questions if q.id == name), None) or _unknown(name)


def _unknown(name: str) -> Question:
    raise KeyError(name)
