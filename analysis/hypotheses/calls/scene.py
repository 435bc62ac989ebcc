"""One episode seen from the service's calls: its destinations, who else calls them, and the bad requests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.hypotheses.calls.inside import steps_of
from analysis.hypotheses.calls.levels import State
from analysis.hypotheses.calls.whereabouts import Source, Whereabouts
from analysis.signals.requests import Episode

__all__ = ["Destination", "Scene"]

HALF = 0.5


@dataclass(frozen=True, eq=False)
class Destination:
    """One destination of one source in one episode.

    Parameters
    ----------
    name : str
        As the client names it.
    state : str
        worse, spared (surely not as much worse as others), open, or unknown (its level before is not known).
    call_ratio : float
        Its calls over all calls of the source in the baseline.
    before_seconds, after_seconds : float
        Mean duration of its calls, baseline and episode, connecting left out [s]; NaN without calls.
    usual_high_seconds : float
        Upper end of the band in which the baseline's steps lie [s].
    failed_before_ratio, failed_after_ratio : float
        Failed calls over calls.
    under_way : ndarray, shape (n,)
        Calls under way above the usual, connecting included, on the scene's grid; NaN unknown.
    server : tuple of (str, str)
        Namespace and name of the server as its own metrics say it; ("", name) without any.
    clock : str
        Where its server's own account comes from; "" without one that covers baseline and episode.
    inside : ndarray, shape (n,)
        Calls inside the server above the usual, by that account; NaN unknown.
    inside_ratio : float
        Share of the time of the calls that it accounts for; NaN without one.
    served_before_seconds, served_after_seconds : float
        Mean time inside the server per call [s]; NaN if it does not count calls.
    connect_ratio : float
        Rise of the time to connect over the rise of the time to answer, as the path shows it; NaN unknown.
    inside_high_ratio : float
        Share of the time of the calls that may have been the server's at most, by its account; NaN: as `inside_ratio`.
    late_ratio, uncalled_ratio : float
        As of its `Level`.
    """

    name: str
    state: State
    call_ratio: float
    before_seconds: float
    after_seconds: float
    usual_high_seconds: float
    failed_before_ratio: float
    failed_after_ratio: float
    under_way: np.ndarray
    server: tuple[str, str]
    clock: str
    inside: np.ndarray
    inside_ratio: float
    served_before_seconds: float
    served_after_seconds: float
    connect_ratio: float
    inside_high_ratio: float = float("nan")
    late_ratio: float = float("nan")
    uncalled_ratio: float = 0.0

    @property
    def inside_most_ratio(self) -> float:
        """Largest share of the time of its calls that its server may have held; NaN without an account."""
        return self.inside_high_ratio if np.isfinite(self.inside_high_ratio) else self.inside_ratio

    @property
    def server_well(self) -> bool | None:
        """Whether the server was surely well (True) or surely held most of the time (False) by its account."""
        if self.inside_ratio >= HALF:
            return False
        return True if self.inside_most_ratio < HALF else None


@dataclass(frozen=True, eq=False)
class Scene:
    """One episode seen from the service's calls.

    Parameters
    ----------
    episode : Episode
        The stretch to explain.
    edges : ndarray of int64, shape (n + 1,)
        Grid of the scrapes [us].
    requests : (ndarray, ndarray)
        Start and end of the bad requests [us].
    bad : ndarray, shape (n,)
        Bad requests under way on average.
    waiting : ndarray, shape (n,)
        Threads that waited for a connection of the service's pools, above the usual; 0 where there is no pool.
    destinations : tuple of Destination
        Of the service, those with most calls first.
    controls : tuple of (str, Destination)
        What other sources (namespace/workload, or pod of several) saw of the same destinations.
    place : Whereabouts or None
        Which sources fail with the service; None where there is no other one to compare with.
    pods : tuple of Source
        Pods of the service that `destinations` are of, where the others of its pods are controls; empty: all of it.
    """

    episode: Episode
    edges: np.ndarray
    requests: tuple[np.ndarray, np.ndarray]
    bad: np.ndarray
    waiting: np.ndarray
    destinations: tuple[Destination, ...]
    controls: tuple[tuple[str, Destination], ...]
    place: Whereabouts | None = None
    pods: tuple[Source, ...] = ()

    @property
    def during(self) -> np.ndarray:
        """Which steps overlap the episode, shape (n,), bool."""
        return steps_of(self.edges, self.episode.window)

    @property
    def worse(self) -> tuple[Destination, ...]:
        """Destinations that got worse."""
        return tuple(d for d in self.destinations if d.state == "worse")

    @property
    def floor(self) -> float:
        """Smallest rise of calls under way that counts: a hundredth of the bad requests under way."""
        return max(0.01 * float(self.bad[self.during].mean()), 1e-3)
