"""Where a fault sits, from a matrix of failures by source and destination: a client, a node, a server, an edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from analysis.correlate.decomposition import decomposition

__all__ = ["Localisation", "Place", "localise"]

Place = Literal[
    "client pod", "client workload", "node", "server", "edge", "everywhere", "nowhere", "not decidable"
]  # fmt: skip
CHANCE = 0.01  # of any cell being called sick where none is
LEAST_USUAL = 1e-4  # a failed share before the incident below it is not believed
HALF = 0.5  # of the worst cells' excess: a cell with less is not sick like them
NEARLY_ALL = 0.8  # of the cells of a row or column


class Localisation(NamedTuple):
    """Where a fault sits, and what it was told from.

    `rows` and `columns` are those that are sick; the shares and p are of `decomposition` (NaN without two rows and two
    columns); `controls` are the rows that are well, `reason` says in words what decided or what is missing.
    """

    place: Place
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    row_share: float
    column_share: float
    interaction_share: float
    row_p_value: float
    column_p_value: float
    controls: tuple[int, ...]
    reason: str


def localise(
    failed: np.ndarray, totals: np.ndarray, *, usual_ratio: np.ndarray | float,
    sources: Sequence[Mapping[str, str]], healthy: Sequence[bool | None] = (),
) -> Localisation:  # fmt: skip
    """Say where a fault sits.

    Parameters
    ----------
    failed, totals : ndarray, shape (r, c)
        Failed calls and calls of each source (a pod) to each destination in the incident; 0 calls: not observed.
    usual_ratio : float or ndarray, shape (r, c)
        Failed share before the incident.
    sources : sequence of mapping, length r
        `workload` and `node` of each source; a missing or empty one is unknown.
    healthy : sequence of bool or None, length c
        Whether each server was well by its own account; None, or no sequence: unknown.

    Returns
    -------
    Localisation
        client pod (or some pods of one workload), client workload, node, server, edge, everywhere, nowhere (no cell
        stands out), or not decidable: the control is missing that would tell a client from its servers. A control is
        another source that is well, or the servers' own account.

    Notes
    -----
    A cell is sick if its failures exceed the usual beyond chance (binomial, 1 % over all cells), and by at least half
    of what the worst tenth of such cells does. What the sick cells have in common is the place: all destinations of
    some sources, some destinations of all sources, or a part of both.

    Examples
    --------
    >>> pods = [{"workload": w, "node": "n"} for w in ("api", "api", "web", "web")]
    >>> totals = np.full((4, 3), 400)
    >>> failed = np.zeros((4, 3)); failed[:2] = 120
    >>> localise(failed, totals, usual_ratio=0.01, sources=pods).place
    'client workload'
    >>> localise(failed[:2], totals[:2], usual_ratio=0.01, sources=pods[:2]).place
    'not decidable'
    >>> localise(failed[:2], totals[:2], usual_ratio=0.01, sources=pods[:2], healthy=[True] * 3).place
    'client workload'
    """
    seen = totals > 0
    ratio = np.divide(failed, totals, out=np.full(failed.shape, np.nan), where=seen)
    usual = np.broadcast_to(np.asarray(usual_ratio, dtype=float), failed.shape)
    split = decomposition(ratio - usual)
    shares = split.row_share, split.column_share, split.interaction_share, split.row_p_value, split.column_p_value
    sick = _sick(failed, totals, usual)
    if not sick.any():
        return Localisation("nowhere", (), (), *shares, (), "no cell fails beyond chance")
    rows, columns = _nearly(sick, seen, axis=1), _nearly(sick, seen, axis=0)
    known = list(healthy) if len(healthy) else [None] * failed.shape[1]
    place, of_rows, of_columns, reason = _place(sick & seen, seen, rows, columns, (sources, known))
    well = np.flatnonzero(seen.any(axis=1) & ~(sick & seen).any(axis=1))
    return Localisation(place, of_rows, of_columns, *shares, tuple(well.tolist()), reason)


def _sick(failed: np.ndarray, totals: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return which cells fail beyond chance (binomial, Bonferroni over all cells), and about as much as the worst."""
    from scipy.special import bdtrc  # imported late: half a CPU second that a notebook need not pay

    seen = totals > 0
    base = np.clip(usual, LEAST_USUAL, 1.0)
    chance = np.where(failed > 0, bdtrc(np.maximum(failed - 1, 0), np.maximum(totals, 1), base), 1.0)
    stands_out = seen & (chance <= CHANCE / max(int(seen.sum()), 1))
    excess = np.divide(failed, totals, out=np.zeros(failed.shape), where=seen) - usual
    worst = float(np.quantile(excess[stands_out], 0.9)) if stands_out.any() else 0.0
    return np.asarray(stands_out & (excess >= HALF * worst))


