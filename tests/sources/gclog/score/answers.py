"""An answer of ours to an expectation of a peer's test: equal, different, or a reason why it is not compared."""

import math
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A row of expected.csv."""

    file: str
    quantity: str
    value: str
    test: str


class Answer(NamedTuple):
    """What we have and what the peer expects; `line` of the log, where known, for who looks into it."""

    got: Any
    wanted: Any
    tolerance: float = 1e-6
    line: int = 0

    @property
    def equal(self) -> bool:
        if isinstance(self.got, tuple) and isinstance(self.wanted, tuple):
            return len(self.got) == len(self.wanted) and all(
                Answer(g, w, self.tolerance).equal for g, w in zip(self.got, self.wanted, strict=True)
            )
        if isinstance(self.wanted, bool | str) or self.got is None or isinstance(self.got, str):
            return bool(self.got == self.wanted)
        return math.isclose(float(self.got), float(self.wanted), rel_tol=1e-9, abs_tol=self.tolerance)


class NotCompared(NamedTuple):
    """A quantity that our tables do not claim to hold."""

    reason: str
