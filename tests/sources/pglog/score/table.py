"""The score of a log: every figure equal, different, held to be the peer's error, or not compared."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.sources.pglog.score.peer_errors import PEER_ERRORS
from tests.sources.pglog.score.pgbadger import Figure, NotCompared, figures


class Score(NamedTuple):
    """Figures of one log."""

    file: str
    equal: list[Figure]
    different: list[Figure]
    excused: list[Figure]
    stale: list[Figure]
    left_out: Counter[str]

    @property
    def compared(self) -> int:
        return len(self.equal) + len(self.different) + len(self.excused) + len(self.stale)


def score(path: Path) -> Score:
    """Return the score of one log."""
    excuses = {(e.file, e.quantity) for e in PEER_ERRORS}
    done = Score(path.name, [], [], [], [], Counter())
    for figure in figures(path):
        if isinstance(figure, NotCompared):
            done.left_out[figure.reason] += 1
        elif (figure.file, figure.quantity) in excuses:
            (done.stale if figure.equal else done.excused).append(figure)
        else:
            (done.equal if figure.equal else done.different).append(figure)
    return done


def describe(done: Score) -> str:
    """Return the score as text: figures first, then what differs, then the peer's errors, then what is not compared."""
    reasons = {(e.file, e.quantity): e for e in PEER_ERRORS}
    lines = [
        f"{done.file}: {len(done.equal)} of {done.compared} figures equal, {len(done.different)} different, "
        f"{len(done.excused)} the peer's error, {sum(done.left_out.values())} not compared"
    ]
    lines += [f"  different: {f.quantity}: theirs {f.theirs!r}, ours {f.ours!r}" for f in done.different]
    for f in done.excused:
        why = reasons[f.file, f.quantity]
        lines.append(f"  peer's error: {f.quantity}: {f.theirs!r}, ours {f.ours!r}; line {why.line}: {why.reason}")
    lines += [f"  not compared: {n} x {reason}" for reason, n in done.left_out.most_common()]
    return "\n".join(lines)
