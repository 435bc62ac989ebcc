"""What a notebook shows beside figures: sentences, cards, tables. Data with a kind; one template escapes every text.

A view is shown in JupyterLab through its HTML; the report renders the same data with the same template. No HTML of a
notebook reaches the report, so no label of the evidence can become markup there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis.findings import Finding, number
from analysis.hypotheses.throttle_words import class_in
from analysis.investigation import Investigation
from analysis.sensitivity import compared

__all__ = ["View", "cards", "container_table", "coverage_table", "details", "headline", "impact", "narrative", "notes",
           "timeline_table"]  # fmt: skip

MIME = "application/vnd.postmortem+json"
WORDS = {"supported": "supported", "refuted": "refuted", "insufficient": "insufficient", "not_testable": "not testable"}
SHAPES = {"supported": "●", "refuted": "✕", "insufficient": "◐", "not_testable": "○"}
PASSED = {True: "✓ passed", False: "✕ failed", None: "– not decidable"}
MOST_CARDS = 7


@cache
def environment() -> Environment:
    """Return the template environment; every text is escaped."""
    folder = Path(__file__).parent / "report" / "templates"
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
        style = (Path(__file__).parent / "report" / "static" / "views.css").read_text(encoding="utf-8")
        html = f'<style>{style}</style><div class="pm">{self.html()}</div>'
        return {MIME: {"kind": self.kind, "data": self.data}, "text/html": html, "text/plain": self.plain()}

    def plain(self) -> str:
        """Return the view as plain text."""
        return str(self.data.get("text") or self.data.get("caption") or self.kind)


def _at(time: pd.Timestamp) -> str:
    return f"{time:%H:%M:%S}"


def headline(result: Investigation) -> View:
    """Return the headline with the windows, UTC first and local time beside."""
    incident, zone = result.incident, ZoneInfo(result.incident.spec.timezone)
    window, baseline = incident.window, incident.baseline
    local = window.start.tz_convert(zone)
    beside = f" ({local:%H:%M %Z})" if incident.spec.timezone != "UTC" else ""
    first, rest = [*result.headline.split("; ", 1), ""][:2]
    seen = [o.statement for o in result.observations if o.name == "throttling_without_harm"]
    if result.incident_found is False and seen:
        rest = f"Seen: {seen[0]}"
    return View("headline", {
        "text": first,
        "rest": f"{rest[:1].upper()}{rest[1:]}",
        "title": incident.spec.title,
        "status": incident.spec.review.status,
        "owner": incident.spec.review.owner or "no owner",
        "window": f"{window.start:%Y-%m-%d} {_at(window.start)} to {_at(window.end)} UTC{beside}",
        "baseline": f"{_at(baseline.start)} to {_at(baseline.end)} UTC",
        "problems": list(result.problems),
    })  # fmt: skip


def _short(finding: Finding) -> str:
    values = finding.values
    if "throttled_ratio" in values:
        now, before = values["throttled_ratio"].text, values["throttled_baseline_ratio"].text
        return f"throttled in {now} of periods, {before} in the baseline"
    return next((t.reason for t in finding.tests if t.reason), "") or ""


def cards(result: Investigation, most: int = MOST_CARDS) -> View:
    """Return one card for each finding, at most seven; the others are counted and listed below."""
    shown = result.findings[:most]
    items = [
        {
            "id": f.id,
            "verdict": f.verdict,
            "word": _word(f),
            "shape": SHAPES[f.verdict],
            "rank": f.rank,
            "title": f.hypothesis.replace("_", " ").replace("cpu", "CPU"),
            "entity": f"{f.entity.container} of {f.entity.workload}" if f.entity.container else f.entity.workload,
            "short": _short(f),
        }
        for f in shown
    ]
    return View("cards", {"items": items, "more": len(result.findings) - len(shown)})


def impact(result: Investigation) -> View:
    """Return what it cost: requests, duration, error budget; what is not recorded is said."""
    v = result.values
    if result.incident_found is None:
        return View("impact", {"items": [], "text": "Impact: not measurable, no request was recorded in the window."})
    if not result.incident_found:
        return View("impact", {"items": [], "text": "Impact: none; the objective was not missed for long enough."})
    items = [
        {"name": "failed requests", "text": v["failed_requests"].text},
        {"name": "slow requests", "text": v["slow_requests"].text},
        {"name": "share of requests", "text": v["bad_ratio"].text},
        {"name": "duration", "text": v["duration_seconds"].text},
        {"name": f"error budget of {v['objective_ratio'].text}", "text": f"{v['burn_rate'].text} x burn"},
    ]
    return View(
        "impact", {"items": items, "text": "Detection and mitigation times are not recorded. " + burn_formula()}
    )


def burn_formula() -> str:
    """Return how the burn rate is computed."""
    return "Burn: share of bad requests in the bad intervals / (1 - objective)."


def details(result: Investigation, most: int = 12) -> View:
    """Return every finding as a card that opens: statement, the five tests, what it does not show, its evidence."""
    items = []
    counts = compared(result.sensitivity) if result.sensitivity is not None else {}
    for f in result.findings[:most]:
        tests = [
            {
                "name": t.name,
                "passed": PASSED[t.passed],
                "state": {True: "yes", False: "no", None: "open"}[t.passed],
                "words": t.words or t.reason or "",
                "n": number(t.n) if t.n else "",
                "p": number(t.p_value, 2) if t.p_value is not None else "",
            }
            for t in f.tests
        ]
        items.append({
            "id": f.id, "verdict": f.verdict, "word": _word(f), "shape": SHAPES[f.verdict], "rank": f.rank,
            "statement": f.statement, "tests": [*tests, *_steadiness(f, counts)],
            "caveats": list(f.caveats), "evidence": list(f.evidence),
            "pods": list(f.entity.pods[:20]), "more_pods": max(len(f.entity.pods) - 20, 0), "open": f.rank == 1,
        })  # fmt: skip
    rest = [{"id": f.id, "word": _word(f), "statement": f.statement} for f in result.findings[most:]]
    return View("details", {"items": items, "rest": rest})


def _word(finding: Finding) -> str:
    return WORDS[finding.verdict] + (", fragile" if finding.fragile else "")


def _steadiness(finding: Finding, counts: dict[str, int]) -> list[dict[str, str]]:
    """Return the row that says under how many variations of the incident a verdict holds; none where none was tried."""
    if finding.id not in counts:
        return []
    tried = counts[finding.id]
    kinds = f"{tried} variations of windows, step and thresholds"
    if finding.fragile:
        passed, state = "✕ fragile", "no"
        words = f"the verdict changes with {len(finding.fragile)} of {kinds}: {', '.join(finding.fragile)}"
    elif tried:
        passed, state, words = "✓ holds", "yes", f"the verdict holds under all {kinds} that can be compared"
    else:
        passed, state, words = "– not decidable", "open", "no variation of windows, step or thresholds can be compared"
    return [{"name": "sensitivity", "passed": passed, "state": state, "words": words, "n": number(tried), "p": ""}]


def notes(result: Investigation) -> View:
    """Return the observations: worth knowing, accusing nobody."""
    found = [o.statement for o in result.observations]
    return View("notes", {"items": found, "empty": "Nothing."})


def timeline_table(result: Investigation) -> View:
    """Return what happened, row by row, with the file that says so."""
    zone = ZoneInfo(result.incident.spec.timezone)
    rows = [
        [
            _at(r.time),
            f"{r.time.tz_convert(zone):%H:%M:%S}",
            _at(r.end) if r.end is not None else "",
            r.kind.replace("_", " "),
            r.what,
            r.source,
        ]
        for r in result.timeline
    ]
    columns = ["UTC", result.incident.spec.timezone, "until (UTC)", "kind", "what", "source"]
    return View("table", {"caption": f"Timeline: {len(rows)} rows", "columns": columns, "rows": rows, "folded": True})


def coverage_table(result: Investigation) -> View:
    """Return how much of every signal is there, and what of the sources was not recognised."""
    rows = [
        [c.signal, f"{c.present:,} of {c.expected:,}", f"{c.ratio:.0%}",
         "unknown" if c.resolution_seconds is None else f"{number(c.resolution_seconds)} s",
         "; ".join(f"{a} to {b}" for a, b in c.gaps) or "none"]
        for c in result.coverage
    ]  # fmt: skip
    for r in result.evidence.reports:
        lost = f"{r.unrecognised:,} not recognised" + ("; cut short" if r.truncated else "")
        rows.append(
            [r.file, f"{r.recognised:,} of {r.records:,} records", "", "", "; ".join([lost, *r.notes, *r.samples])]
        )
    columns = ["signal or file", "present", "share", "resolution", "gaps, or what was not recognised"]
    low = min((c.ratio for c in result.coverage), default=0.0)
    caption = f"Data quality: {len(result.coverage)} signals, the thinnest has {low:.0%} of its samples in the window"
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": True})


def container_table(result: Investigation, most: int = 60) -> View:
    """Return every container in window and baseline: throttled ratio, active share, use of the limit, class."""
    rows = []
    for (namespace, workload, container), cpus in result.case.groups.items():
        for name, window in (("incident", result.incident.window), ("baseline", result.incident.baseline)):
            elapsed = sum(float(c.periods.value[c.periods.within(window)].reshape(-1, 2)[:, 0].sum()) for c in cpus)
            hit = sum(float(c.periods.value[c.periods.within(window)].reshape(-1, 2)[:, 1].sum()) for c in cpus)
            active = [c.active_share(window) for c in cpus]
            use = [c.usage_cores(window) / c.limit_cores for c in cpus]
            rows.append([
                f"{namespace}/{workload}/{container}", number(len(cpus)), name,
                _share(hit / elapsed if elapsed else float("nan")), _share(sum(active) / len(active)),
                _share(sum(use) / len(use)), class_in(cpus, window) or "unknown",
            ])  # fmt: skip
    columns = ["container", "pods", "window", "throttled periods", "active share", "CPU used / limit", "class"]
    more = f" (first {most} of {len(rows)} rows)" if len(rows) > most else ""
    data = {"caption": f"Every container{more}", "columns": columns, "rows": rows[:most], "folded": False}
    return View("table", data)


def _share(x: float) -> str:
    return f"{number(100 * x)} %" if x == x else "undefined"


def narrative(result: Investigation) -> View:
    """Return the authors' words from narrative.md, as they stand there."""
    path = result.incident.folder / "narrative.md"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return View("markdown", {"text": text, "empty": "No narrative.md was written yet."})
