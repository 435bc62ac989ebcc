"""What a recorded metric is about, and how it counts: from the families that exporters and libraries agree on."""

from __future__ import annotations

import re

__all__ = ["kind_of", "never_falls", "role_of", "unit_of"]

# the first that fits decides: what is particular comes before what is general
FAMILIES = (
    ("event", r"_metadata_generation$|_restarts_total$|oom_(kill|events)|_start_time_seconds$|_boot_time_seconds$"
              r"|^pilot_(xds_pushes|push_triggers|k8s_(reg|cfg)_events)$"),
    ("throttling", r"throttl"),
    ("other", r"^(scrape|promhttp|prometheus|\w+_exporter|\w+_scrape_collector|go)_(?!gc)|_config_|_info$|_timestamp_"),
    ("gc", r"(^|_)gc(_|$)|garbage|safepoint"),
    ("errors", r"error|exception|fail|timeout|time_?outs?|abort|reject|denied|retr(y|ies|ans)|drop|overflow|deadlock"
               r"|conflict|5xx|InErr|OutRst"),
    ("availability", r"(^|_)up$|_(un)?available|_ready$|_success$|_status$"),
    ("network", r"network|netstat|sockstat|(^|_)(net|tcp|udp)_|bytes_(in|out|sent|received|transmit|receive)(_|$)"
                r"|(receive|transmit|input|output)_bytes|octets"),
    ("cpu", r"cpu|(^|_)load(_average|\d)|procs_(running|blocked)|context_switch|pressure"),
    ("latency", r"latency|(duration|response|completion|acquire|usage|creation|connect|queue|total|wait)_?(time)?_?"
                r"(average_|max_)?(seconds|milliseconds|ms)|_time_seconds|_requests_seconds|convergence_time"
                r"|(push|queue)_time"),
    ("memory", r"memory|(^|_)mem(_|$)|heap|(^|_)rss(_|$)|swap|page_?cache|buffer_.*bytes"),
    ("db", r"^(pg|postgres|mysql|mongodb|redis|hikaricp|jdbc|r2dbc|db|aas|oracle|mssql|sql)_"),
    ("load", r"requests|sessions|connections|calls|commands|queries|_rate|threads_busy|loadbalanced|_xact_|processed"
             r"|messages|_count$"),
)  # fmt: skip
_FAMILIES = tuple((kind, re.compile(pattern)) for kind, pattern in FAMILIES)
_BAD = re.compile(r"5\d\d|5xx|hrsp_5xx|.*(error|exception|timeout|UNAVAILABLE|DEADLINE).*", re.IGNORECASE)
_STATUS = ("code", "status", "status_code", "response_code", "grpc_response_status", "outcome", "error", "exception")
_GOOD = ("", "none", "None", "0", "false")
# counted by exporters that do not say so in the name
_COUNTS = re.compile(
    r"^node_netstat_(?!.*(CurrEstab|Forwarding))|^node_vmstat_(?!nr_)"
    r"|^pg_stat_(database|bgwriter|user_tables|statements|replication_slots)_(?!.*(numbackends|_tup$|size|stats_reset|last))"
    r"|^pilot_(xds_pushes|push_triggers|k8s_(reg|cfg)_events|total_)|^haproxy_server_(sessions|bytes)_"
)
MANY_RISES = 3


def kind_of(metric: str, labels: dict[str, str]) -> str:
    """Return what a metric is about, one of `inputs.KINDS`; other where no family is known.

    Parameters
    ----------
    metric : str
        Name of the metric.
    labels : dict
        Its labels: a status of 5xx or an exception makes a request counter one of errors.

    Examples
    --------
    >>> [kind_of(m, {}) for m in ("container_cpu_usage_seconds_total", "jvm_gc_pause_seconds", "pg_locks_count", "x")]
    ['cpu', 'gc', 'db', 'other']
    >>> kind_of("istio_requests_total", {"response_code": "503"})
    'errors'
    """
    found = next((kind for kind, pattern in _FAMILIES if pattern.search(metric)), "other")
    if found == "memory" and labels.get("area") == "nonheap":
        return "other"  # code and classes that a JVM loads when it does something for the first time
    told = [labels[k] for k in _STATUS if k in labels and labels[k] not in _GOOD]
    return "errors" if found in ("load", "other") and any(_BAD.fullmatch(v) for v in told) else found


def role_of(metric: str) -> str:
    """Return how a metric is to be read: bucket (left out), sum, count, counter or gauge, by its name alone.

    A sum or a count is one only where both are there: `pg_locks_count` is a gauge.

    Parameters
    ----------
    metric : str
        Name of the metric.

    Examples
    --------
    >>> [role_of(m) for m in ("a_seconds_bucket", "a_seconds_sum", "a_seconds_count", "a_total", "a_bytes")]
    ['bucket', 'sum', 'count', 'counter', 'gauge']
    """
    for role in ("bucket", "sum", "count"):
        if metric.endswith(f"_{role}"):
            return role
    return "counter" if metric.endswith("_total") or _COUNTS.search(metric) else "gauge"


def never_falls(falls: int, rises: int) -> bool:
    """Return whether values that fell and rose so often are a count, though no name says so.

    Parameters
    ----------
    falls, rises : int
        Steps down and up over the whole recording.

    Notes
    -----
    What rises again and again and never falls counts something, or is a running maximum: its level says nothing, its
    rate does. One or two rises may be a setting that was changed, which stays a level.

    Examples
    --------
    >>> never_falls(0, 40), never_falls(0, 1), never_falls(3, 40)
    (True, False, False)
    """
    return falls == 0 and rises >= MANY_RISES


def unit_of(metric: str, role: str) -> str:
    """Return the unit of a column made of a metric, as a reader would write it; empty where the name does not tell.

    Parameters
    ----------
    metric : str
        Name of the metric.
    role : str
        rate, mean, gauge, event, or ratio.

    Examples
    --------
    >>> unit_of("container_cpu_usage_seconds_total", "rate"), unit_of("call_seconds", "mean"), unit_of("up", "gauge")
    ('s/s', 's', '')
    """
    if role in ("ratio", "event"):
        return {"ratio": "share", "event": "changes"}[role]
    found = re.search(r"(?:^|_)(seconds|milliseconds|bytes|ratio|cores|celsius)(?:_|$)", metric)
    unit = (
        {"seconds": "s", "milliseconds": "ms", "bytes": "B", "ratio": "share"}.get(found[1], found[1]) if found else ""
    )
    return f"{unit or '1'}/s" if role == "rate" else unit
