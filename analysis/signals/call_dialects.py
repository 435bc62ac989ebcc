"""The dialects in which clients, proxies and servers count calls, as data: names of metrics, labels, units.

Names are those of the libraries' and exporters' own sources (Micrometer, Lettuce, OpenTelemetry, Istio, Envoy, HAProxy,
redis_exporter, postgres_exporter, mysqld_exporter). A metric with a star is any prefix.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["CLIENTS", "PATHS", "SERVERS", "Dialect", "PathDialect", "ServerDialect", "failure_kinds", "is_failure"]

NAMED_BY = (
    "destination", "destination_workload", "destination_service_name", "destination_service", "peer_service",
    "target", "remote", "client_name", "server_address", "net_peer_name", "cluster_name", "envoy_cluster_name",
    "upstream", "proxy", "backend",
)  # fmt: skip
OPERATED_BY = ("operation", "command", "db_operation_name", "method", "http_request_method")


class Dialect(NamedTuple):
    """How a client counts its calls: counters of calls and of their seconds, and counters of failures.

    Parameters
    ----------
    calls, seconds : str
        Metrics; an empty `seconds` is not recorded.
    scale : float
        Seconds per unit of `seconds`.
    failures : tuple of str
        Metrics that count failures beside the calls.
    named_by : tuple of str
        Labels that name the destination, the first that is there.
    only : tuple of (str, str)
        Label values that a series must have.
    operation : str
        Operation of all of its calls; empty: as the label says.
    by_label : bool
        Whether the series' own labels say which calls failed (`is_failure`).
    """

    calls: str
    seconds: str
    scale: float = 1.0
    failures: tuple[str, ...] = ()
    named_by: tuple[str, ...] = NAMED_BY
    only: tuple[tuple[str, str], ...] = ()
    operation: str = ""
    by_label: bool = False


# the nearer to the caller the earlier: of several that count the same calls, the first is read
CLIENTS: tuple[Dialect, ...] = (
    Dialect("*_call_duration_seconds_count", "*_call_duration_seconds_sum", failures=("*_call_errors_total",)),
    Dialect("http_client_requests_seconds_count", "http_client_requests_seconds_sum", operation="request",
            by_label=True),
    Dialect("http_client_request_duration_seconds_count", "http_client_request_duration_seconds_sum",
            operation="request", by_label=True),
    Dialect("db_client_operation_duration_seconds_count", "db_client_operation_duration_seconds_sum",
            named_by=("server_address", "db_namespace", "db_system_name"), operation="query", by_label=True),
    Dialect("lettuce_command_completion_seconds_count", "lettuce_command_completion_seconds_sum", operation="command"),
    Dialect("istio_requests_total", "istio_request_duration_milliseconds_sum", 1e-3, only=(("reporter", "source"),),
            operation="request", by_label=True),
    Dialect("envoy_cluster_upstream_rq_time_count", "envoy_cluster_upstream_rq_time_sum", 1e-3,
            failures=("envoy_cluster_upstream_rq_timeout", "envoy_cluster_upstream_cx_connect_fail",
                      "envoy_cluster_upstream_cx_connect_timeout"), operation="request"),
    Dialect("envoy_cluster_upstream_cx_connect_ms_count", "envoy_cluster_upstream_cx_connect_ms_sum", 1e-3,
            operation="connect"),
    Dialect("istio_tcp_connections_opened_total", "", only=(("reporter", "source"),), operation="open", by_label=True),
)  # fmt: skip


class ServerDialect(NamedTuple):
    """How a server counts the time inside it.

    Parameters
    ----------
    seconds, calls : str
        Counters; an empty `calls` is not recorded.
    scale : float
        Seconds per unit of `seconds`.
    product : str
        What the server is; empty for a workload of one's own.
    serial : bool
        Whether it does one thing at a time: then all calls wait while it is busy, and its clock knows no queue.
    only : tuple of (str, str)
        Label values that a series must have.
    """

    seconds: str
    calls: str
    scale: float = 1.0
    product: str = ""
    serial: bool = False
    only: tuple[tuple[str, str], ...] = ()


SERVERS: tuple[ServerDialect, ...] = (
    ServerDialect("redis_commands_duration_seconds_total", "redis_commands_total", product="redis", serial=True),
    ServerDialect("pg_stat_database_active_time_seconds_total", "", product="postgres"),
    ServerDialect("pg_stat_database_active_time", "", 1e-3, product="postgres"),  # milliseconds, though nothing says so
    ServerDialect("mysql_perf_schema_events_statements_seconds_total", "mysql_perf_schema_events_statements_total",
                  product="mysql"),
    ServerDialect("istio_request_duration_milliseconds_sum", "istio_requests_total", 1e-3,
                  only=(("reporter", "destination"),)),
    ServerDialect("http_server_requests_seconds_sum", "http_server_requests_seconds_count"),
    ServerDialect("http_server_request_duration_seconds_sum", "http_server_request_duration_seconds_count"),
)  # fmt: skip


class PathDialect(NamedTuple):
    """How a proxy splits a call's time: mean until connected, mean until answered, as gauges or as sum and count."""

    connect: str
    response: str
    scale: float = 1.0
    counted: bool = False


