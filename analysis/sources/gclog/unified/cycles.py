"""Cycles and phases of concurrent collections, put together from the lines that tell of begin, end and parts."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.sources.gclog.rows import Columns
from analysis.sources.gclog.unified.concurrent import CYCLES

__all__ = ["cycles_of"]

NAN = float("nan")
HEAD = ("line", "clock_us", "stamp_seconds")
OWN = {"initial_mark": "cms", "shen_init_mark": "shenandoah"}  # first pauses of cycles without lines of their own
CYCLE = ("gcid", "kind", "cause", "aborted", "heap_before_bytes", "heap_after_bytes", "duration_seconds")


def cycles_of(
    others: Columns, phases: Columns, pauses: Columns, triggers: Sequence[tuple[int, str]] = ()
) -> tuple[Columns, Columns]:
    """Return cycles and phases.

    Parameters
    ----------
    others : dict of list
        Lines that are no pauses: ``line``, stamps, ``gcid``, and the columns of `unified_concurrent.Told`.
    phases : dict of list or ndarray
        ``line``, stamps, ``gcid``, ``name``, ``duration_seconds``; those of cycles as a whole are among them.
    pauses : dict of list
        With ``line``, stamps, ``gcid``, ``kind``, ``duration_seconds``: CMS and Shenandoah tell of a cycle by parts.
    triggers : sequence of (int, str)
        Lines that say why the next cycle of Shenandoah begins, and the cause: "" for a heuristic.

    Returns
    -------
    cycles, phases : dict of list
        Columns as in `Rows`; the length of a cycle is NaN where its begin is not logged.

    Examples
    --------
    >>> head = {"line": [4], "clock_us": [9_000_000], "stamp_seconds": [1.5], "gcid": [3]}
    >>> none = {name: [] for name in (*HEAD, "gcid", "told", "kind")}
    >>> cycles_of(none, head | {"name": ["Undo Cycle"], "duration_seconds": [0.5]}, none)[0]["kind"]
    ['undo']
    """
    rows = [dict(zip(others, cells, strict=True)) for cells in zip(*others.values(), strict=True)]
    begun: dict[tuple[int, str], dict[str, Any]] = {}
    aborted = {r["gcid"] for r in rows if r["told"] == "abort"}
    cycles = []
    for r in rows:
        key = r["gcid"], r["name"]
        if r["told"] == "begin":
            begun[key] = r
        elif r["told"] == "end":
            start = begun.pop(key, None)
            seconds = r["duration_seconds"]
            if np.isnan(seconds) and start is not None:
                seconds = _between(start, r)
            cycles.append(_cycle(r, r["name"], seconds) | {"aborted": bool(r["aborted"]), "cause": r["cause"]})
    whole = [i for i, name in enumerate(phases["name"]) if name in CYCLES]
    for i in whole:
        r = {name: phases[name][i] for name in (*HEAD, "gcid")} | {"before": NAN, "after": NAN}
        cycle = _cycle(r, CYCLES[phases["name"][i]], float(phases["duration_seconds"][i]))
        cycles.append(cycle | {"aborted": int(r["gcid"]) in aborted})
    sized = [r for r in rows if r["told"] == "phase"]
    parts = _merged(phases, sized, whole)
    by_parts = _by_parts(parts, {r["line"]: (r["before"], r["after"]) for r in sized}, pauses)
    lines = [line for line, _ in triggers]
    for cycle in by_parts:
        first = cycle.pop("first")
        if cycle["kind"] == "shenandoah" and (told := bisect(lines, first)):
            cycle["cause"] = triggers[told - 1][1]
    cycles += by_parts
    cycles.sort(key=lambda c: c["line"])
    return {name: [row[name] for row in cycles] for name in (*HEAD, *CYCLE)}, parts


def _merged(phases: Columns, sized: list[dict[str, Any]], without: list[int]) -> Columns:
    """Return phases in order of line: those without sizes but for cycles, and those with sizes."""
    names = (*HEAD, "gcid", "name", "duration_seconds")
    keep = np.ones(len(phases["name"]), dtype=bool)
    keep[without] = False
    cells = {name: np.array(phases[name], dtype=object if name == "name" else None)[keep] for name in names}
    if not sized:
        return cells
    more = {name: np.array([r[name] for r in sized], dtype=cells[name].dtype) for name in names}
    cells = {name: np.concatenate([cells[name], more[name]]) for name in names}
    order = np.argsort(cells["line"], kind="stable")
    return {name: column[order] for name, column in cells.items()}


def _between(start: dict[str, Any], end: dict[str, Any]) -> float:
    """Return the seconds between the stamps of two lines: by the uptime, else by the clock; NaN unknown."""
    seconds = end["stamp_seconds"] - start["stamp_seconds"]
    if np.isnan(seconds) and min(start["clock_us"], end["clock_us"]) > 0:
        seconds = (end["clock_us"] - start["clock_us"]) / 1e6
    return float(seconds) if seconds >= 0 else NAN


def _cycle(end: dict[str, Any], kind: str, seconds: float) -> dict[str, Any]:
    head = {name: end[name] for name in (*HEAD, "gcid")}
    sizes = {"heap_before_bytes": end["before"], "heap_after_bytes": end["after"]}
    return head | sizes | {"kind": kind, "cause": "", "aborted": False, "duration_seconds": round(seconds, 9)}


def _by_parts(phases: Columns, sizes: dict[int, tuple[float, float]], pauses: Columns) -> list[dict[str, Any]]:
    """Return the cycles that begin with a pause of their own and end with the last of their phases."""
    kinds = pauses["kind"]
    first: dict[int, dict[str, Any]] = {}
    for i in [i for i, kind in enumerate(kinds) if kind in OWN]:
        row = {name: pauses[name][i] for name in (*HEAD, "gcid", "duration_seconds")}
        first.setdefault(int(row["gcid"]), row | {"kind": OWN[kinds[i]]})
    if not first:
        return []
    last: dict[int, dict[str, Any]] = {}
    sums: dict[int, tuple[float, float]] = {}
    for cells in zip(*(phases[name] for name in (*HEAD, "gcid")), strict=True):
        row = dict(zip((*HEAD, "gcid"), cells, strict=True))
        gcid = int(row["gcid"])
        if gcid in first and row["line"] > first[gcid]["line"]:
            last[gcid] = row
            before, after = sizes.get(row["line"], (NAN, NAN))
            if not np.isnan(after):
                sums[gcid] = sums.get(gcid, (before, NAN))[0], after
    full = max((int(pauses["line"][i]) for i, kind in enumerate(kinds) if kind == "full"), default=0)
    whole = {int(g) for g, name in zip(phases["gcid"], phases["name"], strict=True) if name == "Reset"}
    out = []
    for gcid, end in last.items():
        start = first[gcid]
        seconds = _between(start, end) + start["duration_seconds"]
        if not np.isnan(seconds):
            before, after = sums.get(gcid, (NAN, NAN))
            cycle = _cycle({**end, "before": before, "after": after}, start["kind"], seconds)
            taken_over = start["kind"] == "cms" and gcid not in whole and end["line"] < full
            out.append(cycle | {"aborted": taken_over, "first": start["line"]})
    return out
