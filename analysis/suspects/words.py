"""What a ranking says: the reason of each rank, its head in one sentence, and the table that a notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from markupsafe import escape

from analysis.suspects.scoring import CLEAR

if TYPE_CHECKING:
    from analysis.suspects.ranking import Ranking

__all__ = ["as_html", "named", "nobody", "reasons"]

SHOWN = 10
ORDER_STEPS = 2  # an order is claimed only beyond so many steps
ROUNDED = 1e-6  # scores are rounded
TOGETHER = 0.5  # correlation from which a series is said to move with the symptom


def reasons(series: pd.DataFrame, callee: dict[str, str], step_seconds: float, *, has_symptom: bool) -> list[str]:
    """Return one sentence per row of the series table.

    Parameters
    ----------
    series : DataFrame
        With effect, lead_seconds, co_movement, path_discount, the levels _usual, _during, _size, and _in_order: whether
        the lead is an order.
    callee : dict
        Which callee takes off from an entity's score.
    step_seconds : float
        Sampling step; no order is claimed within two of them.
    has_symptom : bool
        Whether lead and co-movement have a meaning.

    Examples
    --------
    >>> row = dict(kind="cpu", entity="a", effect=2.0, lead_seconds=0.0, co_movement=0.9, path_discount=0.0)
    >>> levels = dict(p_value=0.01, _usual=1.0, _during=3.0, _size=8.0, _in_order=False)
    >>> reasons(pd.DataFrame([row | levels]), {}, 5.0, has_symptom=True)
    ['rose from 1 to 3 (8 spreads); moves with the symptom (r 0.9); no order within 2 steps of 5 s']
    """
    columns = (
        "kind",
        "entity",
        "_usual",
        "_during",
        "_size",
        "lead_seconds",
        "_in_order",
        "co_movement",
        "path_discount",
        "p_value",
    )
    rows = zip(*(series[c].to_numpy() for c in columns), strict=True)
    out = []
    for kind, entity, usual, during, size, lead, ordered, r, off, p in rows:
        parts = [_event(lead, p, step_seconds, near=not ordered) if kind == "event" else _moved(usual, during, size)]
        if has_symptom and np.isfinite(r) and kind != "event":
            how = "hardly moves with" if abs(r) < TOGETHER else "moves with" if r > 0 else "moves against"
            parts.append(f"{how} the symptom (r {r:.2g})")
        if has_symptom and np.isfinite(lead) and kind != "event":
            parts.append(_order(lead, step_seconds, near=not ordered))
        if off > 0:
            parts.append(f"{off:.3g} spreads taken off for its callee {callee.get(entity, '')}")
        out.append("; ".join(parts))
    return out


def _moved(usual: float, during: float, size: float) -> str:
    if np.isnan(during):
        return f"fell silent: no value in the incident, none missing before (counts as {abs(size):.2g} spreads)"
    if not size and during != usual:
        return f"no change: {_short(during)} lies between its usual level, {_short(usual)}, and that just before"
    if not size:
        return f"stayed at {_short(usual)}"
    start, end = _apart(usual, during)
    return f"{'rose' if size > 0 else 'fell'} from {start} to {end} ({abs(size):.2g} spreads)"


def _apart(one: float, other: float) -> tuple[str, str]:
    """Return two values with three digits, or as many as show their difference to a tenth."""
    for digits in range(3, 17):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if abs(float(texts[1]) - float(texts[0]) - (other - one)) <= abs(other - one) / 10:
            break
    return texts


def _event(lead: float, p: float, step: float, *, near: bool) -> str:
    if not np.isfinite(p):
        return "no change before the onset"
    when = "at or before the start of the incident"
    if np.isfinite(lead):
        when = f"within {ORDER_STEPS} steps of {_duration(step)} of" if near else f"{_duration(lead)} before"
        when += " the symptom's onset"
    return f"changed {when} (chance of one as near: {p:.2g})"


def _order(lead: float, step: float, *, near: bool) -> str:
    if near:
        return f"no order within {ORDER_STEPS} steps of {_duration(step)}"
    return f"began {_duration(abs(lead))} {'before' if lead > 0 else 'after'} the symptom"


def _duration(seconds: float) -> str:
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{_short(seconds / length)} {unit}"
    return f"{_short(seconds)} s"


def _short(value: float) -> str:
    return f"{value:.3g}"


def named(series: pd.DataFrame, entities: pd.DataFrame, name: str) -> str:
    """Return the sentence of the series that stands out, with the rank of its entity.

    Parameters
    ----------
    series, entities : DataFrame
        By rank.
    name : str
        The first series that stands out.

    Examples
    --------
    >>> series = pd.DataFrame({"series": ["web|p95"], "entity": ["web"], "reason": ["rose"]})
    >>> named(series, pd.DataFrame({"entity": ["web"], "rank": [1]}), "web|p95")
    'web ranks first: web|p95 rose.'
    """
    row = series[series["series"] == name].iloc[0]
    rank = int(entities.loc[entities["entity"] == row["entity"], "rank"].iloc[0])
    place = "ranks first" if rank == 1 else f"stands out (rank {rank}; what ranks before it names nobody)"
    return f"{row['entity']} {place}: {'' if name == row['entity'] else f'{name} '}{row['reason']}."


def nobody(entities: pd.DataFrame, name: str, head: tuple[float, float, bool]) -> str:
    """Return why nobody is named, in one sentence.

    Parameters
    ----------
    entities : DataFrame
        By rank.
    name : str
        The series that moved most.
    head : (float, float, bool)
        Its size x likeness [spreads], the chance that a stretch does as much, and whether the baseline is too short.

    Examples
    --------
    >>> nobody(pd.DataFrame(), "a", (0.0, 1.0, False))
    'No suspect: nothing could be ranked.'
    """
    size, chance, few = head
    if not len(entities):
        return "No suspect: nothing could be ranked."
    first = entities.iloc[0]
    if not size:
        what = "nothing changed" if first["score"] <= 0 else "memory, change events and silence name nobody alone"
        return f"No suspect: {what}."
    if few:
        return f"No suspect: the baseline is too short to know what it does by itself (largest: {name})."
    aside = "memory, change events and silence aside, " if first["score"] > size * (1 + ROUNDED) else ""
    counts = f"No suspect: {aside}the largest change, that of {name}, counts for {size:.2g} spreads"
    if size < CLEAR:
        return f"{counts}; a suspect needs {CLEAR:g}."
    return f"{counts}, and by itself the baseline does as much with a chance of {chance:.0%}."


def as_html(ranking: Ranking) -> str:
    """Return the head of the ranking as HTML; every text is escaped.

    Parameters
    ----------
    ranking : Ranking
        What `rank_suspects` returned.
    """
    shown = ranking.entities.head(SHOWN)
    lines = [
        f"<tr><td>{r['rank']}</td><td><bdi>{escape(r['entity'])}</bdi></td><td>{r['score']:.3g}</td><td>{_cell(r['p_value'])}</td>"
        f"<td>{_cell(r['q_value'])}</td><td style='text-align:left'><bdi>{escape(r['reason'])}</bdi></td></tr>"
        for r in shown.to_dict("records")
    ]
    tested = int(ranking.series["p_value"].notna().sum())
    foot = (
        f"{f'The first {SHOWN} are shown. ' if len(ranking.entities) > SHOWN else ''}"
        f"{len(ranking.series)} series of {len(ranking.entities)} entities ranked, {len(ranking.not_ranked)} not; of "
        f"{tested} tested, {ranking.expected_by_chance:.3g} would have p &le; 0.05 by chance."
    )
    remarks = "".join(f"<li>{escape(r)}</li>" for r in ranking.remarks)
    return (
        f"<div><p><b><bdi>{escape(ranking.summary)}</bdi></b></p><table><thead><tr><th>rank</th><th>entity</th>"
        "<th>score [spreads]</th><th>p</th><th>q</th><th style='text-align:left'>reason</th></tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table><p>{foot}</p>" + (f"<ul>{remarks}</ul>" if remarks else "") + "</div>"
    )


def _cell(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2g}"
