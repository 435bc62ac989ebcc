"""Any wide table, CSV or Parquet, with a time column: read as it is, its times understood or refused."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.errors import EvidenceError, NoDataError, SpecError
from analysis.suspects.inputs import KINDS
from analysis.suspects.wide import Wide
from analysis.window import Window, parse_time

__all__ = ["describe", "read_frame", "read_graph", "read_table"]

TIME_NAMES = ("time", "timestamp", "datetime", "date", "ts", "_time", "_t", "@timestamp", "t", "index", "unix", "epoch")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")
EPOCHS = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (1e8, "s"))  # the smallest number of each since 1973
ALIASES = {
    "availability": ("available", "success"), "cpu": ("load1",), "errors": ("error", "failures"),
    "event": ("change", "deployment", "events", "rollout"), "latency": ("client_latency", "duration", "edge_latency"),
    "load": ("requests", "throughput", "traffic"), "memory": ("mem",), "network": ("net",), "db": ("database",),
    "throttling": ("throttled",),
}  # fmt: skip
_KIND = {alias: kind for kind, aliases in ALIASES.items() for alias in aliases} | {k: k for k in KINDS}


def read_table(
    path: Path,
    incident: tuple[str, str] | None,
    baseline: tuple[str, str] | None,
    *,
    symptom: str | None = None,
    graph: Path | None = None,
    timezone: str | None = None,
) -> Wide:
    """Return a wide table with its windows, as `rank_wide` takes it.

    Parameters
    ----------
    path : Path
        CSV (also .gz, .zst) or Parquet.
    incident, baseline : (str, str) or None
        Start and end of each, ISO-8601 with an offset; needed.
    symptom : str, optional
        A column.
    graph : Path, optional
        CSV or Parquet with columns caller and callee.
    timezone : str, optional
        Of times without an offset, such as UTC or Asia/Seoul.

    Raises
    ------
    SpecError
        Windows that are missing or wrong, times without an offset or zone, no time column, a graph of other columns.
    EvidenceError, NoDataError
        A file that cannot be read, or holds no row.
    """
    frame = read_frame(path, timezone)
    if incident is None or baseline is None:
        lacking = [n for n, given in (("--incident", incident), ("--baseline", baseline)) if given is None]
        raise SpecError(
            f"{' and '.join(lacking)} missing: a table does not say when it was bad", where=path.name,
            expected=f"times within {frame.index.min().isoformat()} to {frame.index.max().isoformat()}",
            next="add --incident START END --baseline START END, ISO-8601 with an offset",
        )  # fmt: skip
    windows = [_window(name, given) for name, given in (("--incident", incident), ("--baseline", baseline))]
    edges = read_graph(graph) if graph is not None else None
    return Wide(frame, describe(list(frame.columns)), edges, symptom, windows[0], windows[1])


def _window(option: str, given: tuple[str, str]) -> Window:
    start, end = (parse_time(t, where=f"{option} {which}") for t, which in zip(given, ("START", "END"), strict=True))
    if start >= end:
        raise SpecError(
            "the window is empty", where=option, expected="START before END", next="correct the times"
        )  # fmt: skip
    return Window(start, end)


def describe(names: list[str]) -> pd.DataFrame:
    """Return entity, kind, stat and unit of columns named entity|kind|stat; any other column is its own entity.

    Parameters
    ----------
    names : list of str
        Column names. Kinds that the ranking does not know become other.

    Examples
    --------
    >>> describe(["api|cpu|usage", "db|mem", "total"])[["entity", "kind", "stat"]].values.tolist()
    [['api', 'cpu', 'usage'], ['db', 'memory', 'mem'], ['total', 'other', 'total']]
    """
    rows = []
    for name in names:
        entity, bar, rest = name.partition("|")
        kind, _, stat = rest.partition("|")
        rows.append((entity or name, _KIND.get(kind.strip().lower(), "other") if bar else "other",
                     stat or kind or name, ""))  # fmt: skip
    table = pd.DataFrame(rows, columns=["entity", "kind", "stat", "unit"], index=pd.Index(names, dtype=object))
    return table[~table.index.duplicated()]  # columns that stand twice are refused where they are ranked


def read_graph(path: Path) -> pd.DataFrame:
    """Return who calls whom.

    Parameters
    ----------
    path : Path
        CSV or Parquet with columns caller and callee.

    Raises
    ------
    SpecError
        If a column is missing.
    EvidenceError, NoDataError
        If the file cannot be read, or holds no row.
    """
    frame = _read(path)
    lacking = [c for c in ("caller", "callee") if c not in frame.columns]
    if lacking:
        raise SpecError(
            f"the graph has no column {lacking[0]!r}", where=path.name, expected="columns caller and callee",
            next=f"found: {', '.join(map(str, frame.columns[:8]))}",
        )  # fmt: skip
    return frame[["caller", "callee"]]


def read_frame(path: Path, timezone: str | None = None) -> pd.DataFrame:
    """Return the table with its times as index, in UTC; rows stay in the order of the file.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    timezone : str, optional
        Of times without an offset.

    Returns
    -------
    DataFrame
        The time column is the one with a usual name, else the only one that holds times: ISO-8601 with an offset, or
        numbers since the epoch in s, ms, us or ns, told by their size.

    Raises
    ------
    SpecError
        No time column or several, times without an offset, an unknown zone.
    EvidenceError, NoDataError
        A file that cannot be read, or holds no row.
    """
    frame = _read(path)
    if isinstance(frame.index, pd.DatetimeIndex):
        times = pd.Series(frame.index)
        body, name = frame, "the index"
    else:
        at = _time_column(frame, path)
        times, name = frame.iloc[:, at].reset_index(drop=True), f"column {frame.columns[at]!r}"
        body = frame.iloc[:, [j for j in range(frame.shape[1]) if j != at]]
    if not body.shape[1]:
        raise NoDataError("there is no column beside the time", where=path.name, expected="a column a series",
                          next="write one column for each series")  # fmt: skip
    body.index = _as_utc(times, f"{path.name}, {name}", timezone)
    body.columns = [str(c) for c in body.columns]
    return body


def _read(path: Path) -> pd.DataFrame:
    """Return a CSV or Parquet as it is; two columns of one name keep it."""
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
        else:
            head = pd.read_csv(path, header=None, nrows=1, dtype=str, sep="\x01", quoting=3)
            sep = max(",;\t", key=lambda s: str(head.iloc[0, 0]).count(s))
            names = pd.read_csv(path, header=None, nrows=1, dtype=str, sep=sep, keep_default_na=False)
            frame = pd.read_csv(path, sep=sep, low_memory=False, index_col=False)
            frame.columns = names.iloc[0].tolist()
    except FileNotFoundError:
        raise SpecError("no such file", where=str(path), expected="CSV or Parquet", next="correct the path") from None
    except (pd.errors.EmptyDataError, IndexError):
        raise NoDataError(
            "the file is empty", where=path.name, expected="a header and rows", next="export again"
        ) from None
    except (ValueError, OSError, pd.errors.ParserError) as error:
        reason = (str(error).replace(f"{path.parent}/", "").splitlines() or [type(error).__name__])[0][:200]
        raise EvidenceError(
            f"not readable: {reason}", where=path.name, expected="CSV with a header, or Parquet",
            next="export the table again, or name another file",
        ) from None  # fmt: skip
    if not len(frame):
        raise NoDataError("the table has no row", where=path.name, expected="a row for each time", next="export again")
    return frame


def _time_column(frame: pd.DataFrame, path: Path) -> int:
    """Return where the time column is."""
    lower = [str(c).strip().lower() for c in frame.columns]
    for name in TIME_NAMES:
        if lower.count(name) == 1:
            return lower.index(name)
    holding = [j for j in range(frame.shape[1]) if _holds_times(frame.iloc[:, j])]
    if len(holding) == 1:
        return holding[0]
    found = ", ".join(str(frame.columns[j]) for j in holding[:4])
    raise SpecError(
        f"{len(holding)} columns hold times: {found}" if holding else "no column holds times", where=path.name,
        expected="one column of times, ISO-8601 with an offset or numbers since the epoch",
        next="name it time, or leave the others out",
    )  # fmt: skip


def _holds_times(column: pd.Series) -> bool:
    """Return whether each value is a time: a date and time, or an ascending number of the epoch's size."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return True
    if pd.api.types.is_bool_dtype(column.dtype) or column.isna().any():
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype="f8")
        return bool(_epoch_unit(values) and (np.diff(values) > 0).all())
    return bool(column.astype(str).map(lambda v: ISO.fullmatch(v.strip()) is not None).all())


