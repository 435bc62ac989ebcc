"""Which names of labels and flags may keep their values, and why; what is personal by its name. Data, no logic."""

from __future__ import annotations

__all__ = [
    "ADDRESS_LABELS", "EVIDENCE_PREFIXES", "IDENTIFIERS", "IMAGE_LABELS", "NUMBERED", "PERSONAL_LABELS",
    "POOL_PREFIXES", "PUBLIC_REGISTRIES", "ROUTE_LABELS", "RULES_VERSION", "SECRET_WORDS", "STATEMENT_LABELS",
    "TOPOLOGY", "USER_LABELS", "WORDS",
]  # fmt: skip

RULES_VERSION = 2

# Labels whose values stay: without them nothing can be told apart. Addresses, e-mails and tokens inside are replaced
# all the same; the value of a label that is not here becomes a pseudonym whole. Names as `label_names.known_as` gives
# them: `exported_` before one means the same. Reason -> names.
TOPOLOGY: dict[str, tuple[str, ...]] = {
    "the metric and its buckets": (
        "le", "quantile", "unit", "type", "kind", "mode", "state", "phase", "collector", "event", "role",
    ),
    "what runs": (
        "namespace", "pod", "pod_name", "container", "container_name", "name", "job", "service", "app", "component",
        "workload", "deployment", "statefulset", "daemonset", "replicaset", "created_by_kind", "created_by_name",
        "owner_kind", "owner_name", "job_name", "cronjob", "horizontalpodautoscaler", "hpa", "version", "revision",
        "release", "short_version", "redis_version", "golang_version", "goversion", "goos", "goarch", "application",
        "application_name", "service_name", "service_namespace", "service_version", "redis_mode", "maxmemory_policy",
        "kubernetes_namespace", "kubernetes_pod_name", "kubernetes_name", "kubernetes_node", "k8s_namespace_name",
        "k8s_pod_name", "k8s_container_name", "k8s_deployment_name", "k8s_statefulset_name", "k8s_daemonset_name",
        "k8s_replicaset_name", "k8s_job_name", "k8s_cronjob_name", "k8s_node_name", "k8s_cluster_name", "pod_template",
        "git_version", "kernel_version", "kubelet_version", "container_runtime_version", "poddisruptionbudget",
    ),
    "where it runs": (
        "instance", "node", "nodename", "host", "hostname", "cluster", "region", "zone", "cpu", "device", "interface",
        "mountpoint", "fstype", "endpoint", "port", "protocol", "resource", "scope", "server_address", "server_port",
        "net_peer_name", "net_peer_port", "dbinstance_identifier", "dimension_db_instance_identifier",
        "dimension_dbinstance_identifier", "db_instance_identifier", "failure_type", "core", "numa_node",
    ),
    "what became of requests": (
        "code", "status", "status_code", "outcome", "method", "response_code", "response_flags", "grpc_response_status",
        "reason", "result", "success", "expected_response", "cause", "action", "condition", "exitcode", "signal",
        "error", "error_type", "error_code", "exception", "http_response_status_code", "http_request_method",
        "http_method", "http_status_code", "rpc_method", "rpc_service", "rpc_system", "rpc_grpc_status_code",
        "response_code_class", "envoy_response_code", "envoy_response_code_class", "grpc_code", "grpc_method",
        "grpc_service", "grpc_type", "verb",
    ),
    "who called whom": (
        "reporter", "source_workload", "source_workload_namespace", "source_app", "source_service", "source_version",
        "source_cluster", "source_canonical_service", "source_canonical_revision", "source_pod", "destination",
        "destination_workload", "destination_workload_namespace", "destination_app", "destination_service",
        "destination_service_name", "destination_service_namespace", "destination_version", "destination_cluster",
        "destination_canonical_service", "destination_canonical_revision", "destination_pod",
        "connection_security_policy", "request_protocol", "client", "client_name", "server", "upstream",
        "upstream_cluster", "backend", "proxy", "envoy_cluster_name", "envoy_listener_address", "cluster_name", "local",
        "remote", "peer", "peer_service", "target", "operation", "db", "database", "datname", "schema", "relname",
        "table", "index", "pool", "db_operation_name", "db_namespace", "db_system_name", "db_system", "db_name",
        "db_client_connection_state", "db_client_connection_pool_name", "db_client_connections_pool_name", "pool_name",
    ),
    "the virtual machine and its pools": (
        "area", "gc", "generation", "jvm_gc_name", "jvm_gc_action", "jvm_gc_cause", "jvm_memory_pool_name",
        "jvm_memory_type", "jvm_thread_state", "cmd", "command", "wait_event", "wait_event_type", "event_name",
        "backend_type", "lock_mode", "usename",
    ),
}  # fmt: skip
# of these only one word stays: several are somebody's sentence, or somebody's name
WORDS = frozenset((
    "reason", "result", "error", "error_type", "error_code", "exception", "name", "operation", "command", "cmd",
    "client", "client_name", "condition", "event", "role", "kind",
))  # fmt: skip
POOL_PREFIXES = ("jvm_",)  # of metrics whose label `id` names a pool; elsewhere it may be anybody's
# words of a name that says that its values are secrets, whatever else is in it
SECRET_WORDS = frozenset((
    "password", "passwords", "passwd", "pwd", "pass", "passphrase", "token", "tokens", "secret", "secrets", "key",
    "keys", "apikey", "cookie", "cookies", "auth", "authorization", "credential", "credentials", "session", "sessions",
))  # fmt: skip
IDENTIFIERS = frozenset(("queryid", "query_id", "digest", "sql_id", "native_id", "dbid", "userid", "datid"))
NUMBERED = frozenset(("queryid", "query_id", "dbid", "userid", "datid"))  # identifiers that are numbers
STATEMENT_LABELS = frozenset(
    (
        "query",
        "digest_text",
        "statement",
        "sql",
        "sql_text",
        "query_text",
        "normalized_query",
        "statement_text",
        "stmt",
        "db_statement",
        "db_query_text",
        "sqltext",
    )
)
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
