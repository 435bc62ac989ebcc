"""What a ranking tells: as JSON (base units, UTC, unknown is null), and in numbers that a reader would write."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from analysis.findings import number, value
from analysis.series import iso
from analysis.suspects.ranking import Ranking
from analysis.suspects.wide import Wide

__all__ = ["as_document", "best_series", "headline", "level", "levels", "reason_counts"]


def as_document(ranking: Ranking, wide: Wide) -> dict[str, Any]:
    """Return what `postmortem suspects --json` prints.

    Parameters
    ----------
    ranking : Ranking
        From `rank_wide`.
    wide : Wide
        What was ranked.

    Returns
    -------
    dict
        abstained, summary, incident, baseline, symptom, expected_by_chance, entities, series, not_ranked, remarks.
    """
    return {
        "abstained": bool(ranking.abstained),
        "summary": ranking.summary,
        "incident": wide.incident.as_dict(),
        "baseline": wide.baseline.as_dict(),
        "symptom": wide.symptom,
        "expected_by_chance": _plain(ranking.expected_by_chance),
        "entities": _rows(ranking.entities),
        "series": _rows(ranking.series),
        "not_ranked": _rows(ranking.not_ranked),
        "remarks": list(ranking.remarks),
    }


def headline(ranking: Ranking, wide: Wide) -> str:
    """Return one sentence, a number first: how many series were compared, and which stands out or why none does.

    Parameters
    ----------
    ranking : Ranking
        From `rank_wide`.
    wide : Wide
        What was ranked.
    """
    ranked, entities = len(ranking.series), len(ranking.entities)
    text = f"{ranked:,} series of {entities:,} {'entity' if entities == 1 else 'entities'} compared with the baseline: "
    if ranking.named is None:
        return f"{text}{ranking.summary[:1].lower()}{ranking.summary[1:]}"
    row = ranking.series[ranking.series["series"] == ranking.named].iloc[0]
    about = wide.told(ranking.named)
    before, during = (level(x, about.unit) for x in levels(wide, ranking.named))
    first = int(ranking.entities.loc[ranking.entities["entity"] == row["entity"], "rank"].iloc[0]) == 1
    place = "ranks first" if first else "is the first that stands out"
    return f"{text}{row['entity']} {place}, its {about.stat} went from {before} to {during}."


def levels(wide: Wide, name: str) -> tuple[float, float]:
    """Return the median of a series in the baseline and in the incident, in its unit; NaN where nothing is known.

    Parameters
    ----------
    wide : Wide
        What was ranked.
    name : str
        A column.
    """
    series = wide.frame[name]
    times = pd.DatetimeIndex(series.index)
    parts = (series[window.holds(times)].dropna() for window in (wide.baseline, wide.incident))
    before, during = (float(np.median(p)) if len(p) and p.dtype.kind in "fiu" else float("nan") for p in parts)
    return before, during


def level(x: float, unit: str) -> str:
    """Return a number with its unit as a reader would write it.

    Parameters
    ----------
    x : float
        In the unit.
    unit : str
        As in `Wide.about`.

    Examples
    --------
    >>> level(0.031, "share"), level(5.87e7, "B"), level(0.0021, "s"), level(12.5, "1/s"), level(float("nan"), "s")
    ('3.1 %', '58.7 MB', '2.1 ms', '12.5/s', 'unknown')
    """
    if not math.isfinite(x):
        return "unknown"
    if unit in ("share", "s") and (unit == "share" or x >= 0):
        return value(x, {"share": "ratio", "s": "seconds"}[unit]).text
    base = unit.removesuffix("/s")
    if base == "B" or abs(x) >= 1e5:
        power = min(max(int(math.log10(abs(x)) // 3), 0), 4) if x else 0
        text = f"{number(x / 1000**power)}{' ' if power or base != '1' else ''}{('', 'k', 'M', 'G', 'T')[power]}"
    else:
        text = number(x) + ("" if base in ("", "1") else " ")
    return f"{text}{'' if base == '1' else base}{'/s' if unit.endswith('/s') else ''}".strip()


def best_series(ranking: Ranking) -> dict[str, str]:
    """Return the highest ranked series of each entity, whose numbers are the entity's own.

    Parameters
    ----------
    ranking : Ranking
        From `rank_wide`.
    """
    first = ranking.series.drop_duplicates("entity")
    return dict(zip(first["entity"], first["series"], strict=True))


def reason_counts(ranking: Ranking) -> list[tuple[str, int, str]]:
    """Return why series are not ranked: the reason without its numbers, how many, and the first of them.

    Parameters
    ----------
    ranking : Ranking
        From `rank_wide`.
    """
    if not len(ranking.not_ranked):
        return []
    kinds = ranking.not_ranked["reason"].astype(str).str.replace(r" \(.*\)$", "", regex=True)
    kinds = kinds.str.replace(r"^\d+ of \d+", "some", regex=True).str.replace(r"^only \d+", "too few", regex=True)
    groups = ranking.not_ranked.groupby(kinds.to_numpy())["series"]
    found = [(str(reason), len(part), str(part.iloc[0])) for reason, part in groups]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """Return a cell as JSON holds it."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, pd.Timestamp):
        return iso(value)
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, float):  # numpy's float64 is one
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value
