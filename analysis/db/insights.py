"""JSON of Performance Insights to the document: average active sessions by wait and by statement."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.db.document import Asked, Statement, as_document
from analysis.db.plain import known
from analysis.sources.performance_insights.frames import PerformanceInsights

__all__ = ["insights_document"]

LOAD = ("db.load.avg", "db.sampledload.avg")  # the first that there is
WAITS = ("db.wait_event", "db.wait_event_type")
STATEMENTS = ("db.sql_tokenized", "db.sql")
VCPUS = "os.general.numVCPUs.avg"
NAN = float("nan")


class _Part(NamedTuple):
    """The load of one key: mean over the time asked for, and that times its length."""

    key: str
    label: str
    kind: str
    sessions: float
    seconds: float


def insights_document(found: PerformanceInsights, coverage: dict[str, Any], asked: Asked = Asked()) -> dict[str, Any]:  # noqa: B008
    """Return the document of Performance Insights.

    Parameters
    ----------
    found : PerformanceInsights
        From `read_performance_insights`.
    coverage : dict
        From `coverage_of`.
    asked : Asked
        Its window (start, end] takes the points inside; of answers without points those that lie inside wholly.

    Returns
    -------
    dict
        `aas` of the request with the most load (answers do not say what they were filtered by), of its finest points;
        where there are only answers of describe-dimension-keys, the sum of their keys, which is a lower bound. Classes
        of statements with their sessions; seconds are sessions x time. Neither calls nor percentiles are known.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from analysis.sources.performance_insights import read_performance_insights
    >>> answer = {"AlignedStartTime": 1795369380.0, "AlignedEndTime": 1795369440.0, "MetricList": [
    ...     {"Key": {"Metric": "db.load.avg"}, "DataPoints": [{"Timestamp": 1795369440.0, "Value": 0.5}]}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "pi.json")).write_text(json.dumps(answer))
    ...     document = insights_document(read_performance_insights([path])[0], {})
    >>> document["aas"]["sessions"], document["window"]["duration_seconds"]
    (0.5, 60.0)
    """
    load = _of_one_metric(_inside(found.load, asked))
    if len(load):
        aas, window, statements = _of_load(load)
    else:
        aas, window, statements = _of_partitions(_inside(found.partitions, asked, whole=True))
    if aas is not None:
        aas["vcpus"] = known(_vcpus(found.counters))
    named = _named(statements, found.keys)
    rows = [Statement(p.key, p.label, NAN, p.seconds, sessions=p.sessions) for p in named]
    reason = "there is no load in these files" if aas is None else None
    more = {"statements": {"estimated": True}, "aas": aas, "aas_reason": reason}
    return as_document("pi", rows, coverage, window=window, more=more)


def _inside(frame: pd.DataFrame, asked: Asked, *, whole: bool = False) -> pd.DataFrame:
    if not asked.window:
        return frame
    at = pd.DatetimeIndex(frame.index).as_unit("us").asi8
    began = at - (frame["window_seconds"].to_numpy(dtype="f8") * 1e6 if whole else 0)
    first = -np.inf if asked.start_us is None else asked.start_us
    last = np.inf if asked.end_us is None else asked.end_us
    return frame[((began >= first) if whole else (at > first)) & (at <= last)]


def _of_one_metric(load: pd.DataFrame) -> pd.DataFrame:
    name = next((metric for metric in LOAD if (load["metric"] == metric).any()), "")
    return load[load["metric"] == name]


Found = tuple[dict[str, Any] | None, tuple[int | None, int | None], list[_Part]]


def _of_load(load: pd.DataFrame) -> Found:
    total = _most(load[load["is_total"].to_numpy(dtype=bool)])
    if not len(total):
        return None, (None, None), []
    ends = pd.DatetimeIndex(total.index).as_unit("us").asi8
    period = float(total["period_seconds"].iloc[0])
    aas = {
        "sessions": known(total["value"].mean()),
        "by_wait": [_wait(part) for part in _group(load, WAITS)],
        "points": int(total["value"].notna().sum()),
        "period_seconds": known(period),
        "lower_bound": False,
    }
    start = int(ends[0] - period * 1e6) if period == period else int(ends[0])
    return aas, (start, int(ends[-1])), _group(load, STATEMENTS)


def _wait(part: _Part) -> dict[str, Any]:
    return {"wait": part.label, "class": part.kind or part.label.partition(":")[0], "sessions": known(part.sessions)}


def _most(total: pd.DataFrame) -> pd.DataFrame:
    """Return the totals of the request with the finest points, and of those the one with the most load."""
    fine = (
        total[total["period_seconds"] == total["period_seconds"].min()]
        if total["period_seconds"].notna().any()
        else total
    )
    if not len(fine):
        return fine
    request = fine.groupby("request")["value"].mean().fillna(-1.0).idxmax()
    return fine[fine["request"] == request]


def _group(load: pd.DataFrame, names: tuple[str, ...]) -> list[_Part]:
    """Return the keys of the first group that there is, the largest first, "(other)" with them."""
    of = load["group"].isin(names).to_numpy() & ~load["is_total"].to_numpy(dtype=bool)
    name = next((n for n in names if (load["group"][of] == n).any()), "")
    mine = load[load["request"].isin(load["request"][of & (load["group"] == name).to_numpy()])]
    total = _most(mine[mine["is_total"].to_numpy(dtype=bool)])
    rows = mine[~mine["is_total"].to_numpy(dtype=bool)]
    if len(total):
        rows = rows[rows["request"] == total["request"].iloc[0]]
    points = rows.index.nunique()
    weighted = rows.assign(seconds=rows["value"] * rows["period_seconds"])
    sums = weighted.groupby("key").agg(label=("label", "first"), type=("type", "first"), value=("value", "sum"),
                                       seconds=("seconds", "sum"))  # fmt: skip
    found = [
        _Part(str(k), str(label), str(kind), float(v) / points, float(s)) for k, label, kind, v, s in sums.itertuples()
    ]
    return sorted((p for p in found if p.sessions), key=lambda part: (-part.sessions, part.label))


def _of_partitions(parts: pd.DataFrame) -> Found:
    name = next((n for n in STATEMENTS if (parts["group"] == n).any()), "")
    rows = parts[parts["group"] == name]
    if not len(rows):
        return None, (None, None), []
    ends = pd.DatetimeIndex(rows.index).as_unit("us").asi8
    spans = {(end, seconds) for end, seconds in zip(ends.tolist(), rows["window_seconds"].tolist(), strict=True)}
    length = sum(seconds for _, seconds in spans)
    weighted = rows.assign(seconds=rows["aas_sessions"] * rows["window_seconds"])
    whole = weighted["is_total"].to_numpy(dtype=bool)
    by_key = weighted[whole].groupby("key")["seconds"].sum()
    by_wait = (
        weighted[~whole].groupby(["partition", "type"])["seconds"].sum().sort_values(ascending=False, kind="stable")
    )
    keys = [_Part(str(k), str(k), "", float(s) / length, float(s)) for k, s in by_key.items()]
    names = by_wait.index.to_frame(index=False).astype(str).itertuples(index=False, name=None)
    waits = [_Part("", w, t, float(s) / length, float(s)) for (w, t), s in zip(names, by_wait, strict=True)]
    aas = {
        "sessions": known(float(by_key.sum()) / length), "by_wait": [_wait(w) for w in waits if w.sessions],
        "points": len(spans), "period_seconds": None, "lower_bound": True,
    }  # fmt: skip
    return aas, (min(int(end - seconds * 1e6) for end, seconds in spans), int(ends.max())), keys


def _named(parts: list[_Part], keys: pd.DataFrame) -> list[_Part]:
    """Return statements under the id and text of their fingerprints, summed over those of one fingerprint."""
    told = keys[keys["fingerprint"] != ""]
    columns = (told[name].astype(str) for name in ("key", "fingerprint", "text"))
    names = {key: (id_, text) for key, id_, text in zip(*columns, strict=True)}
    sums: dict[str, _Part] = {}
    for part in parts:
        key, label = names.get(part.key, (part.key, part.label))
        before = sums.get(key, _Part(key, label, "", 0.0, 0.0))
        sums[key] = before._replace(sessions=before.sessions + part.sessions, seconds=before.seconds + part.seconds)
    return list(sums.values())


def _vcpus(counters: pd.DataFrame) -> float:
    held = counters.loc[counters["name"] == VCPUS, "value"]
    return float(held.mean()) if len(held) else NAN
