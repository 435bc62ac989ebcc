"""What was asked of a server and what came: failed, partial, not there; in words, and what follows from that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from analysis.asked import Asked, standing
from analysis.findings import number, value
from analysis.investigation import Investigation
from analysis.views.overview import title_of
from analysis.views.scrapes import COLUMNS, scrape_rows, scraped
from analysis.views.server import facts_of, from_files, of_pack
from analysis.views.view import View

__all__ = ["asked_lines", "asked_table", "coverage_lines"]

OWN = {"signals": "signal", "queries": "query"}  # questions of the author, each of which stands alone
WORDS = {"failed": "failed", "partial": "partial", "empty": "not there", "skipped": "not asked", "ok": "came"}
SHAPES = {"failed": "✕", "partial": "◐", "empty": "○", "skipped": "◌", "ok": "●"}
WORST_FIRST = tuple(WORDS)
COUNTED = {"ok": "answered", "partial": "partial", "failed": "failed", "skipped": "not asked", "empty": "without data"}
MOST_WORDS = 6
MOST_ROWS = 100


def asked_table(result: Investigation) -> View:
    """Return what was asked of the server and what became of it, the worst first; a sentence where no server was asked.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Examples
    --------
    >>> from analysis.investigation import investigate
    >>> asked_table(investigate("data/incidents/D-quiet-control")).data["text"][:43]
    'No server of metrics was asked: the evidenc'
    """
    manifest = result.evidence.manifest
    asked = standing(manifest.queries)
    if not asked:
        return View("sentence", {"text": " ".join([*of_pack(manifest), from_files(manifest)])})
    counts: Counter[str] = Counter(one.status for one in asked)
    told = ", ".join(f"{counts[status]:,} {COUNTED[status]}" for status in reversed(WORST_FIRST) if counts[status])
    rows = _rows(asked, manifest.server)
    data: dict[str, Any] = {
        "caption": f"Asked of the server: {len(asked):,} quer{'y' if len(asked) == 1 else 'ies'}, {told}",
        "columns": ["state", "question", "what came", "what did not, and what that means"],
        "rows": [[*row[:3], row[3] or "–"] for row in rows[:MOST_ROWS]], "folded": True,
        "lead": [*of_pack(manifest), *facts_of(manifest.server, asked)],
        "open": any(counts[status] for status in ("failed", "partial")),
    }  # fmt: skip
    if len(rows) > MOST_ROWS:
        data["rows"].append(["", f"and {len(rows) - MOST_ROWS:,} more", "", "listed in raw/manifest.json"])
    return View("table", data)


def asked_lines(result: Investigation) -> list[str]:
    """Return a line for each question that was not answered in full, the worst first; empty where no server was asked.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    manifest = result.evidence.manifest
    rows = _rows(standing(manifest.queries), manifest.server)
    plain = [tuple(cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row) for row in rows if row[3]]
    return [*of_pack(manifest), *(f"{state}  {question}: {meaning}" for state, question, _, meaning in plain)]


def coverage_lines(result: Investigation) -> list[tuple[str, ...]]:
    """Return the coverage of every scrape target as text: heads, then a row each, the worst first; empty without any.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Examples
    --------
    >>> from analysis.investigation import investigate
    >>> coverage_lines(investigate("data/incidents/D-quiet-control"))[0][:2]
    ('target', 'samples in the incident')
    """
    rows = scrape_rows(scraped(result))
    return [COLUMNS, *rows] if rows else []


def _rows(asked: Sequence[Asked], server: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return state, question, what came and what did not: a row for each question, the worst first."""
    groups: dict[str, list[Asked]] = {}
    for one in asked:
        groups.setdefault(one.id if one.question in OWN else one.question, []).append(one)
    missing: dict[str, list[str]] = {}
    for line in server.get("not_there", ()):
        question, _, words = str(line).partition(": ")
        missing.setdefault(question, []).append(words)
    keyed = []
    for key in dict.fromkeys([*groups, *missing]):
        records, absent = groups.get(key, []), missing.get(key, [])
        status = _worst(records) if records else "empty"
        required = any(one.required and one.status == "failed" for one in records)
        title = _title(key, records)
        row = (_state(status), title, _came(records), _meaning(title, records, absent))
        keyed.append(((not required, WORST_FIRST.index(status), key), row))
    return [row for _, row in sorted(keyed, key=lambda pair: pair[0])]


def _state(status: str) -> str:
    return f"{SHAPES[status]} {WORDS[status]}".replace(" ", "\N{NO-BREAK SPACE}")


def _worst(records: Sequence[Asked]) -> str:
    """Return the status of a question: failed if a query of it did; without data only if all of them were."""
    found = {one.status for one in records}
    if found & {"ok", "partial"}:
        found.discard("empty")
    return min(found, key=WORST_FIRST.index)


def _title(key: str, records: Sequence[Asked]) -> str:
    own = next((one for one in records if one.question in OWN), None)
    if own is not None:
        return f"{OWN[own.question]} {own.id.partition('/')[2] or own.id}"
    dialects = sorted({d for one in records if one.series for d in one.dialect.split(", ") if d})
    return title_of(key) + (f" ({', '.join(dialects)})" if dialects else "")


def _came(records: Sequence[Asked]) -> str:
    with_data = [one for one in records if one.samples]
    if not with_data:
        return "nothing"
    of_query: dict[str, int] = {}  # of two stretches of time the series are mostly the same
    for one in with_data:
        of_query[one.id] = max(one.series, of_query.get(one.id, 0))
    series, samples = sum(of_query.values()), sum(one.samples for one in with_data)
    told = [f"{series:,} series, {samples:,} samples"]
    if len(records) > len(with_data):
        told.append(f"of {len(with_data):,} of {len(records):,} queries")
    steps = sorted({one.step_seconds for one in with_data if one.mode == "range" and one.step_seconds})
    if steps:
        told.append(f"on a grid of {', '.join(number(s) for s in steps)} s, not as scraped")
    scopes = sorted({one.scope for one in with_data} - {"everything", "own", ""})
    if scopes:
        told.append(f"of the {' or '.join(scopes)} only")
    return ", ".join(told)


def _meaning(title: str, records: Sequence[Asked], absent: Sequence[str]) -> str:
    """Return what did not come, in the server's words, and that without any data the question is open."""
    told = []
    for one in sorted(records, key=lambda a: (not a.required, WORST_FIRST.index(a.status), a.id)):
        need = ", and required" if one.required else ""
        reason = one.reason or "; ".join([*one.warnings, *one.left_out]) or "no reason was given"
        if one.status in ("failed", "skipped"):
            told.append(f"{WORDS[one.status]}{need}: {one.promql}: {reason}")
        elif one.status == "partial":
            told.append(f"partial{need}: {one.promql}: {reason}")
        elif one.status == "empty":
            told.append(f"not there{need}: {one.promql}")
        told += [f"left out of {one.promql}: {text}" for text in one.left_out if one.status == "ok"]
    told += [text if text.startswith("no ") else f"not there: {text}" for text in absent]
    shift = max((one.time_shift_seconds for one in records if one.samples), default=0.0)
    if shift:
        told.append(f"its values may be stamped up to {value(shift, 'seconds').text} late")
    if len(told) > MOST_WORDS:
        told = [*told[:MOST_WORDS], f"and {len(told) - MOST_WORDS:,} more"]
    if not any(one.samples for one in records):
        told.append(f"so nothing that {title} would show can be tested" if title.split(" ")[0] in OWN.values()
                    else f"so nothing about {title} can be tested on metrics of this server")  # fmt: skip
    return "; ".join(told)
