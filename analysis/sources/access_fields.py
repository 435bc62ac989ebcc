"""What the fields of a record mean: those of Envoy, Istio and nginx, our own names, or those of a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis.errors import SpecError

__all__ = ["MAPPING_KEYS", "UNITS", "WORK_KEYS", "Plan", "check_mapping", "known_plan", "pick", "plan_of", "unit_of"]

WORK_KEYS = ("statements", "rows", "database", "pool_wait", "request_id")
MAPPING_KEYS = ("time", "time_is", "duration", "duration_unit", "status", "failed", "route", "pod", *WORK_KEYS)
WORK_FIELDS = {  # our own names, known without a mapping
    "statements": "statements", "rows": "rows", "database": "database_seconds", "pool_wait": "pool_wait_seconds",
    "request_id": "request_id",
}  # fmt: skip
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
SUFFIXES = {"_seconds": "s", "_ms": "ms", "_us": "us"}


@dataclass(frozen=True)
class Plan:
    """Which field of a record means what; the empty text is none.

    Parameters
    ----------
    time : str
        Field of the time.
    duration, unit : str
        Field of the duration, and its unit: s, ms or us.
    status, failed : str
        Fields that say whether the request failed; `failed` comes first.
    route, pod : str
        Fields of the route and of the pod.
    starts : bool
        Whether the time is that of the start.
    envoy : bool
        Whether the fields are those of Envoy, where a record can be a TCP connection.
    work : tuple of (str, str, float)
        What the request did in the database, where logged: one of `WORK_KEYS`, its field, and the scale to seconds.

    Examples
    --------
    >>> Plan("ts", status="code").unit
    's'
    """

    time: str
    duration: str = ""
    unit: str = "s"
    status: str = ""
    failed: str = ""
    route: str = ""
    pod: str = ""
    starts: bool = False
    envoy: bool = False
    work: tuple[tuple[str, str, float], ...] = ()


def check_mapping(mapping: Mapping[str, str], kind: str) -> None:
    """Refuse a mapping that is wrong for the kind.

    Parameters
    ----------
    mapping : mapping
        As of `read_access_log`.
    kind : str
        The kind of the log; only jsonl and csv take a mapping.

    Raises
    ------
    SpecError
        If there is a problem; all of them are named.

    Examples
    --------
    >>> check_mapping({"time": "ts", "duration": "took_ms"}, "jsonl")
    """
    where = "sources.requests.mapping"
    problems = [f"unknown key {k!r}: known are {', '.join(MAPPING_KEYS)}" for k in mapping if k not in MAPPING_KEYS]
    if mapping and kind not in ("jsonl", "csv"):
        problems.append(f"kind {kind} has a fixed format: a mapping is for jsonl and csv")
    if mapping.get("time_is", "end") not in ("start", "end"):
        problems.append(f"time_is is {mapping['time_is']!r}: write start or end")
    if mapping.get("duration_unit", "s") not in UNITS:
        problems.append(f"duration_unit is {mapping['duration_unit']!r}: write s, ms or us")
    timed = [mapping.get(key, "") for key in ("duration", "database", "pool_wait")]
    unclear = [name for name in timed if name and "duration_unit" not in mapping and not unit_of(name)]
    problems += [f"the unit of {name!r} is not evident: add duration_unit (s, ms or us)" for name in unclear]
    if problems:
        raise SpecError("the mapping is wrong", where=where, problems=tuple(problems))


def known_plan(names: Mapping[str, Any]) -> Plan | None:
    """Return what the fields of a record mean, if they are those of Envoy, of nginx, or our own names.

    Parameters
    ----------
    names : mapping
        A record, or names of columns as keys.

    Examples
    --------
    >>> plan = known_plan({"end": "", "status": ""})
    >>> plan.time, known_plan({"ts": ""})
    ('end', None)
    """

    def first(*candidates: str) -> str:
        return next((name for name in candidates if _has(names, name)), "")

    pod = first("pod", "pod_name", "kubernetes.pod_name", "kubernetes.pod.name")
    if "start_time" in names and "response_code" in names:
        duration, route = first("duration"), first("path")
        return Plan("start_time", duration, "ms", "response_code", "", route, pod, starts=True, envoy=True)
    time = first("time_iso8601", "msec", "time_local")
    if time and "status" in names:
        route = first("request_uri", "uri", "request")
        return Plan(time, first("request_time"), "s", "status", "", route, pod)
    time, failed = first("end", "start"), first("failed")
    if time and (failed or "status" in names):
        duration = first("duration_seconds")
        return Plan(time, duration, "s", first("status"), failed, first("route"), pod, starts=time == "start")
    return None


def plan_of(records: list[dict[str, Any]], mapping: Mapping[str, str], file: str) -> Plan:
    """Return what the fields of the first records mean: the known ones, replaced by those of the mapping.

    Parameters
    ----------
    records : list of dict
        The first records.
    mapping : mapping
        As of `read_access_log`; it was checked.
    file : str
        Name of the file, for errors.

    Raises
    ------
    SpecError
        If the fields are not understood, or those of the mapping are absent.

    Examples
    --------
    >>> plan_of([{"ts": 1795370670, "code": 200}], {"time": "ts", "status": "code"}, "log").status
    'code'
    """
    names: dict[str, None] = dict.fromkeys(name for record in records for name in record)
    plan = next((plan for record in records if (plan := known_plan(record))), Plan(""))
    mapped = [(k, v) for k, v in mapping.items() if k not in ("time_is", "duration_unit")]
    absent = [f"{k}: {v}" for k, v in mapped if not any(_has(record, v) for record in records)]
    if absent:
        raise SpecError(
            f"columns of the mapping are not in the file: {', '.join(absent)}",
            where=f"sources.requests.mapping, {file}",
            expected="columns that are in the file",
            next=f"found: {_listed(names)}",
        )
    if "time" in mapping:
        plan = replace(plan, time=mapping["time"], starts=False, envoy=False)
    if "time_is" in mapping:
        plan = replace(plan, starts=mapping["time_is"] == "start")
    if "duration" in mapping:
        plan = replace(plan, duration=mapping["duration"], unit=unit_of(mapping["duration"]) or plan.unit)
    if "duration_unit" in mapping:
        plan = replace(plan, unit=mapping["duration_unit"])
    plan = replace(
        plan,
        status=mapping.get("status", plan.status),
        failed=mapping.get("failed", plan.failed),
        route=mapping.get("route", plan.route),
        pod=mapping.get("pod", plan.pod),
        work=_work(mapping, names),
    )
    if not plan.time or not (plan.status or plan.failed):
        raise SpecError(
            f"the fields are not understood: {_listed(names)}",
            where=file,
            expected="fields of Envoy, Istio or nginx; end or start, duration_seconds, status or failed, route, pod; "
            "or a mapping",
            next="name them under sources.requests.mapping, such as {time: ts, time_is: end, duration: took, "
            "duration_unit: ms, status: code, route: path}",
        )
    return plan


def pick(record: Mapping[str, Any], name: str) -> object:
    """Return a field; a name with dots reaches into objects unless the whole name is a field.

    Parameters
    ----------
    record : mapping
        The record.
    name : str
        The field; the empty text is none.

    Examples
    --------
    >>> pick({"http": {"code": 200}}, "http.code"), pick({}, "")
    (200, None)
    """
    if not name or name in record:
        return record.get(name)
    found: object = record
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _has(record: Mapping[str, Any], name: str) -> bool:
    return name in record or pick(record, name) is not None


def _work(mapping: Mapping[str, str], names: Mapping[str, Any]) -> tuple[tuple[str, str, float], ...]:
    """Return which fields say what a request did in the database: those of the mapping, else our own names."""
    own = {key: name for key, name in WORK_FIELDS.items() if name in names}
    chosen = own | {key: mapping[key] for key in WORK_KEYS if key in mapping}
    timed = ("database", "pool_wait")
    fallback = mapping.get("duration_unit", "s")
    return tuple((key, name, UNITS[unit_of(name) or fallback] if key in timed else 1.0) for key, name in chosen.items())


def unit_of(column: str) -> str:
    """Return the unit that a column's name ends with: s, ms or us; the empty text if none is evident.

    Examples
    --------
    >>> unit_of("took_ms"), unit_of("took")
    ('ms', '')
    """
    return next((unit for suffix, unit in SUFFIXES.items() if column.endswith(suffix)), "")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))[:300] or "no fields"
