"""Kubernetes events and deployments (`kubectl get ... -o json`, or a CSV of deployments) to frames; no network."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import EvidenceError
from analysis.sources.kubernetes_objects import documents, known_times, mapping, text_of
from analysis.sources.lines import NOT_UNDERSTOOD, ReadReport, Tally, open_lines, read_bytes, scan
from analysis.sources.replica_sets import rollout_rows
from analysis.sources.times import TIME, NaiveTimeError, epoch_us, timed_frame

__all__ = ["DEPLOYMENT_COLUMNS", "EVENT_COLUMNS", "no_events", "read_deployments", "read_events"]

EVENT_COLUMNS = {"end": TIME, "count": "int64"} | dict.fromkeys(
    ("kind", "namespace", "name", "reason", "type", "message"), "str"
)
DEPLOYMENT_COLUMNS = {
    "finished_at": TIME, "namespace": "str", "deployment": "str", "revision": "str", "image": "str",
    "replicas": "float64", "user": "str", "status": "str",
}  # fmt: skip
REQUIRED = ("started_at", "namespace", "deployment")
MAX_COUNT = 2**31


def no_events() -> pd.DataFrame:
    """Return the frame of `read_events` without events, for evidence that has none.

    Returns
    -------
    DataFrame
        Index `time` (UTC, us) and the columns of `EVENT_COLUMNS`; no rows.

    Examples
    --------
    >>> empty = no_events()
    >>> len(empty), empty.index.name, list(empty.columns) == list(EVENT_COLUMNS)
    (0, 'time', True)
    """
    return timed_frame([], [], EVENT_COLUMNS)


def read_events(path: Path) -> tuple[pd.DataFrame, ReadReport]:
    """Read events as kubectl writes them: a List, a single Event, JSON lines, or objects one after the other.

    core/v1 and events.k8s.io/v1 are understood. Of a file that was cut, the whole events before the cut are kept.

    Parameters
    ----------
    path : Path
        The file; plain, gzip or zstd.

    Returns
    -------
    frame : DataFrame
        Index `time`: when it was first seen (UTC, us, sorted); `end`: when last; `count`: how often; `kind`,
        `namespace` and `name` of the object; `reason`, `type`, `message`.
    report : ReadReport
        What was understood.

    Raises
    ------
    EvidenceError
        If the file cannot be read or has no JSON objects.

    Examples
    --------
    >>> import tempfile
    >>> event = '{"kind":"Event","eventTime":"2026-11-22T18:04:32Z","reason":"Killing","regarding":{"kind":"Pod"}}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "events.json")
    ...     _ = path.write_text(event)
    ...     frame, report = read_events(path)
    >>> frame["reason"].tolist(), report.recognised
    (['Killing'], 1)
    """
    data, damaged = read_bytes(path)
    tally = Tally(path.name)
    if not data.strip():
        return no_events(), tally.report(truncated=damaged)
    items, broken = documents(data, tally)
    if not items and not tally.unrecognised and broken:
        raise EvidenceError(
            "no JSON objects",
            where=path.name,
            expected="the output of kubectl get events -o json",
            next="capture the events again",
        )
    times: list[int] = []
    rows: list[tuple[Any, ...]] = []
    for number, item in enumerate(items, 1):
        try:
            us, row = _event(item)
        except NOT_UNDERSTOOD as error:
            tally.naive += isinstance(error, NaiveTimeError)
            tally.miss(f"item {number}", repr(item)[:200])
            continue
        tally.recognised += 1
        times.append(us)
        rows.append(row)
    return timed_frame(times, rows, EVENT_COLUMNS), tally.report(truncated=damaged or broken)


def _event(item: object) -> tuple[int, tuple[Any, ...]]:
    event = mapping(item)
    series, meta = mapping(event.get("series")), mapping(event.get("metadata"))
    about = mapping(event.get("involvedObject")) or mapping(event.get("regarding"))
    reason = text_of(event.get("reason"))
    if not about or not reason:
        raise ValueError("no event")
    names = ("firstTimestamp", "deprecatedFirstTimestamp", "eventTime")
    first = known_times(*(event.get(n) for n in names)) or known_times(meta.get("creationTimestamp"))
    last = known_times(
        *(event.get(n) for n in ("lastTimestamp", "deprecatedLastTimestamp")), series.get("lastObservedTime")
    )
    if not first and not last:
        raise ValueError("no time")
    begin = min(first or last)
    counts = [event.get("count"), event.get("deprecatedCount"), series.get("count")]
    known = [c for c in counts if isinstance(c, int) and not isinstance(c, bool) and 0 < c < MAX_COUNT]
    return begin, (
        max([begin, *last]),
        max(known, default=1),
        text_of(about.get("kind")),
        text_of(about.get("namespace"), meta.get("namespace")),
        text_of(about.get("name")),
        reason,
        text_of(event.get("type")),
        text_of(event.get("message"), event.get("note")),
    )


def read_deployments(path: Path) -> tuple[pd.DataFrame, ReadReport]:
    """Read rollouts from `kubectl get deployments,replicasets -o json`, or a CSV: what the content begins with decides.

    A CSV has started_at, namespace and deployment; optional are finished_at, revision, image, replicas, user and
    status. A row with a `started_at` or `finished_at` that is no time with an offset is counted and left out. Of JSON
    see `replica_sets.rollout_rows`: a rollout is a ReplicaSet.

    Parameters
    ----------
    path : Path
        The file; plain, gzip or zstd.

    Returns
    -------
    frame : DataFrame
        Index `time`: started_at (UTC, us, sorted); `finished_at` (NaT unknown), `namespace`, `deployment`, `revision`,
        `image`, `replicas` (NaN unknown), `user`, `status`.
    report : ReadReport
        What was understood.

    Raises
    ------
    EvidenceError
        If the file cannot be read, or a required column is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "deployments.csv")
    ...     _ = path.write_text(chr(10).join(["started_at,namespace,deployment", "2026-11-22T18:04:32Z,shop,api"]))
    ...     frame, report = read_deployments(path)
    >>> frame["deployment"].tolist()
    ['api']
    """
    source, tally = open_lines(path), Tally(path.name)
    times: list[int] = []
    rows: list[tuple[Any, ...]] = []
    at = next((i for i, line in enumerate(source.lines) if line.strip()), None)
    if at is not None and source.lines[at].lstrip()[:1] in (b"{", b"["):
        return _read_objects(path)
    if at is None:
        return timed_frame(times, rows, DEPLOYMENT_COLUMNS), tally.report(truncated=source.truncated)
    names = [n.strip().strip('"') for n in source.lines[at][: 1 << 16].decode("utf-8", "replace").split(",")]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise EvidenceError(
            f"columns are missing: {', '.join(missing)}",
            where=path.name,
            expected=f"{', '.join(REQUIRED)}; optional {', '.join(c for c in DEPLOYMENT_COLUMNS if c not in REQUIRED)}",
            next=f"found: {', '.join(names)[:300]}",
        )

    def understand(line: bytes) -> None:
        cells = next(csv.reader([line.decode("utf-8", "replace")], strict=True))
        if len(cells) != len(names):
            raise ValueError("another number of cells than the header")
        row = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        start, end = epoch_us(row["started_at"]), row.get("finished_at", "")
        finished = epoch_us(end) if end else None
        if not row["namespace"] or not row["deployment"] or (finished is not None and finished < start):
            raise ValueError("no deployment")
        replicas = float(row.get("replicas") or "nan")
        texts = {name: row.get(name, "") for name in DEPLOYMENT_COLUMNS}
        values = {**texts, "finished_at": finished, "replicas": replicas}
        times.append(start)
        rows.append(tuple(values[name] for name in DEPLOYMENT_COLUMNS))

    truncated = scan(source, tally, understand, first=at + 1)
    return timed_frame(times, rows, DEPLOYMENT_COLUMNS), tally.report(truncated=truncated)


def _read_objects(path: Path) -> tuple[pd.DataFrame, ReadReport]:
    data, damaged = read_bytes(path)
    tally = Tally(path.name)
    items, broken = documents(data, tally)
    if not items and not tally.unrecognised and broken:
        raise EvidenceError(
            "no JSON objects",
            where=path.name,
            expected="the output of kubectl get deployments,replicasets -A -o json",
            next="capture it again",
        )
    times, rows, notes = rollout_rows(items, tally)
    return timed_frame(times, rows, DEPLOYMENT_COLUMNS), tally.report(*notes, truncated=damaged or broken)
