"""Raw samples at their own times through /api/v1/query of `selector[...]`, for servers without remote_read."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np

from analysis.sources.prometheus.account import Account, naming
from analysis.sources.prometheus.decode import Matrix, decode_matrix
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.fetched import Fetched, Progress
from analysis.sources.prometheus.gathered import Gathered
from analysis.sources.prometheus.in_windows import Extent, in_windows
from analysis.sources.prometheus.plan import MOST_SAMPLES
from analysis.sources.prometheus.selector import Selector
from analysis.sources.prometheus.source import Source

__all__ = ["fetch_vector"]

PATH = "/api/v1/query"
FIRST_MS = 300_000  # the first window: what it brings says how long the others may be
LONGEST_MS = 86_400_000
LEAST_MS = 10_000  # a window is not halved below
MOST_BYTES = 500_000_000  # of one answer; 1.5 M samples are 45 MB


def fetch_vector(
    source: Source, selector: Selector | str, start_us: int, end_us: int, *, progress: Progress | None = None
) -> Fetched:
    """Ask for the samples of a selector as they were scraped: their own times, and nothing between them.

    It is asked for in windows (begin, end]. Prometheus 2 answers both ends, Prometheus 3 leaves the beginning out: a
    sample at the beginning of a window belongs to the window before, so that both give each sample once.

    Parameters
    ----------
    source : Source
        The server.
    selector : Selector or str
        A plain vector selector.
    start_us, end_us : int
        The window [us since epoch, UTC], both ends included.
    progress : callable or None
        Told of every window.

    Returns
    -------
    Fetched
        Stale markers are not shown by this path: a series just ends.

    Raises
    ------
    RequestError
        If a window of ten seconds is still too much, or fails for good.
    ValueError
        If the window ends before it starts.

    Notes
    -----
    Protocol: prometheus.io, HTTP API, "Instant queries"; a range vector selector gives its samples as a matrix.
    """
    if end_us < start_us:
        raise ValueError(f"a window from {start_us} to {end_us} us ends before it starts")
    first = -(-start_us // 1000) - 1  # ms; (first, last] holds every whole millisecond of [start, end]
    last = max(end_us // 1000, first)
    if last == first:
        return Fetched(Gathered().table())
    account, gathered = Account(source, last - first, progress), Gathered()

    def ask(lo: int, hi: int) -> bytes:
        return _asked(source, {"query": f"{selector}[{hi - lo}ms]", "time": f"{(first + hi) / 1000:.3f}"})

    def take(lo: int, hi: int, body: bytes) -> int:
        with naming(source):
            matrix = _within(decode_matrix(body, hide=source.hide), (first + lo) * 1000, (first + hi) * 1000)
            gathered.add(lo, matrix)
        return account.took(len(matrix.times), hi - lo)

    splits = in_windows(ask, take, Extent(last - first, FIRST_MS, LONGEST_MS, LEAST_MS, MOST_SAMPLES))
    return account.closed(gathered, splits)


def _asked(source: Source, form: dict[str, str]) -> bytes:
    """Return the whole answer; streamed, as VictoriaMetrics calls this JSON application/stream+json."""
    whole = io.BytesIO()
    with source.stream(PATH, form=form) as reply:
        for piece in reply.chunks():
            whole.write(piece)
            if whole.tell() > MOST_BYTES:
                text = f"the answer is larger than {MOST_BYTES:,} bytes"
                raise RequestError(Failure("too_many_samples", "split", 200, "", text), where=source.name)
    return whole.getvalue()


def _within(matrix: Matrix, after_us: int, to_us: int) -> Matrix:
    """Return the samples of (after, to]; series without any are left out."""
    inside = (matrix.times > after_us) & (matrix.times <= to_us)
    if inside.all():
        return matrix
    counts = np.add.reduceat(inside.astype("i8"), np.cumsum(matrix.counts) - matrix.counts)
    kept = np.flatnonzero(counts)
    labels = tuple(matrix.labels[i] for i in kept)
    return replace(matrix, labels=labels, counts=counts[kept], times=matrix.times[inside], values=matrix.values[inside])
