"""`Question`: what shall be asked of a server of metrics, and how the answer is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from analysis.sources.prometheus.selector import Selector
from analysis.spec import SignalSpec, Spec
from analysis.spec_sources import QuerySpec

__all__ = ["Question", "own_questions"]

KINDS = {"signals": "signal", "queries": "query"}


@dataclass(frozen=True)
class Question:
    """One question.

    Parameters
    ----------
    id, question, dialect : str
        Its name, what it is for, whose metric it is ("" of the author's own).
    promql : str
        A plain selector, whose samples are wanted, or any expression, which is evaluated on a grid.
    required : bool
        Whether a capture without it is incomplete.
    unit, scope : str
        Unit of the values; everything, namespace, workload, or own (the author's).
    step_seconds : float or None
        Of the grid; None for the step of the capture.
    time_shift_seconds : float
        How much later than the truth its values may be stamped.
    """

    id: str
    question: str
    dialect: str
    promql: str
    required: bool = False
    unit: str = ""
    scope: str = "own"
    step_seconds: float | None = None
    time_shift_seconds: float = 0.0

    @property
    def selector(self) -> Selector | None:
        """The question as a plain selector; None if it is an expression."""
        return Selector.parse(self.promql)

    @property
    def name(self) -> str:
        """The name under which the values of an expression are kept: no metric has it, as none has a colon."""
        kind, _, short = self.id.partition("/")
        return f"{KINDS.get(kind, 'computed')}:{short}"

    def numbered(self, number: int) -> Question:
        """Return the question under an id of its own."""
        return replace(self, id=f"{self.id} #{number}")

    @property
    def mode(self) -> Literal["raw", "range"]:
        """Whether samples can be had, or only values on a grid."""
        return "range" if self.selector is None else "raw"


def own_questions(spec: Spec) -> tuple[Question, ...]:
    """Return the author's own questions: `signals`, and `queries` of sources.prometheus; in the order of the spec.

    Parameters
    ----------
    spec : Spec
        A signal that is a plain selector is kept under its metric's name, an expression under the signal's own.
    """
    prometheus = spec.sources.prometheus
    queries: dict[str, QuerySpec] = prometheus.queries if prometheus else {}
    signals = tuple(_own(name, "signals", found) for name, found in spec.signals.items())
    return signals + tuple(_own(name, "queries", found) for name, found in queries.items())


def _own(name: str, kind: str, found: SignalSpec | QuerySpec) -> Question:
    return Question(
        f"{kind}/{name}", kind, "", found.promql,
        required=found.required, unit=found.unit, step_seconds=found.step_seconds,
    )  # fmt: skip
