"""`Fetched`: what one question to a server brought, whichever way it was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from analysis.sources.prometheus.samples import SampleTable

__all__ = ["Fetched", "Progress", "Step"]


class Step(NamedTuple):
    """What came since the last step: samples, bytes on the wire, and the share of the question that is done (0..1)."""

    samples: int
    bytes: int
    done_ratio: float


Progress = Callable[[Step], object]


@dataclass(frozen=True)
class Fetched:
    """The answer to one question.

    Parameters
    ----------
    table : SampleTable
        Its series. With real sample times (raw), or on the grid of a range query. A stale marker is kept as the NaN
        whose bits are 0x7ff0000000000002 (only remote_read shows any).
    partial : tuple of str
        Warnings that mean missing data, in the server's words.
    advice : tuple of str
        Warnings and infos that do not ("PromQL info: metric might not be a counter").
    left_out : tuple of str
        What was there and cannot be kept, said: "3 series are native histograms".
    bytes, requests, splits, seconds : int, int, int, float
        Received on the wire, requests made, windows halved, time taken.
    """

    table: SampleTable
    partial: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    bytes: int = 0
    requests: int = 0
    splits: int = 0
    seconds: float = 0.0
