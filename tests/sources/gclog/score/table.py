"""The score of our tables against one peer: every row answered, counted and named."""

import csv
import functools
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tests.sources.gclog.score import garbagecat, gctoolkit, gcviewer, jifa, own
from tests.sources.gclog.score.answers import Answer, NotCompared, Row
from tests.sources.gclog.score.peer_errors import PEER_ERRORS, PeerError
from tests.sources.gclog.score.reads import Read, read

Translator = Callable[[Row, Read, list[Row]], Answer | NotCompared]
TRANSLATORS: dict[str, Translator] = {
    "generated": own.answer,
    "gcviewer": gcviewer.answer,
    "jifa": jifa.answer,
    "gctoolkit-testdata": gctoolkit.answer,
    "garbagecat": garbagecat.answer,
}


class Outcome(NamedTuple):
    """A row and what became of it; `peer_error` if it is on the reviewed list."""

    row: Row
    answer: Answer | NotCompared
    peer_error: PeerError | None


class Score(NamedTuple):
    """Rows of one source: equal, different, held to be the peer's error, stale on that list, and not compared."""

    source: str
    equal: list[Outcome]
    different: list[Outcome]
    excused: list[Outcome]
    stale: list[Outcome]
    left_out: Counter[str]

    @property
    def compared(self) -> int:
        return len(self.equal) + len(self.different) + len(self.excused) + len(self.stale)


def rows_of(corpus: Path, source: str) -> list[Row]:
    """Return the rows of a source in order of file, those that hold a Java expression left out."""
    with (corpus / "gc" / "expected.csv").open(encoding="utf-8", newline="") as file:
        rows = [Row(*line) for line in list(csv.reader(file))[1:]]
    return sorted((r for r in rows if r.file.startswith(f"{source}/") and "::" not in r.quantity), key=lambda r: r.file)


def outcomes(corpus: Path, source: str) -> list[Outcome]:
    """Answer every row of a source."""
    excuses = {(e.file, e.quantity): e for e in PEER_ERRORS}
    found = []
    for name, group in groupby(rows_of(corpus, source), key=lambda r: r.file):
        rows = list(group)
        log = read(corpus / "gc" / name)
        found += [Outcome(r, TRANSLATORS[source](r, log, rows), excuses.get((name, r.quantity))) for r in rows]
    return found


@functools.cache
def score(corpus: Path, source: str) -> Score:
    """Return the score of a source."""
    done = Score(source, [], [], [], [], Counter())
    for outcome in outcomes(corpus, source):
        if isinstance(outcome.answer, NotCompared):
            done.left_out[outcome.answer.reason] += 1
        elif outcome.peer_error is not None:
            (done.stale if outcome.answer.equal else done.excused).append(outcome)
        else:
            (done.equal if outcome.answer.equal else done.different).append(outcome)
    return done


def describe(done: Score) -> str:
    """Return the score as text: figures first, then what differs, then what is not compared and why."""
    share = 100 * len(done.equal) / done.compared if done.compared else 100.0
    lines = [
        f"{done.source}: {len(done.equal)} of {done.compared} rows equal ({share:.1f} %), "
        f"{len(done.different)} different, {len(done.excused)} the peer's error, "
        f"{sum(done.left_out.values())} not compared"
    ]
    for row, answer, _ in done.different:
        assert isinstance(answer, Answer)
        where = f" line {answer.line}" if answer.line else ""
        lines.append(f"  {row.file} {row.quantity}: expected {row.value!r}, got {answer.got!r}{where} [{row.test}]")
    lines += [f"  not compared: {n} x {reason}" for reason, n in done.left_out.most_common()]
    return "\n".join(lines)
