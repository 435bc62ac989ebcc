"""CPU seconds and memory of ranking a cluster, and how they grow with series and points."""

import json
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import json, resource, sys, time
import numpy as np, pandas as pd
from analysis import Window, rank_suspects
from analysis.suspects import ranking
n_series, n = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
values = rng.standard_normal((n, n_series), dtype="f8")
n_before = n * 9 // 10
values[n_before:, [0, 7]] += 30
times = pd.date_range("2026-01-01", periods=n, freq="15s", tz="UTC")
frame = pd.DataFrame(values, index=times, columns=[f"s{i}" for i in range(n_series)])
started = time.process_time()
windows = Window(times[n_before - 1], times[-1]), Window(times[0], times[n_before - 1])
found = rank_suspects(frame, *windows, symptom="s0")
cpu = time.process_time() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
tested, onset = int(found.series["p_value"].notna().sum()), str(found.series["onset"].iloc[0])
print(json.dumps([cpu, peak, found.entities["entity"].iloc[0], found.abstained, tested, onset, len(found.series)]))
"""


def measured(n_series, n):
    """Return CPU seconds of the call, peak memory of the process [GB, frame and libraries included], and the result."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(n_series), str(n)], capture_output=True, text=True, check=True
    )
    cpu, peak, *found = json.loads(run.stdout)
    assert found == ["s7", False, min(1000, n_series - 1), found[3], n_series - 1]
    assert found[3] != "NaT"
    print(f"{n_series:7d} series x {n} points: {cpu:.1f} CPU s, peak {peak:.2f} GB")
    return cpu, peak


@pytest.mark.parametrize(("n_series", "most_cpu_seconds"), [(10_000, 6), (100_000, 60)])
def test_a_cluster_is_ranked_in_a_minute(n_series, most_cpu_seconds):
    cpu, peak = measured(n_series, 1000)
    assert cpu <= most_cpu_seconds
    assert peak <= 3.0


def test_growth_is_linear():
    for name, sizes in (("series", [(s, 500) for s in (5_000, 10_000, 20_000, 40_000)]),
                        ("points", [(10_000, n) for n in (500, 1000, 2000, 4000)])):  # fmt: skip
        cpu = [measured(*size)[0] for size in sizes]
        x = np.log([s[name == "points"] for s in sizes])
        power = np.polyfit(x, np.log(cpu), 1)[0]
        print(f"CPU grows with {name} to the power of {power:.2f}")
        assert power <= 1.2
