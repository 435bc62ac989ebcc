"""Which series of the store were taken raw, and which on a grid."""

from __future__ import annotations

from pathlib import Path

from analysis.sources.prometheus.sample_files import read_series
from analysis.sources.prometheus.samples import SampleTable

__all__ = ["modes_of"]


def modes_of(table: SampleTable, series: Path) -> tuple[str, ...]:
    """Return for each series of a table that `read_samples` gave how it was captured.

    Parameters
    ----------
    table : SampleTable
        Rows of equal labels are one series there.
    series : Path
        The file of series.

    Returns
    -------
    tuple of {"raw", "range"}
        "range" where any part of the series is on a grid.
    """
    frame = read_series(series)
    gridded = {
        tuple(sorted({"__name__": query, **found}.items()))
        for query, found, mode in zip(frame["query_id"], frame["labels"], frame["mode"], strict=True)
        if mode == "range"
    }
    if not gridded:
        return ("raw",) * len(table.labels)
    return tuple("range" if tuple(sorted(found.items())) in gridded else "raw" for found in table.labels)
