"""Which share of the bad requests under way was held in calls: on the client's side, inside a server, on an edge."""

from __future__ import annotations

import numpy as np

from analysis.hypotheses.calls.dose import AFTER_CONNECTING, Destination, Scene
from analysis.hypotheses.explained import Cover

__all__ = [
    "client_cover", "client_load", "controlled", "controls_of", "edge_cover", "held_in", "known_inside", "only_late",
    "server_cover", "studied", "told_apart",
]  # fmt: skip

HALF = 0.5
NEARLY_ALL = 0.9  # of the new failures


def studied(scene: Scene) -> tuple[Destination, ...]:
    """Return the destinations that are looked at together: those that got worse, else those whose level is known."""
    return scene.worse or tuple(d for d in scene.destinations if d.state != "unknown")


def held_in(scene: Scene, chosen: tuple[Destination, ...]) -> np.ndarray:
    """Return how many calls and waits for a connection each destination held, shape (k, n); NaN unknown.

    Parameters
    ----------
    scene : Scene
        With the threads that wait for a pool's connection: they wait since the calls do, and are shared out like these.
    chosen : tuple of Destination
        Which ones.
    """
    calls = np.array([d.under_way for d in chosen]).reshape(len(chosen), len(scene.bad))
    weight = np.nan_to_num(calls[:, scene.during]).sum(axis=1)
    total = weight.sum()
    return np.asarray(calls + np.outer(weight / total if total > 0 else weight, scene.waiting))


def known_inside(scene: Scene, chosen: tuple[Destination, ...]) -> tuple[float, float]:
    """Return which share of the held time has a server's account, and how much of that share the servers account for.

    Parameters
    ----------
    scene, chosen
        As of `held_in`.

    Returns
    -------
    (float, float)
        NaN for the second without any account. One that leaves open whether the server was well is none.
    """
    weight = np.nan_to_num(held_in(scene, chosen)[:, scene.during]).sum(axis=1)
    inside = np.array([d.inside_ratio for d in chosen])
    known = np.array([d.server_well is not None for d in chosen], dtype=bool)
    total, told = float(weight.sum()), float(weight[known].sum())
    return told / total if total > 0 else 0.0, float(weight[known] @ inside[known]) / told if told > 0 else float("nan")


def controlled(scene: Scene, chosen: tuple[Destination, ...]) -> float:
    """Return which share of the held time has a control: the server's own account, or another caller that is well.

    Parameters
    ----------
    scene, chosen
        As of `held_in`.
    """
    weight = np.nan_to_num(held_in(scene, chosen)[:, scene.during]).sum(axis=1)
    has = np.array([
        d.server_well is not None or any(c.state == "spared" for c in controls_of(scene, d.name)) for d in chosen
    ])  # fmt: skip
    total = float(weight.sum())
    return float(weight[has].sum()) / total if total > 0 else 0.0


def controls_of(scene: Scene, name: str) -> tuple[Destination, ...]:
    """Return what other source workloads saw of a destination, where they could judge it."""
    return tuple(d for _, d in scene.controls if d.name == name and d.state != "unknown")


def _assumed(scene: Scene, d: Destination) -> tuple[float, float, float]:
    """Return the share of a destination's call time that is the server's: at least, expected (NaN: unknown), at most.

    By its own account where that decides; else by what other callers saw (all of them together: `whereabouts`); else
    by the path: where only answering got slower, the time was spent after the connection was made.
    """
    if d.server_well is not None:
        return d.inside_ratio, d.inside_ratio, d.inside_most_ratio
    seen, place = [c.state for c in controls_of(scene, d.name)], scene.place
    if place is not None and d.name in place.sick_destinations:
        if place.client_side and "spared" in seen:
            return 0.0, 0.0, 0.0
        if place.found.place == "server":
            return 1.0, 1.0, 1.0
    if "worse" in seen and "spared" not in seen:
        return 1.0, 1.0, 1.0
    if "spared" in seen and "worse" not in seen:
        return 0.0, 0.0, 0.0
    if scene.worse == (d,) and d.connect_ratio <= AFTER_CONNECTING:
        return 1.0, 1.0, 1.0
    if only_late(scene, d):
        return 1.0, 1.0, 1.0
    if not np.isfinite(d.inside_ratio):
        return 0.0, float("nan"), 1.0
    return d.inside_ratio, float("nan"), d.inside_most_ratio


