"""What was read of a log of JDK 8 and before, to columns; pauses of both ways joined, their collectors named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

import numpy as np

from analysis.sources.gclog.legacy.pause import MARKS
from analysis.sources.gclog.legacy.pause_row import Pause
from analysis.sources.gclog.legacy.quick import Quick, quick_columns
from analysis.sources.gclog.legacy.stamps import Stamp
from analysis.sources.gclog.rows import Columns, Fact

__all__ = ["begun_columns", "columns_of", "name_collectors", "pause_columns"]


def columns_of(items: Sequence[Any], kind: type, *, without: tuple[str, ...] = ()) -> Columns:
    """Return objects of a dataclass as columns, in order of `line`.

    Examples
    --------
    >>> from analysis.sources.gclog.legacy.cycles import Phase
    >>> columns_of([Phase(7, 0, 1.5, 0.5, -1, "mark")], Phase)["name"]
    ['mark']
    """
    names = [one.name for one in fields(kind) if one.name not in without]
    table = list(map(attrgetter(*names), sorted(items, key=attrgetter("line"))))
    return {name: list(column) for name, column in zip(names, zip(*table, strict=True), strict=True)} if table else {}


def pause_columns(pauses: Sequence[Pause], quick: dict[int, Quick]) -> Columns:
    """Return all pauses in order of `line`.

    Parameters
    ----------
    pauses : sequence of Pause
        Read the general way.
    quick : dict of int to Quick
        Of the commonest forms, by line.

    Examples
    --------
    >>> pause_columns([Pause(7, 0, 1.5, 1.0, 0.5, -1)], {})["line"]
    [7]
    """
    general = columns_of(pauses, Pause, without=("note",))
    if not quick:
        return general
    common = quick_columns(list(quick), list(quick.values()))
    if not general:
        return common
    order = np.argsort(np.concatenate((common["line"], general["line"])), kind="stable")
    return {name: _merged(common[name], cells, order) for name, cells in general.items()}


def _merged(common: Any, general: list[Any], order: np.ndarray) -> Any:
    if isinstance(common, np.ndarray):
        return np.concatenate((common, np.array(general, dtype=common.dtype)))[order]
    both = [*common, *general]
    return [both[at] for at in order]


def begun_columns(begun: Sequence[tuple[int, Stamp]]) -> Columns:
    """Return the columns of `rows.Rows.begun`.

    Examples
    --------
    >>> begun_columns([(7, Stamp(0, 1.5))])
    {'line': [7], 'clock_us': [0], 'stamp_seconds': [1.5], 'gcid': [-1]}
    """
    rows = [(line, *stamp) for line, stamp in begun]
    names = ("line", "clock_us", "stamp_seconds", "gcid")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def name_collectors(pauses: Columns, facts: list[Fact], hint: tuple[int, str] | None = None) -> None:
    """Name in place the collector of pauses whose text does not, where all others of the file agree.

    Where no flag names a collector the first pause that does becomes a fact, else the hint.

    Parameters
    ----------
    pauses : dict of list
        As `pause_columns` returns them.
    facts : list of Fact
        What the header says.
    hint : (int, str), optional
        Line and collector of the first concurrent phase, or of the first listing of the heap.

    Examples
    --------
    >>> pauses, facts = {"line": [1, 2], "collector": ["", "G1"], "kind": ["full", "young"]}, []
    >>> name_collectors(pauses, facts)
    >>> pauses["collector"], facts
    (['G1', 'G1'], [(1, 'collector', 'G1')])
    """
    cells = pauses.get("collector", [])
    flagged = {value for _, name, value in facts if name == "collector"}
    named = set(cells) - {""}
    if named == {"Serial", "CMS"}:  # CMS with the serial young collector, or the serial one with a parallel young one
        cms = flagged == {"CMS"} or any(kind in MARKS for kind in pauses["kind"])
        named = {"CMS" if cms else "Serial"}
        cells = [next(iter(named))] * len(cells)
    known = named or flagged or ({hint[1]} if hint else set())
    if len(known) == 1 and cells:
        cells = [cell or next(iter(known)) for cell in cells]
    if cells:
        pauses["collector"] = cells
    first = next((at for at, cell in enumerate(cells) if cell), None)
    if flagged:
        return
    if first is not None:
        facts.append((int(pauses["line"][first]), "collector", cells[first]))
    elif hint is not None:
        facts.append((hint[0], "collector", hint[1]))
