"""report.json: the findings as data, the same bytes for the same input."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.investigation import Investigation
from analysis.report.execute import Section
from analysis.views.overview import burn_formula

__all__ = ["document", "figures_of", "to_json"]

SCHEMA_VERSION = 1
PLOTLY = "application/vnd.plotly.v1+json"


def document(result: Investigation, sections: Sequence[Section]) -> dict[str, Any]:
    """Return the content of report.json.

    Parameters
    ----------
    result : Investigation
        What was found.
    sections : sequence of Section
        The executed notebooks.
    """
    incident, values = result.incident, result.values
    partial = bool(result.problems) or any(s.status == "failed" for s in sections)
    burn = values["burn_rate"].as_dict()["value"]
    return {
        "schema_version": SCHEMA_VERSION,
        "incident": {
            "id": incident.spec.id,
            "title": incident.spec.title,
            "window": incident.window.as_dict(),
            "baseline": incident.baseline.as_dict(),
        },
        "status": "partial" if partial else "complete",
        "problems": list(result.problems),
        "incident_found": result.incident_found,
        "headline": result.headline,
        "values": {name: v.as_dict() for name, v in sorted(values.items())},
        "symptom": {
            "bad_requests": values["bad_requests"].value if result.incident_found else values["bad_in_window"].value,
            "requests": values["requests_in_window"].value,
            "objective_ratio": incident.spec.symptom.objective_ratio,
            "episodes": [
                {"id": e.id, **e.window.as_dict(), "bad_requests": e.bad, "requests": e.requests}
                for e in result.case.symptom.episodes
            ],
        },
        "findings": [f.as_dict() for f in result.findings],
        "ledger": [row.as_dict() for row in result.ledger],
        "observations": [o.as_dict() for o in result.observations],
        "impact": {
            "failed_requests": values["failed_requests"].value,
            "slow_requests": values["slow_requests"].value,
            "duration_seconds": values["duration_seconds"].value,
            "error_budget_burn": {"value": burn, "formula": burn_formula()},
        },
        "timeline": [r.as_dict() for r in result.timeline],
        "sections": [s.as_dict() for s in sections],
        "coverage": [c.as_dict() for c in result.coverage],
        "figures": [figure for s in sections for figure in figures_of(s)],
    }


def figures_of(section: Section) -> list[dict[str, Any]]:
    """Return what each figure of a section draws: name, number of points and sum of y of every trace."""
    found: list[dict[str, Any]] = []
    for cell in section.notebook.cells:
        for output in cell.get("outputs", []):
            if PLOTLY in output.get("data", {}):
                traces = [_trace(t) for t in output["data"][PLOTLY]["data"]]
                found.append({"id": f"{section.name}-{len(found) + 1}", "traces": traces})
    return found


def _trace(trace: dict[str, Any]) -> dict[str, Any]:
    y = _numbers(trace.get("z" if trace.get("type") == "heatmap" else "y"))
    return {"name": trace.get("name", ""), "type": trace.get("type", "scatter"), "points": len(y), "sum": _total(y)}


def _numbers(data: Any) -> list[Any]:
    """Return the values of a Plotly array: a list, nested lists, or typed bytes."""
    if isinstance(data, dict) and "bdata" in data:
        return list(np.frombuffer(base64.b64decode(data["bdata"]), dtype=np.dtype(data["dtype"])).tolist())
    if isinstance(data, list) and data and isinstance(data[0], list):
        return [v for row in data for v in row]
    return list(data or [])


def _total(values: list[Any]) -> float:
    known = [v for v in values if isinstance(v, (int, float)) and math.isfinite(v)]
    return float(f"{math.fsum(known):.6g}")


def to_json(found: dict[str, Any]) -> str:
    """Return JSON with sorted keys; NaN is an error, not text."""
    return json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n"
