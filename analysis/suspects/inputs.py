"""What `rank_suspects` was given, checked: errors for what cannot be used, remarks for what can but should be known."""

from __future__ import annotations

import difflib
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.suspects.calls import read_calls, some
from analysis.window import Window

__all__ = ["KINDS", "Inputs", "check_inputs"]

KINDS = ("latency", "errors", "availability", "load", "cpu", "throttling", "memory", "gc", "db", "network", "event",
         "other")  # fmt: skip


@dataclass(frozen=True)
class Inputs:
    """The frame as an array (n_time, n_series) with its names, the two windows as positions, and remarks."""

    values: np.ndarray
    times: pd.DatetimeIndex
    names: list[str]
    entities: np.ndarray
    kinds: np.ndarray
    before: np.ndarray
    during: np.ndarray
    symptom: int | None
    calls: dict[str, list[str]]
    remarks: tuple[str, ...]
    not_numbers: dict[str, str] = field(default_factory=dict)

    @property
    def step_seconds(self) -> float:
        """Median gap between samples [s]."""
        gaps = np.diff(self.times.as_unit("us").asi8) / 1e6
        return float(np.median(gaps)) if len(gaps) else float("nan")


def check_inputs(
    frame: pd.DataFrame,
    windows: tuple[Window, Window],
    symptom: Hashable | None,
    graph: pd.DataFrame | None,
    about: pd.DataFrame | None,
) -> Inputs:
    """Return the checked inputs.

    Parameters
    ----------
    frame : DataFrame
        UTC index x series.
    windows : (Window, Window)
        Incident and baseline.
    symptom, graph, about
        As in `rank_suspects`.

    Raises
    ------
    SpecError
        Times that are naive, unsorted or doubled; doubled columns; windows that overlap or hold no sample; a symptom
        that is no column; a graph without caller and callee; an `about` with a column twice.

    Examples
    --------
    >>> t = pd.date_range("2026-01-01", periods=9, freq="min", tz="UTC")
    >>> w = Window(t[5], t[8]), Window(t[0], t[5])
    >>> check_inputs(pd.DataFrame({"a": range(9)}, index=t), w, None, None, None).during.tolist()
    [6, 7, 8]
    """
    _check_types(frame, windows, graph, about)
    times = _checked_times(frame)
    incident, baseline = windows
    before, during, remarks = _positions(times, incident, baseline)
    names = [_name(c) for c in frame.columns]
    doubled = pd.Index(names)[pd.Index(names).duplicated()].unique()
    if len(doubled):
        raise SpecError(
            f"{len(doubled)} column names stand more than once: {', '.join(doubled[:3])}",
            where="frame.columns", expected="one column per name", next="rename or aggregate them",
        )  # fmt: skip
    values, not_numbers = _numbers(frame, names)
    entities, kinds, more = _described(frame.columns, names, about)
    calls, yet_more = read_calls(graph, set(entities.tolist()))
    at = _symptom_at(symptom, names)
    still = [] if at is None else _still(values[:, at], before, during)
    return Inputs(
        values, times, names, entities, kinds, before, during, at, calls, (*remarks, *more, *yet_more, *still),
        not_numbers,
    )  # fmt: skip


def _name(column: object) -> str:
    """Return a column's name as text; the levels of a MultiIndex are joined."""
    return "|".join(map(str, column)) if isinstance(column, tuple) else str(column)


def _check_types(frame: object, windows: tuple[object, object], graph: object, about: object) -> None:
    """Refuse what is no frame or no window, and a frame without a row or a column."""
    for name, window in zip(("incident", "baseline"), windows, strict=True):
        if not isinstance(window, Window):
            raise SpecError(
                f"the {name} is no window but a {type(window).__name__}", where=name,
                expected="Window(start, end), times with an offset", next=f"write {name}=Window(start, end)",
            )  # fmt: skip
    for name, given in (("frame", frame), ("graph", graph), ("about", about)):
        if not isinstance(given, pd.DataFrame) and (given is not None or name == "frame"):
            raise SpecError(
                f"{name} is no frame but a {type(given).__name__}", where=name, expected="a pandas DataFrame",
                next=f"make {name} a DataFrame",
            )  # fmt: skip
    if isinstance(frame, pd.DataFrame) and not frame.size:
        raise SpecError(
            f"there is nothing to rank: {frame.shape[0]} times x {frame.shape[1]} series", where="frame",
            expected="a frame of time x series", next="read the data again",
        )  # fmt: skip


