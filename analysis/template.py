"""`postmortem new`: a commented incident.yaml and a narrative.md to fill in."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import SpecError
from analysis.incident import SPEC_FILE
from analysis.store import replace_atomically

__all__ = ["NARRATIVE", "SPEC", "write_template"]

SPEC = """\
id: {id}
title: What users noticed, in one line
timezone: UTC                  # for display only, e.g. Asia/Seoul; every time below needs an offset
window:   {{start: 2026-01-01T12:00:00Z, end: 2026-01-01T12:30:00Z}}   # when it was bad
baseline: {{start: 2026-01-01T11:00:00Z, end: 2026-01-01T11:45:00Z}}   # a normal time: same load, no overlap
service:  {{namespace: default, workload: my-service}}                 # the service that users felt
symptom:                       # what users felt: without one, nothing can be supported
  source: requests             # a request log: k6 results or an access log; connects: attempts to connect to the
                               # database, from its log (log_connections = on)
  failed: true                 # a failed request is bad
  slower_than_seconds: 1.5     # so is a slower one
  # more_statements_than: 20   # so is one that makes more statements (where the log counts them: mapping statements)
  objective_ratio: 0.99        # share of good requests that was promised
  min_duration_seconds: 30     # a shorter stretch is no incident
timeouts: []                   # as configured: - {{call: redis command, seconds: 1.5}}
changes: []                    # what people know and no system recorded:
                               # - {{time: 2026-01-01T12:40:00Z, kind: limit_removed, what: istio-proxy CPU limit}}
signals: {{}}                    # your own series, taken by a live capture:
                               # errors: {{promql: 'sum by (pod) (rate(errors_total[1m]))', unit: 1/s}}
sources: {{}}                    # where a live capture reads, and files below raw/ (those that are captured are found
                               # without being listed). Secrets are references, env:NAME or file:/path:
  # prometheus: {{url: "http://localhost:9090", auth: env:PROMETHEUS_TOKEN, match: {{cluster: eu-1}}}}
  # kubernetes: {{kubeconfig: env:KUBECONFIG}}
  # gc_logs:    [{{path: raw/gc/gc.log, from: /var/log/app/gc.log, container: app}}]
  # requests:   [{{kind: csv, path: raw/requests/a.csv, mapping: {{time: ts}}}}]     (unusual columns: a mapping)
language: en
review: {{status: draft, owner: null}}
"""

NARRATIVE = """\
<!-- The authors' words. A run never touches this file; the report shows it. Keep the ids in the headings. -->

## Summary {#summary}

What happened, in five lines.

## What went well {#went-well}

## What we were lucky about {#luck}

## Actions {#actions}

| action | owner | due |
|---|---|---|
"""


def write_template(folder: Path) -> tuple[Path, ...]:
    """Write incident.yaml and narrative.md into a folder; neither is overwritten.

    Parameters
    ----------
    folder : Path
        Made if it is not there; its name becomes the id.

    Raises
    ------
    SpecError
        If there is an incident.yaml already.
    """
    spec, narrative = folder / SPEC_FILE, folder / "narrative.md"
    if spec.exists():
        raise SpecError(
            "there is an incident already",
            where=str(spec),
            expected="a folder without one",
            next="choose another folder",
        )
    written = []
    for path, text in ((spec, SPEC.format(id=_id(folder))), (narrative, NARRATIVE)):
        if not path.exists():
            replace_atomically(path, lambda p, t=text: p.write_text(t, encoding="utf-8"))  # type: ignore[misc]
            written.append(path)
    return tuple(written)


def _id(folder: Path) -> str:
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in folder.resolve().name)
    return name.lstrip("._-")[:100] or "incident"
