"""What the page says of the ranking: one sentence, the table, what chance would do, what was left out."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.findings import number, value
from analysis.hypotheses.attributes import attribute_contrast
from analysis.investigation import Investigation
from analysis.series import median_step_seconds
from analysis.suspects.document import best_series, headline, level, levels, reason_counts
from analysis.suspects.gaps import missing_by_target
from analysis.suspects.wide import Suspects
from analysis.suspects.words import ORDER_STEPS
from analysis.views.view import View

__all__ = ["attributes", "chance", "entity_table", "gaps", "not_ranked", "ranked", "remarks", "series_table"]

TOP = 10
ALPHA = 0.05
LEAST_P = 0.001
NO_BREAK = "\u00a0"  # a number and its unit stay on one line


def ranked(found: Suspects) -> View:
    """Return how many series were compared, and which changed most, or why none is named.

    Parameters
    ----------
    found : Suspects
        From `suspects_of`.
    """
    return View("sentence", {"text": headline(found.ranking, found.wide)})


def entity_table(found: Suspects, most: int = TOP) -> View:
    """Return the entities by rank, each with the series that changed most.

    Parameters
    ----------
    found : Suspects
        From `suspects_of`.
    most : int
        Rows.
    """
    best, frame = best_series(found.ranking), found.ranking.entities
    rows = [_row(found, row, best[row["entity"]]) for row in frame.head(most).to_dict("records")]
    caption = (
        f"What changed with the incident: the first {len(rows)} of {len(frame):,} entities, each by its first series"
    )
    if found.ranking.abstained:
        caption = f"The order of change, {len(rows)} of {len(frame):,} entities: none of them is named a suspect"
    return _table(caption, rows, folded=found.ranking.abstained)


def series_table(found: Suspects, most: int = 2 * TOP) -> View:
    """Return the series by rank.

    Parameters
    ----------
    found : Suspects
        From `suspects_of`.
    most : int
        Rows.
    """
    frame = found.ranking.series
    rows = [_row(found, row, row["series"]) for row in frame.head(most).to_dict("records")]
    return _table(f"The first {len(rows)} of {len(frame):,} series", rows, folded=True)


def _table(caption: str, rows: list[list[str]], *, folded: bool) -> View:
    columns = ["rank", "suspect", "what changed", "baseline", "incident", "spreads", "began (UTC)", "to the symptom",
               "r with symptom", "p", "q"]  # fmt: skip
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": folded})


def _row(found: Suspects, row: dict[Any, Any], name: str) -> list[str]:
    """Return the cells of an entity or a series; what its reason adds to the numbers stands behind the name."""
    about = found.wide.told(name)
    said = [part for part in str(row["reason"]).split("; ") if "taken off" in part or about.kind == "event"]
    before, during = (level(x, about.unit) for x in levels(found.wide, name)) if about.kind != "event" else ("", "")
    began = f"{row['onset']:%H:%M:%S}" if pd.notna(row["onset"]) else "–"
    r = number(row["co_movement"], 2) if pd.notna(row["co_movement"]) and about.kind != "event" else "–"
    before, during, order = (
        text.replace(" ", NO_BREAK) for text in (before, during, _order(row["lead_seconds"], found))
    )
    return [
        str(row["rank"]), row["entity"], "; ".join([about.stat, *said]), before, during, number(row["score"]), began,
        order, r, _chance(row["p_value"]), _chance(row["q_value"]),
    ]  # fmt: skip


def _order(lead: float, found: Suspects) -> str:
    """Return whether a series began before the symptom; no order is claimed within two steps."""
    if not math.isfinite(lead):
        return "–"
    near = ORDER_STEPS * median_step_seconds(pd.DatetimeIndex(found.wide.frame.index))
    if abs(lead) <= near:
        return f"within {value(near, 'seconds').text}"
    return f"{value(abs(lead), 'seconds').text} {'earlier' if lead > 0 else 'later'}"


def _chance(p: float) -> str:
    if not math.isfinite(p):
        return "–"
    return number(p, 2) if p >= LEAST_P else f"< {LEAST_P:g}"


def chance(found: Suspects) -> View:
    """Return how many of the tested series pass, and how many would have by chance.

    Parameters
    ----------
    found : Suspects
        From `suspects_of`.
    """
    p, q = found.ranking.series["p_value"], found.ranking.series["q_value"]
    tested = int(p.notna().sum())
    text = (
        f"{int((p <= ALPHA).sum()):,} of {tested:,} tested series have p of at most {ALPHA:g}; by chance alone "
        f"{number(found.ranking.expected_by_chance)} would. {int((q <= ALPHA).sum()):,} remain when their number is "
        f"allowed for (Benjamini-Hochberg). {len(p) - tested:,} have too few independent values before the incident to "
        "be tested and are ranked by size alone. The rank says what changed with the incident, not what caused it: "
        "causes are tested under Suspects."
    )
    return View("notes", {"items": [text], "empty": ""})


def not_ranked(found: Suspects) -> View:
    """Return why series are not ranked, counted by reason.

    Parameters
    ----------
    found : Suspects
        From `suspects_of`.
    """
    rows = [[reason, f"{count:,}", example] for reason, count, example in reason_counts(found.ranking)]
    caption = f"Not ranked: {len(found.ranking.not_ranked):,} of {found.wide.frame.shape[1]:,} series"
    columns = ["reason", "series", "such as"]
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": True})


def remarks(found: Suspects) -> View:
    """Return what is odd about the input.

    Parameters
    ----------
    found : Suspects
        From `suspects_of`.
    """
    return View("notes", {"items": list(found.ranking.remarks), "empty": "Nothing odd was seen in windows and series."})


def attributes(result: Investigation, most: int = 8) -> View:
    """Return which label values are over-represented among the bad requests.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Rows.
    """
    requests = result.case.symptom.requests
    if not len(requests) or not requests["bad"].any():
        return View("notes", {"items": ["Labels: no request was bad, so no label stands out."], "empty": ""})
    found = attribute_contrast(requests)
    out = found.table[found.table["reason"] == "over-represented"]
    more = "; ".join(f"{label}: {why}" for label, why in found.not_tested.itertuples(index=False))
    said = f"{len(out)} of {len(found.table)} label values had more bad requests than the others sent within the same "
    said += f"{number(found.block_seconds)} s" + (f" (not tested: {more})" if more else "")
    if found.table.empty:
        return View("notes", {"items": [f"Labels: none can be compared ({more or 'none was recorded'})."], "empty": ""})
    rows = [
        [f"{r['label']} = {r['value']}", f"{r['bad']:,.0f} of {r['count']:,.0f}", _percent(r["share_with"]),
         _percent(r["share_without"]), _difference(r), _chance(r["p_value"]),
         " ".join(filter(None, [r["reason"], f"({r['explained_by']})" if r["explained_by"] else ""]))]
        for r in found.table.head(most).to_dict("records")
    ]  # fmt: skip
    columns = ["label", "bad requests", "share", "share of all others", "difference at the same time", "p", "result"]
    return View("table", {"caption": said, "columns": columns, "rows": rows, "folded": not len(out)})


def _percent(x: float) -> str:
    return value(x, "ratio").text


def _difference(row: dict[Any, Any]) -> str:
    text = _percent(row["difference"])
    return f"{text} [{_percent(row['low'])} to {_percent(row['high'])}]" if pd.notna(row["low"]) else text


def gaps(result: Investigation, found: Suspects) -> View:
    """Return whether samples are missing more often in the incident than at other times, by scrape target.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    found : Suspects
        For the window that is compared.
    """
    table = missing_by_target(result.evidence.samples, found.wide.incident)
    holed = table[table["gaps"] > 0]
    certain = holed[holed["q_value"] <= ALPHA]
    if table.empty:
        text = "Gaps: no scrape target was recorded."
    elif holed.empty:
        text = f"Gaps: 0 of {len(table)} scrape targets miss a sample."
    else:
        text = f"Gaps: {len(certain)} of {len(table)} scrape targets miss samples in the incident more often than by "
        text += f"chance ({len(holed)} miss any)."
    if holed.empty:
        return View("notes", {"items": [text], "empty": ""})
    rows = [
        [r["target"], f"{r['series']:,}", _percent(r["missing_incident"]), _percent(r["missing_rest"]), str(r["gaps"]),
         _chance(r["p_value"])]
        for r in holed.to_dict("records")
    ]  # fmt: skip
    columns = ["scrape target", "series", "missing in the incident", "missing otherwise", "gaps", "p"]
    return View("table", {"caption": text, "columns": columns, "rows": rows, "folded": certain.empty})