def only_late(scene: Scene, d: Destination) -> bool:
    """Return whether a server is told from its path only by this: its new failures were connected, and got no answer.

    So where it alone got worse, keeps no account, and the proxies' averages, which requests that the client gives up do
    not enter, stand still.
    """
    silent = not d.clock and not np.isfinite(d.connect_ratio) and not controls_of(scene, d.name)
    return scene.worse == (d,) and silent and d.late_ratio >= NEARLY_ALL


def _over(part: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Return a part of the requests under way, in [0, 1]; NaN stays, 0 where no request was under way."""
    return np.where(bad > 0, np.minimum(part / np.maximum(bad, 1e-9), 1.0), np.where(np.isfinite(part), 0.0, np.nan))


def client_load(scene: Scene) -> np.ndarray:
    """Return the calls and waits under way that no server accounts for, shape (n,); NaN unknown."""
    chosen = studied(scene)
    if not chosen:
        return np.full(len(scene.bad), np.nan)
    usual = np.nan_to_num(known_inside(scene, chosen)[1])
    inside = np.array([usual if d.server_well is None else d.inside_ratio for d in chosen])
    return np.asarray((1 - inside) @ held_in(scene, chosen))


def client_cover(scene: Scene) -> Cover:
    """Return the share of the bad requests that was held outside every server.

    Certain: in calls to servers whose own account does not hold it. Expected: while more calls than usual are under
    way, all but what servers account for; those without an account are like the others if most have one, else wholly to
    blame. Possible: all but what servers surely account for.
    """
    chosen = studied(scene)
    if not chosen:
        nothing = np.full(len(scene.bad), np.nan)
        return Cover(nothing, nothing, nothing)
    held = held_in(scene, chosen)
    told, usual = known_inside(scene, chosen)
    least, expected, most = (np.array([_assumed(scene, d)[k] for d in chosen]) for k in range(3))
    expected = np.where(np.isfinite(expected), expected, usual if told >= HALF else 1.0)
    all_held = np.maximum(scene.bad, held.sum(axis=0))
    low = _over((1 - most) @ held, scene.bad)
    mid, high = (1 - _over(part @ held, all_held) for part in (expected, least))
    mid = np.where(held.sum(axis=0) >= scene.floor, mid, np.minimum(_over((1 - expected) @ held, scene.bad), mid))
    return Cover(np.minimum(low, mid), mid, high)


def told_apart(scene: Scene, d: Destination) -> bool:
    """Return whether anything tells a server from the way to it: its account, other callers, or the path."""
    return bool(np.isfinite(_assumed(scene, d)[1]))


def server_cover(scene: Scene, d: Destination) -> Cover:
    """Return the share of the bad requests that was held inside one server.

    Certain and expected: in calls to it and in waits for them. Possible: also what was held outside of all calls, in
    proportion: requests queue before the service as well.
    """
    return _pair_cover(scene, d, _assumed(scene, d))


def edge_cover(scene: Scene, d: Destination) -> Cover:
    """Return the share of the bad requests that was held between the service and one server; see `server_cover`."""
    least, expected, most = _assumed(scene, d)
    if only_late(scene, d):  # what was lost on a connection that stood is late as well: the edge is not refuted by it
        least = 0.0
    return _pair_cover(scene, d, (1 - most, 1 - expected, 1 - least))


def _pair_cover(scene: Scene, d: Destination, shares: tuple[float, float, float]) -> Cover:
    chosen = studied(scene) if d in studied(scene) else (*studied(scene), d)
    every = held_in(scene, chosen)
    held, total = every[chosen.index(d)], every.sum(axis=0)
    least, expected, most = shares
    low, mid = (_over(part * held, scene.bad) for part in (least, expected if np.isfinite(expected) else least))
    of_all = np.divide(most * held, total, out=np.zeros(len(held)), where=total >= scene.floor)
    return Cover(low, mid, np.maximum(_over(most * held, scene.bad), of_all))