PATHS: tuple[PathDialect, ...] = (
    PathDialect("haproxy_backend_connect_time_average_seconds", "haproxy_backend_response_time_average_seconds"),
    PathDialect("envoy_cluster_upstream_cx_connect_ms", "envoy_cluster_upstream_rq_time", 1e-3, counted=True),
)

_BAD_STATUS = re.compile(r"5\d\d|0|.*ERROR.*", re.IGNORECASE)
_BAD_FLAGS = frozenset({"UF", "UH", "UT", "UO", "UC", "UR", "LR", "DC", "URX", "NC", "DPE", "UPE", "UMSDR", "OM", "DF"})


def failure_kinds(labels: dict[str, str]) -> frozenset[str]:
    """Return what is known of the calls that a series of failures counts: late, unconnected, uncalled.

    Parameters
    ----------
    labels : dict of str to str
        __name__, kind, response_flags.

    Returns
    -------
    frozenset of str
        late: it was connected, and no answer came in time; unconnected: no connection was made; uncalled: it is not
        among the calls that ended, as it never became one (it got no connection, from a pool for example).

    Examples
    --------
    >>> sorted(failure_kinds({"kind": "read_timeout"})), sorted(failure_kinds({"kind": "pool_timeout"}))
    (['late'], ['uncalled'])
    >>> sorted(failure_kinds({"__name__": "envoy_cluster_upstream_cx_connect_fail"}))
    ['uncalled', 'unconnected']
    """
    name, kind, flags = labels.get("__name__", ""), labels.get("kind", ""), labels.get("response_flags", "").split(",")
    found = set[str]()
    if kind == "read_timeout" or "UT" in flags or name.endswith("_upstream_rq_timeout"):
        found.add("late")
    if "connect" in kind or set(flags) & {"UF", "UH"} or "_upstream_cx_connect_" in name:
        found.add("unconnected")
    if "pool" in kind or "_upstream_cx_connect_" in name:
        found.add("uncalled")
    return frozenset(found)


def is_failure(labels: dict[str, str]) -> bool:
    """Return whether the labels of a series say that its calls failed.

    Parameters
    ----------
    labels : dict of str to str
        status, response_code, http_response_status_code, outcome, error_type, response_flags.

    Examples
    --------
    >>> is_failure({"status": "IO_ERROR"}), is_failure({"response_code": "200", "response_flags": "DC"})
    (True, True)
    >>> is_failure({"status": "404"}), is_failure({"response_code": "200", "response_flags": "-"})
    (False, False)
    """
    status = [labels.get(name, "") for name in ("status", "response_code", "http_response_status_code", "outcome")]
    flags = set(labels.get("response_flags", "").split(","))
    return any(_BAD_STATUS.fullmatch(text) for text in status if text) or bool(
        flags & _BAD_FLAGS or labels.get("error_type")
    )
