"""Reading or writing: shares of calls, time and rows by kind of access, transaction control apart."""

from __future__ import annotations

import pandas as pd

__all__ = ["access_change", "access_mix", "read_ratio"]

READ, WRITE = "r", "w"
MEASURES = ("calls", "seconds", "rows")
SHIFT_RATIO = 0.1  # a share of reading that moves by more than ten points is told


def access_mix(work: pd.DataFrame, access: pd.Series) -> pd.DataFrame:
    """Return calls, seconds and rows by kind of access.

    Parameters
    ----------
    work : DataFrame
        One row per fingerprint (index), with those of the columns calls, seconds [s], rows that are known, as from
        `statement_log.logged_summary`.
    access : Series
        Index fingerprint; "r", "w" (a locking SELECT too), "tcl", "ddl" or "other".

    Returns
    -------
    DataFrame
        Index `access`, sorted; columns `calls`, `seconds`, `rows`, NaN where not known. A fingerprint whose text is not
        known is "other".

    Examples
    --------
    >>> work = pd.DataFrame({"calls": [9.0, 3.0]}, index=["a", "b"])
    >>> access_mix(work, pd.Series({"a": "r", "b": "w"}))["calls"].to_dict()
    {'r': 9.0, 'w': 3.0}
    """
    kinds = access.astype(object).reindex(work.index).fillna("other").replace("", "other")
    cells = pd.DataFrame({name: work[name] if name in work else float("nan") for name in MEASURES}, index=work.index)
    found = cells.astype("f8").groupby(kinds.to_numpy(dtype=object), sort=True).sum(min_count=1)
    return found.rename_axis("access")


def read_ratio(mix: pd.DataFrame) -> dict[str, float]:
    """Return the share of reading in reading and writing, by each measure; NaN where neither is known.

    Parameters
    ----------
    mix : DataFrame
        From `access_mix`. BEGIN, COMMIT and the like, and changes of the schema, are neither.

    Examples
    --------
    >>> read_ratio(pd.DataFrame({"calls": [9.0, 3.0, 6.0]}, index=["r", "w", "tcl"]))
    {'calls': 0.75}
    """
    found = {}
    for name in mix.columns:
        read, written = (float(mix[name].get(kind, 0.0)) for kind in (READ, WRITE))
        whole = read + written
        found[str(name)] = read / whole if whole > 0 else float("nan")
    return found


def access_change(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return how the share of reading changed.

    Parameters
    ----------
    before, after : DataFrame
        From `access_mix`.

    Returns
    -------
    DataFrame
        Index `measure`: calls, seconds, rows. Columns `baseline_ratio`, `window_ratio`, `shift_ratio` (the window's
        less the baseline's) and `shifted`: by more than ten points, either way.

    Examples
    --------
    >>> found = access_change(pd.DataFrame({"calls": [9.0, 1.0]}, index=["r", "w"]),
    ...                       pd.DataFrame({"calls": [5.0, 5.0]}, index=["r", "w"]))
    >>> round(float(found.loc["calls", "shift_ratio"]), 6), bool(found.loc["calls", "shifted"])
    (-0.4, True)
    """
    frame = pd.DataFrame({"baseline_ratio": read_ratio(before), "window_ratio": read_ratio(after)})
    frame["shift_ratio"] = frame["window_ratio"] - frame["baseline_ratio"]
    frame["shifted"] = frame["shift_ratio"].abs() > SHIFT_RATIO
    return frame.rename_axis("measure")
