"""Twenty thousand spoiled server logs: what became of them, and what one costs."""

import random
import time

from tests.sources.pglog.invariants import checked
from tests.sources.pglog.mutations import own_logs, spoiled

CASES = 20_000
FIRST = 1_000_000  # seeds that the tests do not use


def test_twenty_thousand_spoiled_logs(corpus, tmp_path):
    logs = own_logs(corpus)
    path = tmp_path / "db.log"
    became, longest = {"read": 0, "refused": 0}, (0.0, 0)
    began = time.process_time()
    for case in range(FIRST, FIRST + CASES):
        path.write_bytes(spoiled(logs, random.Random(case)))
        before = time.process_time()
        try:
            became[checked(path, timezone="Europe/Paris" if case % 2 else None)] += 1
        except Exception as error:
            raise AssertionError(f"case {case}: {path.read_bytes()!r}") from error
        longest = max(longest, (time.process_time() - before, case))
    took = time.process_time() - began
    print(f"\n{CASES} spoiled logs of {len(logs)} in {took:.0f} CPU s: {became}; ", end="")
    print(f"the longest took {longest[0]:.2f} CPU s (case {longest[1]})")
    assert sum(became.values()) == CASES
    assert longest[0] < 5
