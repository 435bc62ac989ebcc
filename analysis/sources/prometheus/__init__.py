"""Prometheus: what a server answers and what files hold -> `SampleTable`."""

from analysis.sources.prometheus.sample_files import read_lab_samples, read_samples, write_samples
from analysis.sources.prometheus.samples import EMPTY, SampleTable, Series, merge, table_of

__all__ = ["EMPTY", "SampleTable", "Series", "merge", "read_lab_samples", "read_samples", "table_of", "write_samples"]
