"""Where the evidence of an incident is: servers, logs, files; the part `sources` of the spec."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from analysis.spec_fields import InsidePath, Model, Reference, Time, Url, Zone

__all__ = [
    "Database", "FileSource", "GcLog", "Kubernetes", "Name", "PrometheusSpec", "QuerySpec", "Requests", "Sources",
]  # fmt: skip


def _label(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("expected a label's name, such as cluster")
    return name


def _query(value: object) -> object:
    return {"promql": value} if isinstance(value, str) else value


Name = Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")]
Label = Annotated[str, AfterValidator(_label)]


class QuerySpec(Model):
    """A query of the author's own: any expression; text alone is its promql."""

    promql: str = Field(min_length=1)
    unit: str = ""
    step_seconds: float | None = Field(default=None, ge=0.1, le=86_400)
    required: bool = True


class PrometheusSpec(Model):
    """Where a live capture reads, as whom, how much of it, and in which form.

    `mode` raw takes real sample times, range a grid of step_seconds, auto raw where the server offers it. `scope` says
    whose series are taken: everything, the service's namespace (and `namespaces`), its workload, or auto: as much as
    the budget of `most_samples` allows. `match` is added to every question of the catalogue (cluster: eu-1).
    """

    url: Url
    auth: Reference | None = None
    tenant: str | None = None
    headers: dict[str, Reference] = Field(default_factory=dict)
    ca: Reference | None = None
    client_cert: Reference | None = None
    client_key: Reference | None = None
    verify: bool = True
    encoding: Literal["identity", "gzip"] = "identity"
    parameters: dict[str, str] = Field(default_factory=dict)
    read_seconds: float = Field(default=60, gt=0, le=3600)
    mode: Literal["auto", "raw", "range"] = "auto"
    step_seconds: float | None = Field(default=None, ge=0.1, le=86_400)
    margin_seconds: float = Field(default=900, ge=0)
    scope: Literal["auto", "everything", "namespace", "workload"] = "auto"
    namespaces: tuple[str, ...] = ()
    match: dict[Label, str] = Field(default_factory=dict)
    most_samples: int = Field(default=20_000_000, ge=1_000)
    questions: tuple[str, ...] | None = None
    catalogue: InsidePath | None = None
    queries: dict[Name, Annotated[QuerySpec, BeforeValidator(_query)]] = Field(default_factory=dict)


class FileSource(Model):
    """A file below raw/; a live capture copies it there from where `from` says."""

    path: InsidePath
    taken_from: str | None = Field(default=None, alias="from", min_length=1)


class GcLog(FileSource):
    """A GC log; `jvm_start` gives times of day to one that has only an uptime."""

    container: str | None = None
    pod: str | None = None
    jvm_start: Time | None = None


class Database(FileSource):
    """A database recording; `prefix` and `timezone` are for text logs, `mapping` for samples of other samplers."""

    kind: str
    vcpu: float | None = Field(default=None, gt=0)
    prefix: str | None = None
    timezone: Zone | None = None
    mapping: dict[str, str] | None = None


class Kubernetes(Model):
    """Kubernetes events and deployments: files, or with a kubeconfig what the API still knows at the capture."""

    events: InsidePath | None = None
    deployments: InsidePath | None = None
    kubeconfig: Reference | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()


class Requests(FileSource):
    """A request log: k6 results or an access log."""

    kind: Literal["k6-json", "k6-csv", "envoy", "nginx", "jsonl", "csv"]
    mapping: dict[str, str] | None = None


class Sources(Model):
    """Where the evidence is."""

    prometheus: PrometheusSpec | None = None
    gc_logs: tuple[GcLog, ...] = ()
    database: tuple[Database, ...] = ()
    kubernetes: Kubernetes = Kubernetes()
    requests: tuple[Requests, ...] = ()
