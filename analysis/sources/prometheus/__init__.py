"""Prometheus: what a server answers and what files hold -> `SampleTable`."""

from analysis.sources.prometheus.modes import modes_of
from analysis.sources.prometheus.sample_files import read_lab_samples, read_samples, write_samples
from analysis.sources.prometheus.samples import (
    EMPTY,
    SampleTable,
    Series,
    merge,
    stale_markers,
    table_of,
    without_stale,
)

__all__ = [
    "EMPTY", "SampleTable", "Series", "merge", "modes_of", "read_lab_samples", "read_samples", "stale_markers",
    "table_of", "without_stale", "write_samples",
]  # fmt: skip