def _epoch_unit(values: np.ndarray) -> str:
    """Return s, ms, us or ns by the size of numbers between 1973 and 2100; an empty text for others."""
    low, high = float(np.min(values)), float(np.max(values))
    unit = next((unit for least, unit in EPOCHS if low >= least), "")
    seconds = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}.get(unit, 1.0)
    return unit if high / seconds < 4.1e9 else ""


def _as_utc(times: pd.Series, where: str, timezone: str | None) -> pd.DatetimeIndex:
    if times.isna().any():
        raise SpecError("a time is missing", where=f"{where}, row {int(np.argmax(times.isna().to_numpy())) + 1}",
                        expected="a time in every row", next="drop the row")  # fmt: skip
    if pd.api.types.is_numeric_dtype(times.dtype):
        values = times.to_numpy(dtype="f8")
        unit = _epoch_unit(values)
        if not unit:
            raise SpecError(f"numbers that are no times: {values[0]:g} ...", where=where,
                            expected="seconds, ms, us or ns since 1970", next="convert the times")  # fmt: skip
        exact = times.to_numpy() if times.dtype.kind in "iu" else None
        micro = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": 1}[unit]
        us = exact.astype("i8") * micro if exact is not None else np.rint(values * micro).astype("i8")
        us = us // 1000 if unit == "ns" else us
        return pd.DatetimeIndex(pd.to_datetime(us, unit="us", utc=True)).as_unit("us").rename("time")
    if times.dtype.kind == "M" or isinstance(times.dtype, pd.DatetimeTZDtype):
        index = pd.DatetimeIndex(times)
    else:
        texts = times.astype(str).str.strip()
        try:
            with_offset = texts.map(lambda t: OFFSET.search(t[10:]) is not None)
            if with_offset.any() != with_offset.all():
                raise ValueError("some times have an offset and some have none")
            index = pd.DatetimeIndex(pd.to_datetime(texts, utc=bool(with_offset.iloc[0]), format="ISO8601"))
        except (ValueError, OverflowError) as error:
            raise SpecError(
                f"not all are times: {str(error).splitlines()[0][:120]}", where=where,
                expected="ISO-8601 with an offset, or numbers since the epoch", next="correct the time column",
            ) from None  # fmt: skip
    if index.tz is None:
        index = _localised(index, where, timezone)
    return index.tz_convert("UTC").as_unit("us").rename("time")


def _localised(index: pd.DatetimeIndex, where: str, timezone: str | None) -> pd.DatetimeIndex:
    if timezone is None:
        raise SpecError(
            f"times without an offset: {index[0]}", where=where,
            expected="ISO-8601 with an offset, such as Z or +09:00",
            next="add --timezone UTC (or Asia/Seoul, ...) if you know the zone in which they were written",
        )  # fmt: skip
    try:
        return index.tz_localize(ZoneInfo(timezone))
    except (KeyError, ValueError, OSError) as error:
        unknown = isinstance(error, KeyError)
        raise SpecError(
            f"no such time zone: {timezone}" if unknown else f"the times do not fit the zone: {error}",
            where="--timezone", expected="an IANA time zone, such as Asia/Seoul or UTC",
            next="convert the times to UTC, or correct the zone",
        ) from None  # fmt: skip
