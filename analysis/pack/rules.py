"""Which names of labels and flags may keep their values, and why; what is personal by its name. Data, no logic."""

from __future__ import annotations

__all__ = [
    "ADDRESS_LABELS", "EVIDENCE_PREFIXES", "IDENTIFIERS", "IMAGE_LABELS", "PERSONAL_LABELS", "PUBLIC_REGISTRIES",
    "ROUTE_LABELS", "RULES_VERSION", "STATEMENT_LABELS", "TOPOLOGY", "USER_LABELS",
]  # fmt: skip

RULES_VERSION = 1

# Labels whose values stay: without them nothing can be told apart. Addresses, e-mails and tokens inside are replaced
# all the same. Reason -> names.
TOPOLOGY: dict[str, tuple[str, ...]] = {
    "the metric and its buckets": ("__name__", "le", "quantile", "unit", "type", "kind", "mode", "state", "phase"),
    "what runs": (
        "namespace", "exported_namespace", "pod", "exported_pod", "pod_name", "container", "exported_container",
        "container_name", "name", "job", "exported_job", "service", "exported_service", "app", "component", "workload",
        "deployment", "statefulset", "daemonset", "replicaset", "created_by_kind", "created_by_name", "owner_kind",
        "owner_name", "job_name", "cronjob", "horizontalpodautoscaler", "hpa", "version", "revision", "release",
    ),
    "where it runs": (
        "instance", "exported_instance", "node", "nodename", "host", "hostname", "cluster", "region", "zone", "cpu",
        "device", "interface", "mountpoint", "fstype", "endpoint", "port", "protocol", "resource", "scope",
    ),
    "what became of requests": (
        "code", "status", "status_code", "outcome", "method", "response_code", "response_flags", "grpc_response_status",
        "reason", "result", "success", "expected_response", "cause", "action", "condition", "exitcode", "signal",
    ),
    "who called whom": (
        "reporter", "source_workload", "source_workload_namespace", "source_app", "source_service", "source_version",
        "source_cluster", "source_canonical_service", "source_canonical_revision", "destination_workload",
        "destination_workload_namespace", "destination_app", "destination_service", "destination_service_name",
        "destination_service_namespace", "destination_version", "destination_cluster", "destination_canonical_service",
        "destination_canonical_revision", "connection_security_policy", "request_protocol", "client", "server",
        "upstream", "backend", "proxy", "envoy_cluster_name", "envoy_listener_address", "cluster_name", "local",
        "remote", "peer", "target", "db", "database", "datname", "schema", "relname", "table", "index", "pool",
    ),
    "the virtual machine and its pools": (
        "area", "gc", "generation", "jvm_gc_name", "jvm_gc_action", "jvm_memory_pool_name", "jvm_memory_type", "cmd",
        "command", "wait_event", "wait_event_type", "event_name", "backend_type", "lock_mode", "usename",
    ),
}  # fmt: skip
IDENTIFIERS = frozenset(("queryid", "query_id", "digest", "sql_id", "native_id", "dbid", "userid", "datid"))
STATEMENT_LABELS = frozenset(("query", "digest_text", "statement", "sql", "sql_text", "query_text", "normalized_query"))
ROUTE_LABELS = frozenset(("uri", "path", "route", "url", "handler", "http_route", "http_target", "request_path"))
IMAGE_LABELS = frozenset(("image", "image_spec", "image_id", "container_image"))
ADDRESS_LABELS = frozenset((
    "client_addr", "pod_ip", "host_ip", "internal_ip", "external_ip", "cluster_ip", "remote_addr",
))  # fmt: skip
PERSONAL_LABELS = frozenset((
    "email", "mail", "user", "username", "user_name", "user_id", "userid_external", "account", "account_id",
    "customer", "customer_id", "phone", "msisdn", "login", "subject", "owner_email", "principal", "session",
    "session_id", "request_id", "trace_id", "span_id", "traceparent", "correlation_id", "client_id", "tenant_id",
    "device_id", "card", "iban", "ssn", "address", "full_name", "first_name", "last_name",
))  # fmt: skip
# `user` of a database's exporter is an account of the database, as in its log; elsewhere it is a person.
USER_LABELS, EVIDENCE_PREFIXES = frozenset(("user",)), ("pg_", "mysql_", "redis_", "ccp_")
PUBLIC_REGISTRIES = frozenset((
    "docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "ghcr.io", "quay.io", "gcr.io",
    "registry.k8s.io", "k8s.gcr.io", "mcr.microsoft.com", "public.ecr.aws", "registry.access.redhat.com",
    "registry.redhat.io", "docker.elastic.co", "nvcr.io",
))  # fmt: skip