def _checked_times(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the index in UTC."""
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise SpecError(
            "the index is not a time with an offset", where="frame.index",
            expected="a DatetimeIndex in UTC", next='pd.to_datetime(..., utc=True), or .tz_localize("UTC")',
        )  # fmt: skip
    if index.hasnans:
        raise SpecError("a time is missing", where="frame.index", expected="a time for every row", next="drop the row")
    steps = np.diff(index.as_unit("us").asi8)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0)) + 1
        how = "twice" if steps[at - 1] == 0 else "out of order"
        raise SpecError(
            f"a time stands {how}: {index[at].isoformat()}", where=f"frame.index, row {at}",
            expected="ascending times, each once", next="sort_index(), and decide which of two rows holds",
        )  # fmt: skip
    return index.tz_convert("UTC")


def _positions(times: pd.DatetimeIndex, incident: Window, baseline: Window) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the samples of baseline (nearest to the incident last) and incident, and what is odd about them."""
    if incident.start < baseline.end and baseline.start < incident.end:
        raise SpecError(
            "incident and baseline overlap", where=f"incident {incident.start} to {incident.end}, baseline "
            f"{baseline.start} to {baseline.end}", expected="two separate windows", next="end the baseline earlier",
        )  # fmt: skip
    found = []
    for name, window, other in (("incident", incident, baseline), ("baseline", baseline, incident)):
        # a sample at the very start belongs to the window, but where two touch to the one that ends there
        inside = window.holds(times) | ((times == window.start) & (window.start != other.end))
        at = np.flatnonzero(inside)
        if not len(at):
            raise SpecError(
                f"no sample lies in the {name}", where=f"{window.iso_start} to {window.iso_end}",
                expected=f"a window within {times[0].isoformat()} to {times[-1].isoformat()}", next=f"move the {name}",
            )  # fmt: skip
        found.append(at)
    during, before = found
    remarks = [
        f"the {name} reaches beyond the samples ({times[0].isoformat()} to {times[-1].isoformat()})"
        for name, window in (("incident", incident), ("baseline", baseline))
        if window.start < times[0] - _longest(times) or window.end > times[-1] + _longest(times)
    ]
    if baseline.start >= incident.end:
        before = before[::-1]
        remarks.append("the baseline lies after the incident: the level just before is its level just after")
    gap = max((incident.start - baseline.end).total_seconds(), (baseline.start - incident.end).total_seconds())
    if gap > max(baseline.duration_seconds, incident.duration_seconds):
        remarks.append(f"the baseline is old: {gap / 3600:.3g} hours lie between it and the incident")
    return before, during, remarks


def _longest(times: pd.DatetimeIndex) -> pd.Timedelta:
    """Return the longest gap between two samples: a window may be that much wider than the samples."""
    return times.to_series().diff().max() if len(times) > 1 else pd.Timedelta(0)


def _numbers(frame: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, dict[str, str]]:
    """Return the values without a copy where they are all of one kind; what is not a number becomes unknown."""
    kinds = [t.kind if isinstance(t, np.dtype) else "?" for t in frame.dtypes]
    if set(kinds) <= set("fiu") and len({str(t) for t in frame.dtypes}) == 1:
        return frame.to_numpy(), {}
    wrong = {}
    columns = np.full(frame.shape, np.nan, order="F")
    for j, kind in enumerate(kinds):
        column = frame.iloc[:, j]
        if kind in "fiub" or (kind == "?" and pd.api.types.is_numeric_dtype(column.dtype)):
            columns[:, j] = column.to_numpy(dtype="f8", na_value=np.nan)
        else:
            wrong[names[j]] = f"not numbers ({column.dtype})"
    return columns, wrong


def _described(
    columns: pd.Index, names: list[str], about: pd.DataFrame | None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return entity and kind of each column; without a description a column is its own entity of kind other."""
    index = pd.Index(names)
    if about is None and isinstance(columns, pd.MultiIndex) and columns.nlevels > 1:
        levels = ("entity", "kind") if {"entity", "kind"} <= set(columns.names) else (0, 1)
        entity, kind = (pd.Series(columns.get_level_values(level).astype(object), index) for level in levels)
    elif about is not None:
        lacking = [c for c in ("entity", "kind") if c not in about.columns]
        described = pd.Index([_name(c) for c in about.index])
        if lacking or described.has_duplicates:
            what = f"column {lacking[0]!r} is missing" if lacking else "a series is described twice"
            raise SpecError(what, where="about", expected="one row per series, with entity and kind", next="correct it")
        entity, kind = (about[c].astype(object).set_axis(described).reindex(index) for c in ("entity", "kind"))
    else:
        return np.array(names, dtype=object), np.full(len(names), "other", dtype=object), []
    remarks = []
    if entity.isna().any():
        verb = "series has no entity: it" if entity.isna().sum() == 1 else "series have no entity: each"
        remarks.append(f"{int(entity.isna().sum())} {verb} is its own")
    strange = sorted({str(k) for k in kind.dropna()} - set(KINDS))
    if strange:
        remarks.append(f"kinds that are not known are taken as other: {some(strange)}")
    entities = np.array([n if pd.isna(e) else str(e) for e, n in zip(entity, names, strict=True)], dtype=object)
    return entities, _known_kinds(kind.to_numpy(dtype=object)), remarks


def _known_kinds(kinds: np.ndarray) -> np.ndarray:
    """Return the kinds, unknown ones as other."""
    return np.where(np.isin(kinds.astype(str), KINDS), kinds, "other")


def _symptom_at(symptom: Hashable | None, names: list[str]) -> int | None:
    """Return the position of the symptom's column."""
    if symptom is None:
        return None
    name = _name(symptom)
    if name in names:
        return names.index(name)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    raise SpecError(
        f"no series is named {name!r}", where="symptom",
        expected=f"one of {', '.join(near)}" if near else f"one of the {len(names)} columns",
        next="name a column of the frame",
    )  # fmt: skip


def _still(symptom: np.ndarray, before: np.ndarray, during: np.ndarray) -> list[str]:
    """Return why nothing can be compared with the symptom, if so."""
    known = np.isfinite(symptom)
    for name, at in (("incident", during), ("baseline", before)):
        if not known[at].any():
            return [f"the symptom has no value in the {name}: what moved with it or before it is not known"]
    if symptom[known].min() == symptom[known].max():
        return ["the symptom never changes: what moved with it or before it is not known"]
    return []
