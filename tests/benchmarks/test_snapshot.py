"""What a snapshot of 7.2 million samples of counters costs: bytes on disk, CPU seconds to write and to read."""

import time
from itertools import pairwise

import numpy as np

from analysis.sources.prometheus.sample_files import read_samples, write_samples
from analysis.sources.prometheus.samples import SampleTable, merge, table_of
from analysis.sources.prometheus.stored import EMPTY_STORED, merge_captures, stored_of
from tests.benchmarks.capture_data import NAME, POINTS, SCRAPE_SECONDS, SERIES, START_US, labels_of, values_of

MB = 1_000_000
MOST_BYTES, MOST_SECONDS = 50 * MB, 2.0
NOISE = 2.0  # CPU seconds on a machine whose cores are shared


def snapshot() -> SampleTable:
    labels = sorted(
        ({"__name__": NAME, **labels_of(i)} for i in range(SERIES)), key=lambda found: sorted(found.items())
    )
    times = START_US + np.arange(POINTS) * SCRAPE_SECONDS * 1_000_000
    values = np.concatenate([values_of(i) for i in range(SERIES)])
    return SampleTable(tuple(labels), np.repeat(np.arange(SERIES, dtype="i4"), POINTS), np.tile(times, SERIES), values)


def cpu_seconds_of(do, times=3):
    found = []
    for _ in range(times):
        begun = time.process_time()
        result = do()
        found.append(time.process_time() - begun)
    return min(found), result


def test_a_snapshot_is_small_and_quick(tmp_path):
    table = snapshot()
    series, samples = tmp_path / "series.parquet", tmp_path / "samples.parquet"
    write, _ = cpu_seconds_of(lambda: write_samples(table, series, samples))
    read, again = cpu_seconds_of(lambda: read_samples(series, samples))
    size = series.stat().st_size + samples.stat().st_size
    print(
        f"\n{len(table.times):,} samples: {size / MB:.1f} MB (at most {MOST_BYTES / MB:.0f}), written in {write:.2f}"
        f" and read in {read:.2f} CPU s (at most {MOST_SECONDS:g} together)"
    )
    assert size <= MOST_BYTES
    assert write + read <= NOISE * MOST_SECONDS
    assert again.labels == table.labels
    for column in ("ids", "times"):
        assert (getattr(again, column) == getattr(table, column)).all()
    assert (again.values.view("u8") == table.values.view("u8")).all()


def test_what_is_sorted_is_merged_without_sorting():
    table = snapshot()
    half = table.times <= np.median(table.times)
    parts = [SampleTable(table.labels, table.ids[k], table.times[k], table.values[k]) for k in (half, ~half)]
    same, _ = cpu_seconds_of(lambda: table_of(table.labels, table.ids, table.times, table.values))
    merged, both = cpu_seconds_of(lambda: merge(*parts))
    hundred = [stored_of(part, "q", None, "raw") for part in pieces_of(table, 100)]
    added, stored = cpu_seconds_of(lambda: merge_captures(EMPTY_STORED, *hundred), 1)
    sort, _ = cpu_seconds_of(lambda: np.lexsort((table.times, table.ids)), 1)
    print(f"\ntable_of {same:.2f}, merge of 2 {merged:.2f}, of 100 captures {added:.2f} CPU s; one lexsort {sort:.2f}")
    assert (both.values == table.values).all()
    assert (stored.table.values == table.values).all()
    assert same <= 0.5 * sort
    assert merged <= 2 * sort


def pieces_of(table: SampleTable, count: int) -> list[SampleTable]:
    """The table cut into captures of some series each."""
    edges = np.linspace(0, len(table.labels), count + 1).astype(int)
    found = []
    for lo, hi in pairwise(edges):
        a, b = np.searchsorted(table.ids, [lo, hi])
        found.append(SampleTable(table.labels[lo:hi], table.ids[a:b] - lo, table.times[a:b], table.values[a:b]))
    return found
