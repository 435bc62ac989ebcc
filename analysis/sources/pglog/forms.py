"""Which form of log a file is, told by its lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from analysis.errors import EvidenceError
from analysis.sources.pglog.csvlog import START
from analysis.sources.pglog.infer import looks_like_a_head
from analysis.sources.pglog.jsonlog import fields_of
from analysis.sources.pglog.stamps import STAMP
from analysis.sources.pglog.wrappers import WRAPPERS, pieces_of

__all__ = ["KINDS", "Form", "form_of"]

KINDS = ("stderr", "csvlog", "jsonlog", "syslog", "rds", "cloudsql", "cnpg", "logplex")
WITH_PREFIX = ("stderr", "syslog", "rds", "cloudsql", "logplex")
POOLER = re.compile(
    rb"^" + STAMP + rb" (?:\[?\d+\]? )?(?:LOG|WARNING|ERROR|FATAL|DEBUG|NOISE) (?:[CS]-|stats:|listening|process up|\S)"
)
ENOUGH = 0.9  # of the lines that the best form explains


class Form(NamedTuple):
    """`name`: one of `KINDS`; `wrapper`: of `wrappers.WRAPPERS` or ""; `inner`: "stderr", "csvlog" or "jsonlog"."""

    name: str
    wrapper: str
    inner: str


def _inner(line: bytes, *, timed: bool) -> str:
    """Return "csvlog", "jsonlog", "cnpg" or "stderr" for a line that begins a record of it, "pgbouncer", or ""."""
    if line[:1] == b"{":
        try:
            found = fields_of(line)
        except (ValueError, RecursionError):
            return ""
        return "" if found is None else "cnpg" if found.log_time is not None else "jsonlog"
    if START.match(line):
        return "csvlog"
    if looks_like_a_head(line, timed=timed):
        return "stderr"
    return "pgbouncer" if POOLER.match(line) else ""


def _votes(lines: Sequence[bytes], wrapper: str) -> dict[str, int]:
    votes: dict[str, int] = {}
    if not wrapper:
        found = [(line, False) for line in lines]
    else:
        timed = wrapper not in ("stamped", "named")
        found = []
        for piece in pieces_of(wrapper, lines):
            if piece.part > 1:  # it goes on with a message
                votes["stderr"] = votes.get("stderr", 0) + 1
            else:
                found.append((piece.text, timed and bool(piece.stamp)))
    for text, has_time in found:
        if kind := _inner(text, timed=has_time):
            votes[kind] = votes.get(kind, 0) + 1
    return votes


def form_of(lines: Sequence[bytes], *, kind: str | None, file: str) -> Form | None:
    """Return the form of a log; None if the lines are all blank.

    Parameters
    ----------
    lines : sequence of bytes
        The first lines of the file.
    kind : str or None
        One of `KINDS` if it was given: then only that form is looked for.
    file : str
        Its name, for errors.

    Raises
    ------
    EvidenceError
        If it is none of the forms, not the one that was given, or the log of PgBouncer.

    Examples
    --------
    >>> form_of([b'{"timestamp":"x","error_severity":"LOG","message":"hi"}'], kind=None, file="a").name
    'jsonlog'
    """
    if kind is not None and kind not in KINDS:
        raise EvidenceError(
            f"no form of log: {kind}", where="kind", expected=", ".join(KINDS), next="leave it out: it is found out"
        )
    some = [line for line in lines if line.strip()]
    if not some:
        return None
    scores: list[tuple[int, str, str]] = []
    for wrapper in ("", *WRAPPERS):
        votes = _votes(some, wrapper)
        scores += [(n, wrapper, inner) for inner, n in votes.items()]
    forms = [(n, _named(wrapper, inner, some), inner) for n, wrapper, inner in scores]
    most = max((n for n, _, inner in forms if inner != "pgbouncer"), default=0)
    poolers = max((n for n, _, inner in forms if inner == "pgbouncer"), default=0)
    if poolers > most:
        raise EvidenceError(
            "this is a log of PgBouncer, not of PostgreSQL", where=file, expected="a log of the database server",
            next="give the server's log; the pooler's own statistics are not read",
        )  # fmt: skip
    good = [form for n, form, inner in forms if inner != "pgbouncer" and n >= ENOUGH * most]
    if kind is not None:
        fits = [(n, f) for n, f, inner in forms if inner != "pgbouncer" and (f.name == kind or _same(kind, f))]
        chosen = [f for n, f in fits if n >= ENOUGH * max(n for n, _ in fits)]
    else:
        chosen = good
    chosen = sorted(chosen, key=_rank)
    if not chosen:
        looks = f"; it looks like {sorted(good, key=_rank)[0].name}" if good else ""
        raise EvidenceError(
            f"not a log of PostgreSQL in the form {kind}" if kind else "no record of a PostgreSQL log is found in it",
            where=file, expected=(kind or f"one of: {', '.join(KINDS)}") + looks,
            next="check the file and the kind; a log of another program is not read",
        )  # fmt: skip
    return chosen[0]


def _same(kind: str, form: Form) -> bool:
    return kind in WITH_PREFIX and form.inner == "stderr" and (kind in ("stderr", "rds", "cloudsql"))


def _rank(form: Form) -> int:
    """Return a place: what is more particular comes first; any line with a time and LOG in it looks like stderr."""
    order = ["logplex", "syslog", "syslog-iso", "cri", "json", "named", "stamped", ""]
    return order.index(form.wrapper) + (0 if form.inner == "stderr" else -20)


def _named(wrapper: str, inner: str, lines: Sequence[bytes]) -> Form:
    reader = "jsonlog" if inner == "cnpg" else inner
    if wrapper == "logplex":
        return Form("logplex", wrapper, reader)
    if wrapper.startswith("syslog"):
        return Form("syslog", wrapper, reader)
    if wrapper == "json" and inner == "stderr" and any(b'"textPayload"' in line for line in lines):
        return Form("cloudsql", wrapper, reader)
    return Form(inner, wrapper, reader)
