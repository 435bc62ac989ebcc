"""The first screen and what opens below it: headline, cards, impact, findings, ledger, timeline, data quality."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd

from analysis.findings import Finding, number
from analysis.investigation import Investigation
from analysis.sensitivity import compared
from analysis.views.view import View

__all__ = [
    "burn_formula", "cards", "coverage_table", "details", "headline", "impact", "lead", "ledger_table", "narrative",
    "notes", "timeline_table", "title_of",
]  # fmt: skip

WORDS = {
    "supported": "supported", "refuted": "refuted", "insufficient": "insufficient", "not_testable": "not testable",
    "not_tested": "not tested",
}  # fmt: skip
SHAPES = {"supported": "●", "refuted": "✕", "insufficient": "◐", "not_testable": "○", "not_tested": "◌"}
PASSED = {True: "✓ passed", False: "✕ failed", None: "– not decidable"}
PLACES = {"localisation": "where", "trigger": "trigger", "effect": "effect"}
ABBREVIATIONS = {"cpu": "CPU", "gc": "GC", "db": "DB"}
MOST_CARDS = 5


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


def lead(result: Investigation, *hypotheses: str, absent: str, most: int = 3) -> View:
    """Return the first sentences of a section: what was found, supported first; of kind `unavailable` without evidence.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    *hypotheses : str
        Those that the section is about.
    absent : str
        What to say where none of them found anything to test.
    most : int
        Findings to say at most.
    """
    own = [f for f in result.findings if f.hypothesis in hypotheses]
    supported = [f for f in own if f.rank is not None]
    text = " ".join(f.statement for f in (supported or own)[:most]) or absent
    without = all(f.verdict == "not_testable" for f in own) and bool(result.case.symptom.episodes)
    return View("unavailable" if without else "sentence", {"text": text})


def _short(finding: Finding) -> str:
    """Return the one thing to say on a card: why not, or how much."""
    values, tests = finding.values, {t.name: t for t in finding.tests}
    if "throttled_ratio" in values:
        now, before = values["throttled_ratio"].text, values["throttled_baseline_ratio"].text
        return f"throttled in {now} of periods, {before} in the baseline"
    if finding.verdict == "supported" and "magnitude" in tests:
        return tests["magnitude"].words
    against = [t.words for t in finding.tests if t.passed is False and t.name in ("timing", "magnitude", "specificity")]
    undecided = [t.reason for t in finding.tests if t.passed is None and t.reason]
    return next(iter([*against, *undecided]), "")


def cards(result: Investigation, most: int = MOST_CARDS) -> View:
    """Return a card for each supported finding, and the other suspects in one line each, those not tested too."""
    supported = [f for f in result.findings if f.rank is not None]
    items = [
        {
            "id": f.id,
            "verdict": f.verdict,
            "word": _word(f),
            "shape": SHAPES[f.verdict],
            "place": f"rank {f.rank}" if f.role == "mechanism" else PLACES[f.role],
            "title": title_of(f.hypothesis),
            "entity": f"{f.entity.container} of {f.entity.workload}" if f.entity.container else f.entity.workload,
            "short": _short(f),
        }
        for f in supported[:most]
    ]
    by_id = {f.id: f for f in result.findings}
    others = [
        {
            "id": row.findings[0] if row.findings else "ledger",
            "word": WORDS[row.state],
            "shape": SHAPES[row.state],
            "verdict": row.state,
            "title": row.suspect,
            "short": _short(by_id[row.first]) if row.first in by_id else row.reason,
        }
        for row in result.ledger
        if row.state != "supported"
    ]
    return View("cards", {"items": items, "others": others, "more": max(len(supported) - most, 0)})


def title_of(hypothesis: str) -> str:
    """Return the name of a hypothesis in words.

    Examples
    --------
    >>> title_of("cpu_throttling"), title_of("gc_pauses"), title_of("lock_contention")
    ('CPU throttling', 'GC pauses', 'lock contention')
    """
    return " ".join(ABBREVIATIONS.get(word, word) for word in hypothesis.split("_"))


def impact(result: Investigation) -> View:
    """Return what it cost: requests, duration, error budget; what is not recorded is said."""
    v = result.values
    if result.incident_found is None:
        return View("impact", {"items": [], "text": "Impact: not measurable, no request was recorded in the window."})
    if not result.incident_found:
        return View("impact", {"items": [], "text": "Impact: none; the objective was not missed for long enough."})
    unit, heavy = v["unit"].text, v["more_statements_than"]
    counted = [(f"failed {unit}", "failed_requests"), (f"slow {unit}", "slow_requests")]
    counted += [(f"{unit} with more than {heavy.text} statements", "heavy_requests")] if heavy.value is not None else []
    items = [
        *({"name": name, "text": v[key].text} for name, key in counted),
        {"name": f"share of {unit}", "text": v["bad_ratio"].text},
        {"name": "duration", "text": v["duration_seconds"].text},
        {"name": f"error budget of {v['objective_ratio'].text}", "text": f"{v['burn_rate'].text} x burn"},
    ]
    return View(
        "impact", {"items": items, "text": "Detection and mitigation times are not recorded. " + burn_formula()}
    )


def burn_formula() -> str:
    """Return how the burn rate is computed."""
    return "Burn: share of bad requests in the bad intervals / (1 - objective)."


def details(result: Investigation, most: int = 30) -> View:
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


def ledger_table(result: Investigation) -> View:
    """Return every suspect that an engineer would name: what became of it, why, and the data that would decide it."""
    by_id = {f.id: f for f in result.findings}
    rows = [
        [f"{SHAPES[r.state]}\N{NO-BREAK SPACE}{WORDS[r.state].replace(' ', chr(160))}", r.suspect,
         _short(by_id[r.first]) if r.first in by_id else r.reason, r.data or "–"]
        for r in result.ledger
    ]  # fmt: skip
    tested = sum(r.state in ("supported", "refuted", "insufficient") for r in result.ledger)
    caption = f"{len(rows)} suspects, {tested} of them tested"
    columns = ["state", "suspect", "why", "data that would decide it"]
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": False, "id": "ledger"})


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
    signals = f"{len(result.coverage)} signal{'' if len(result.coverage) == 1 else 's'}"
    caption = f"Data quality: {signals}, the thinnest has {low:.0%} of its samples in the window"
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": True})


def narrative(result: Investigation) -> View:
    """Return the authors' words from narrative.md, as they stand there."""
    path = result.incident.folder / "narrative.md"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return View("markdown", {"text": text, "empty": "No narrative.md was written yet."})