def _nearly(sick: np.ndarray, seen: np.ndarray, *, axis: int) -> np.ndarray:
    """Return which rows (axis 1) or columns (axis 0) are sick in nearly all of their observed cells."""
    observed = seen.sum(axis=axis)
    return np.asarray((observed > 0) & ((sick & seen).sum(axis=axis) >= NEARLY_ALL * np.maximum(observed, 1)))


def _place(
    sick: np.ndarray, seen: np.ndarray, rows: np.ndarray, columns: np.ndarray,
    known: tuple[Sequence[Mapping[str, str]], Sequence[bool | None]],
) -> tuple[Place, tuple[int, ...], tuple[int, ...], str]:  # fmt: skip
    """Return the place, the sick rows and columns, and the reason."""
    sources, healthy = known
    touched = sick.any(axis=1), sick.any(axis=0)
    r, c = (tuple(np.flatnonzero(t).tolist()) for t in touched)
    there = np.asarray(seen.any(axis=1))
    by_row = sick[~rows].sum() <= (1 - NEARLY_ALL) * sick.sum()  # sick cells lie in sick rows
    by_column = sick[:, ~columns].sum() <= (1 - NEARLY_ALL) * sick.sum()
    of_rows, of_columns = (tuple(np.flatnonzero(v).tolist()) for v in (rows, columns))
    verdicts = [healthy[j] for j in of_columns]
    well = bool(verdicts) and sum(v is True for v in verdicts) > len(verdicts) / 2 and False not in verdicts
    if rows[there].all():
        if well:
            return (
                *_who(of_rows, there, sources, by_server=True),
                of_columns,
                "the servers were well by their own account",
            )
        if len({s.get("workload", "") for i, s in enumerate(sources) if there[i]}) < 2:
            need = "every source that was observed is sick: another workload or the servers' own metrics would tell"
            return "not decidable", of_rows, of_columns, need
        return "everywhere", of_rows, of_columns, "nearly all sources fail at nearly all destinations"
    if by_row and by_column:  # nearly all sources fail nearly everywhere: what is wholly well tells
        well_row, well_column = ((seen.any(axis=k) & ~sick.any(axis=k)).any() for k in (1, 0))
        if not well_row and not well_column:
            return "everywhere", r, c, "nearly all sources fail at nearly all destinations"
        by_row, by_column = bool(well_row and not well_column), bool(well_column and not well_row)
    if by_row and not by_column:
        if seen[rows].sum() < 2 * len(of_rows):
            return "not decidable", of_rows, c, "a single destination cannot tell a client from an edge"
        return (*_who(of_rows, there, sources, by_server=False), c, "other sources reach the same destinations")
    if by_column and not by_row:
        if seen[:, list(of_columns)].sum(axis=0).max() < 2:
            need = (
                "a single source calls there: another one or the server's own metrics would tell a server from an edge"
            )
            if any(healthy[j] is False for j in of_columns):
                return "server", r, of_columns, "the server was sick by its own account"
            return (
                ("edge", r, of_columns, "the server was well by its own account")
                if well
                else (
                    "not decidable",
                    r,
                    of_columns,
                    need,
                )
            )
        return "server", r, of_columns, "all sources fail there, and nowhere else"
    return "edge", r, c, "both its sources and its destinations are well elsewhere"


def _who(
    rows: tuple[int, ...], there: np.ndarray, sources: Sequence[Mapping[str, str]], *, by_server: bool
) -> tuple[Place, tuple[int, ...]]:
    """Return whether the sick rows are a pod, a workload or a node."""
    pods = np.flatnonzero(there).tolist()
    workloads = {sources[i].get("workload", "") for i in rows}
    nodes = {sources[i].get("node", "") for i in rows}
    if len(workloads) == 1:
        mine = [i for i in pods if sources[i].get("workload", "") in workloads]
        if len(rows) >= NEARLY_ALL * len(mine):
            return "client workload", rows
        if len(rows) == 1:
            return "client pod", rows
    if len(nodes) == 1 and "" not in nodes and not by_server:  # nobody elsewhere: it may as well be everywhere
        mine = [i for i in pods if sources[i].get("node", "") in nodes]
        if len(rows) >= NEARLY_ALL * len(mine):
            return "node", rows
    if len(workloads) == 1:
        return "client pod", rows  # some of its pods
    return ("everywhere", rows) if by_server and len(workloads) > 1 else ("not decidable", rows)
