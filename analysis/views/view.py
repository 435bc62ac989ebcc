"""Data of one kind, shown by one template that escapes every text.

A view is shown in JupyterLab through its HTML; the report renders the same data with the same template. No HTML of a
notebook reaches the report, so no label of the evidence can become markup there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

__all__ = ["MIME", "View", "anchor", "environment", "markdown"]

MIME = "application/vnd.postmortem+json"


@cache
def environment() -> Environment:
    """Return the template environment; every text is escaped."""
    folder = Path(__file__).parent.parent / "report" / "templates"
    found = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(anchor=anchor, markdown=markdown)
    return found


def anchor(text: str) -> str:
    """Return an id for a link target.

    Examples
    --------
    >>> anchor("cpu_throttling:payments/api <x>")
    'cpu_throttling-payments-api-x'
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")


def markdown(text: str) -> Markup:
    """Return Markdown as HTML; HTML inside it is shown as text, {#id} after a heading becomes its id.

    Examples
    --------
    >>> str(markdown("a <b>c</b>")).strip()
    '<p>a &lt;b&gt;c&lt;/b&gt;</p>'
    """
    import mistune

    without_comments = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    renderer = mistune.HTMLRenderer(escape=True)
    renderer.image = lambda text, url, **_: mistune.escape(f"[image {text}: {url}]")  # nothing is ever loaded
    html = str(mistune.create_markdown(renderer=renderer, plugins=["table", "strikethrough"])(without_comments))
    return Markup(re.sub(r"<h(\d)>(.*?)\s*\{#([A-Za-z0-9_-]+)\}</h\1>", r'<h\1 id="\3">\2</h\1>', html))


@dataclass(frozen=True)
class View:
    """Data of one kind, for the template `views.html.j2`.

    Examples
    --------
    >>> View("sentence", {"text": "<b>no</b>"}).html()
    '<p class="lead">&lt;b&gt;no&lt;/b&gt;</p>'
    """

    kind: str
    data: dict[str, Any]

    def html(self) -> str:
        """Return the view as HTML, every text escaped."""
        return str(environment().get_template("views.html.j2").module.render(self.kind, self.data)).strip()  # type: ignore[attr-defined]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        style = (Path(__file__).parent.parent / "report" / "static" / "views.css").read_text(encoding="utf-8")
        html = f'<style>{style}</style><div class="pm">{self.html()}</div>'
        return {MIME: {"kind": self.kind, "data": self.data}, "text/html": html, "text/plain": self.plain()}

    def plain(self) -> str:
        """Return the view as plain text."""
        return str(self.data.get("text") or self.data.get("caption") or self.kind)
