"""Twenty thousand spoiled server logs: what became of them, and what one costs."""

import random
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.sources.pglog.invariants import checked
from tests.sources.pglog.mutations import own_logs, spoiled

CASES, AT_ONCE = 20_000, 100
FIRST = 1_000_000  # seeds that the tests do not use
ENOUGH_SECONDS, LEAST = 300.0, 2_000  # a busy machine stops early and says after how many


def examined(corpus, first):
    """Read the spoiled logs of a range of seeds: what became of them, CPU seconds of all, and of the longest."""
    logs, became, longest = own_logs(corpus), Counter(), 0.0
    began = time.process_time()
    with TemporaryDirectory() as folder:
        path = Path(folder, "db.log")
        for case in range(first, first + AT_ONCE):
            path.write_bytes(spoiled(logs, random.Random(case)))
            before = time.process_time()
            try:
                became[checked(path, timezone="Europe/Paris" if case % 2 else None)] += 1
            except Exception as error:
                raise AssertionError(f"case {case}: {path.read_bytes()!r}") from error
            longest = max(longest, time.process_time() - before)
    return became, time.process_time() - began, longest


def test_twenty_thousand_spoiled_logs(corpus):
    became, took, longest, began = Counter(), 0.0, 0.0, time.monotonic()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for first in range(FIRST, FIRST + CASES, 2 * AT_ONCE):
            for some, seconds, most in pool.map(examined, [corpus] * 2, (first, first + AT_ONCE)):
                became, took, longest = became + some, took + seconds, max(longest, most)
            if time.monotonic() - began > ENOUGH_SECONDS:
                break
    n = became.total()
    print(f"\n{n} of {CASES} spoiled logs in {took:.0f} CPU s: {dict(became)}; the longest took {longest:.2f} CPU s")
    assert n >= LEAST
    assert longest < 5
