"""TERMS: name of a quantity -> unit and meaning. Axis labels, table heads and JSON units come from here."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TERMS", "Term", "label"]


class Term(NamedTuple):
    """One quantity: `unit` as written in JSON, `label` as read by people, `meaning` in one line."""

    unit: str
    label: str
    meaning: str


TERMS: dict[str, Term] = {
    "aas_sessions": Term("sessions", "average active sessions", "sessions counted / samples taken in the step"),
    "arrivals_per_second": Term("requests/s", "arrivals", "requests that began in the step, per second"),
    "attempts_per_second": Term("attempts/s", "attempts to connect", "attempts to connect to the database, per second"),
    "bad_ratio": Term("ratio", "failed or slow requests", "bad requests / requests completed in the step"),
    "call_duration_seconds": Term(
        "seconds", "mean duration of calls", "seconds of the calls that ended in the step / calls"
    ),
    "calls_under_way_count": Term("count", "calls under way", "calls and waits for a connection, above the usual"),
    "cpu_limit_cores": Term("cores", "CPU limit", "CFS quota / period"),
    "cpu_throttled_ratio": Term(
        "ratio", "throttled periods", "throttled / elapsed CFS periods in the step; 0/0 is NaN"
    ),
    "cpu_usage_cores": Term("cores", "CPU used", "CPU seconds per wall second"),
    "cpu_usage_to_limit_ratio": Term("ratio", "CPU used / limit", "mean usage over the limit in force"),
    "gc_paused_ratio": Term("ratio", "time paused", "share of the step in which the JVM stood still"),
    "lock_wait_sessions": Term("sessions", "sessions waiting for a lock", "counted / samples taken in the step"),
    "pool_waiting_count": Term("count", "threads waiting for a connection", "above the usual, of all pools of a name"),
    "request_duration_seconds": Term("seconds", "request duration", "from first byte sent to last byte received"),
    "requests_per_second": Term("requests/s", "requests", "requests completed per second"),
    "rollout_ratio": Term("ratio", "rollout under way", "share of the step in which a rollout was under way"),
    "statements_per_request_count": Term("count", "statements a request", "statements of the requests / requests"),
    "xds_convergence_seconds": Term("seconds", "push under way", "from a config change until the proxies hold it"),
    "xds_push_count": Term("count", "configuration pushes", "pushes sent by the control plane in the step"),
    "xds_under_way_ratio": Term("ratio", "push under way", "share of the step in which a push was under way"),
}


def label(name: str) -> str:
    """Return the axis label of a quantity, with its unit.

    Parameters
    ----------
    name : str
        A key of `TERMS`.

    Returns
    -------
    str
        Label and unit.

    Raises
    ------
    KeyError
        If the quantity is not in the glossary.

    Examples
    --------
    >>> label("cpu_usage_cores")
    'CPU used [cores]'
    >>> label("cpu_throttled_ratio")
    'throttled periods [share]'
    """
    term = TERMS[name]
    unit = {"ratio": "share", "seconds": "s"}.get(term.unit, term.unit)
    return f"{term.label} [{unit}]"
