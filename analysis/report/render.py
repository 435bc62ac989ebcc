"""Executed notebooks -> one HTML page, through nbconvert and our own template: offline, escaped, no code shown."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from traitlets.config import Config

from analysis.investigation import Investigation
from analysis.report.document import PLOTLY
from analysis.report.execute import Section
from analysis.report.light import HTMLExporter, nbformat
from analysis.views.view import MIME, View, anchor, markdown

__all__ = ["render"]

HERE = Path(__file__).parent


def render(result: Investigation, sections: Sequence[Section]) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    result : Investigation
        For title and language.
    sections : sequence of Section
        Executed notebooks, in the order of the page.
    """
    exporter = HTMLExporter(
        config=Config(),
        template_name="postmortem",
        extra_template_basedirs=[str(HERE / "templates")],
        exclude_input=True,
    )
    exporter.environment.autoescape = True
    exporter.environment.filters.update(anchor=anchor, prose=markdown, view=_view)
    scripts = [_static("plotly-cartesian.min.js"), _static("report.js")]
    page = {
        "title": result.incident.spec.title,
        "id": result.incident.spec.id,
        "language": "en",
        "styles": Markup(_static("views.css") + _static("report.css")),
        "scripts": [Markup(s) for s in scripts],
        "policy": _policy(scripts),
        "sections": [{"name": s.name, "title": _title(s), "status": s.status, "reason": s.reason} for s in sections],
    }
    html, _ = exporter.from_notebook_node(_merge(sections), resources={"postmortem": page})
    return str(html)


def _merge(sections: Sequence[Section]) -> Any:
    """Return one notebook whose cells know their section and whose figures have the ids of report.json."""
    merged = nbformat.v4.new_notebook()
    for section in sections:
        count = 0
        for cell in [] if section.status == "failed" else section.notebook.cells:
            parts = []
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if PLOTLY in data:
                    count += 1
                    parts.append({"figure": f"{section.name}-{count}", "json": _figure(data[PLOTLY]),
                                  "height": int(data[PLOTLY]["layout"].get("height", 360)),
                                  "names": _names(data[PLOTLY])})  # fmt: skip
                elif MIME in data:
                    parts.append({"view": data[MIME]})
                elif "text/plain" in data:
                    parts.append({"text": data["text/plain"]})
                elif output.get("output_type") == "stream" and output.get("name") == "stdout":
                    parts.append({"text": output["text"]})
            cell["id"] = f"cell-{len(merged.cells)}"  # every notebook counts its own from zero
            cell.metadata["postmortem"] = {"section": section.name, "parts": parts}
            merged.cells.append(cell)
    return merged


def _names(figure: dict[str, Any]) -> str:
    """Return what a figure shows, for readers who do not see it."""
    titles = [str(a.get("text", "")) for a in figure["layout"].get("annotations", []) if a.get("xref") == "paper"]
    return "; ".join(dict.fromkeys(t for t in titles if t)) or "chart"


def _figure(figure: dict[str, Any]) -> Markup:
    """Return a figure as JSON that cannot end its script element."""
    text = json.dumps({"data": figure["data"], "layout": figure["layout"]}, separators=(",", ":"), sort_keys=True)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def _view(found: dict[str, Any]) -> Markup:
    return Markup(View(found["kind"], found["data"]).html())


def _title(section: Section) -> str:
    for cell in section.notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## ") and section.name != "overview":
            return str(cell.source.splitlines()[0].removeprefix("## "))
    return section.name.replace("_", " ").capitalize()


def _static(name: str) -> str:
    return (HERE / "static" / name).read_text(encoding="utf-8")


def _policy(scripts: list[str]) -> str:
    """Return a Content-Security-Policy: only our own scripts, by their hash; nothing is loaded from anywhere."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
