"""`rank_suspects`: every series and every entity by how much it changed with the incident, with the reasons."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.correlate.effect import adjust_fdr
from analysis.suspects import words
from analysis.suspects.chance import head_chance, placement_p_value
from analysis.suspects.inputs import Inputs, check_inputs
from analysis.suspects.measures import ALONE, Measures, measure
from analysis.suspects.scoring import CLEAR, event_score, path_discounts, weigh
from analysis.window import Window

__all__ = ["Ranking", "rank_suspects"]

TESTED = 1000  # of the highest ranked get a p-value; the q-values count all that are ranked
CHANCE = 1 / 5  # share of the baseline's stretches that may look like the incident before the head is not believed
ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class Ranking:
    """Series and entities by rank; `abstained`: do not believe the head, `summary` says why.

    Attributes
    ----------
    series, entities : DataFrame
        Every one that was ranked: rank, score [spreads], effect [unit of the series], onset, lead_seconds,
        co_movement, path_discount, p_value, q_value, reason; `series` also has entity and kind, `entities` the list
        of their series.
    not_ranked : DataFrame
        Column series, reason.
    abstained : bool
        True where nothing stands out of what the baseline does by itself.
    summary : str
        The head, or why there is none, in one sentence.
    expected_by_chance : float
        How many would have p <= 0.05 had nothing happened: 5 % of all that are ranked, since those that are tested
        (the first 1,000) were chosen among all; series whose test refused do not count.
    remarks : tuple of str
        What is odd about the input.
    named : str or None
        The first series by rank that stands out of the baseline; None where it abstains.
    """

    series: pd.DataFrame
    entities: pd.DataFrame
    not_ranked: pd.DataFrame
    abstained: bool
    summary: str
    expected_by_chance: float
    remarks: tuple[str, ...]
    named: str | None = None

    def _repr_html_(self) -> str:
        return words.as_html(self)


def rank_suspects(
    frame: pd.DataFrame,
    incident: Window,
    baseline: Window,
    *,
    symptom: Hashable | None = None,
    graph: pd.DataFrame | None = None,
    about: pd.DataFrame | None = None,
) -> Ranking:
    """Rank all series, and the entities they belong to, by how much they changed with the incident.

    Parameters
    ----------
    frame : DataFrame
        UTC index x series; steps may be irregular, NaN is unknown, an incident of three samples is enough.
    incident, baseline : Window
        When it was bad, and a comparable time, at best just before.
    symptom : column, optional
        What users felt; it is not ranked itself.
    graph : DataFrame, optional
        Columns caller, callee.
    about : DataFrame, optional
        Indexed by column, with `entity` and `kind` (latency, errors, availability, load, cpu, throttling, memory, gc,
        db, network, event, other). Without it the levels entity and kind of MultiIndex columns are read; else a
        column is its own entity of kind other: names carry no meaning. A column of kind event changes where it rises.

    Returns
    -------
    Ranking
        The full ranking, and whether to believe its head.

    Raises
    ------
    SpecError
        Overlapping windows or windows without samples, an unknown symptom (the nearest names are offered), times that
        are naive, doubled or out of order, doubled columns, a graph without caller and callee.

    Notes
    -----
    score = |shift| / scale x likeness x co-movement - half of the strongest callee's score (`correlate/size.py`,
    `scoring.py`). An entity has the score of its best series. The head is believed if it moved by 9 spreads and at
    most a fifth of the equally long stretches of the baseline did as much (`chance.py`); memory alone, which steps at
    every restart, names nobody.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> t = pd.date_range("2026-01-01", periods=70, freq="min", tz="UTC")
    >>> frame = pd.DataFrame(rng.normal(size=(70, 3)), index=t, columns=["a", "b", "c"])
    >>> frame.loc[t[60]:, "b"] += 30
    >>> found = rank_suspects(frame, Window(t[59], t[69]), Window(t[0], t[59]))
    >>> found.entities["entity"].iloc[0], found.abstained
    ('b', False)
    """
    given = check_inputs(frame, (incident, baseline), symptom, graph, about)
    m = measure(given)
    raw = weigh(np.nan_to_num(m.size), m.like, None if given.symptom is None else m.r)
    onset = _symptom_onset(given, m)
    raw, chances, departed = _with_events(given, m, raw, onset)
    ranked = np.array([not w for w in m.why_not])
    discount, callee = path_discounts(np.where(ranked, raw, 0.0), given.entities, given.kinds, given.calls)
    series = _series_table(given, m, np.maximum(raw - discount, 0.0), discount, departed)
    series["lead_seconds"], series["_in_order"] = _leads(given, departed, onset)
    series = _in_order(series[ranked])
    series = _tested(series, given, chances)
    series["reason"] = words.reasons(series, callee, given.step_seconds, has_symptom=given.symptom is not None)
    entities = _entity_table(series)
    clear = np.where(ranked & ~m.silent & ~np.isin(given.kinds.astype(str), ALONE), np.abs(m.size) * m.like, 0.0)
    head = float(clear.max())
    few = 1 / (1 + len(m.placements)) > CHANCE
    stands_out = [c >= CLEAR and head_chance(c, m.placements) <= CHANCE for c in clear[series["_at"]]]
    named = series.loc[stands_out, "series"].head(1).tolist()
    public = series.drop(columns=[c for c in map(str, series) if c.startswith("_")])
    not_ranked = pd.DataFrame(
        [(given.names[j], w) for j, w in enumerate(m.why_not) if w], columns=["series", "reason"], dtype=object
    )
    if named:
        summary = words.named(series, entities, named[0])
    else:
        largest = given.names[int(np.argmax(clear))]
        summary = words.nobody(entities, largest, (head, head_chance(head, m.placements), few))
    refused = int(series["p_value"].head(TESTED).isna().sum())
    by_chance = min(ALPHA * (len(series) - refused), min(len(series), TESTED) - refused)
    found = named[0] if named else None
    return Ranking(public, entities, not_ranked, not named, summary, float(by_chance), given.remarks, found)


def _symptom_onset(given: Inputs, m: Measures) -> int:
    """Return the sample at which the symptom left its level; else the incident's first sample."""
    first = int(given.during[0])
    return first if given.symptom is None or m.departed[given.symptom] < 0 else int(m.departed[given.symptom])


def _with_events(
    given: Inputs, m: Measures, raw: np.ndarray, onset: int
) -> tuple[np.ndarray, dict[int, float], np.ndarray]:
    """Return the scores with those of change events put in, the chance of each event's nearness, and the departures."""
    raw, departed, chances = raw.copy(), m.departed.copy(), {}
    events = (given.kinds.astype(str) == "event") & np.array([not w for w in m.why_not])
    for j in np.flatnonzero(events):
        values = np.nan_to_num(given.values[:, j].astype("f8"))  # nothing said: nothing happened
        changes = np.flatnonzero(np.diff(values) > 0) + 1
        raw[j], chances[int(j)], departed[j] = event_score(changes, onset, len(values))
    return raw, chances, departed


def _series_table(
    given: Inputs, m: Measures, score: np.ndarray, discount: np.ndarray, departed: np.ndarray
) -> pd.DataFrame:
    """Return one row per series of the frame."""
    times = given.times.to_numpy()
    onset = pd.to_datetime(np.where(departed >= 0, times[np.maximum(departed, 0)], np.datetime64("NaT")), utc=True)
    is_event = given.kinds.astype(str) == "event"
    return pd.DataFrame(
        {
            "series": given.names, "entity": given.entities, "kind": given.kinds, "score": score,
            "effect": np.where(is_event, np.nan, m.shift), "onset": onset, "co_movement": m.r,
            "path_discount": discount, "_at": np.arange(len(score)), "_usual": m.usual, "_during": m.during,
            "_size": m.size,
        }
    )  # fmt: skip


def _leads(given: Inputs, departed: np.ndarray, onset: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how much earlier than the symptom each series left its level [s], and whether that is an order.

    An order needs more than two samples between the two, and more than two steps: a gap between samples is no lead.
    """
    us = given.times.as_unit("us").asi8
    if given.symptom is None or departed[given.symptom] < 0:
        return np.full(len(departed), np.nan), np.zeros(len(departed), bool)
    lead = np.where(departed >= 0, (us[onset] - us[np.maximum(departed, 0)]) / 1e6, np.nan)
    far = np.abs(lead) > words.ORDER_STEPS * given.step_seconds
    return lead, far & (np.abs(departed - onset) > words.ORDER_STEPS)


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by score, equal ones by name, with their rank in front."""
    table = table.sort_values(["score", "series"], ascending=[False, True], kind="stable").reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _tested(series: pd.DataFrame, given: Inputs, chances: dict[int, float]) -> pd.DataFrame:
    """Return the table with p-values of the highest ranked and q-values over all that are ranked."""
    inside = np.zeros(len(given.times), bool)
    inside[given.during] = True
    p = np.full(len(series), np.nan)
    for i, j in enumerate(series["_at"].to_numpy()[:TESTED]):
        known = chances.get(int(j))
        p[i] = known if known is not None else placement_p_value(given.values[:, j].astype("f8"), inside)
    counted = np.where(np.isnan(p) & (np.arange(len(p)) >= TESTED), 1.0, p)  # not tested since lower ranked
    q = adjust_fdr(counted)
    return series.assign(p_value=p, q_value=np.where(np.isnan(p), np.nan, q))


def _entity_table(series: pd.DataFrame) -> pd.DataFrame:
    """Return one row per entity, that of its best series, with the names of all its series."""
    best = series.drop_duplicates("entity").copy()  # in order of rank
    best = best.set_index("entity")
    best["series"] = series.groupby("entity", sort=False)["series"].agg(list)
    best = best.reset_index().sort_values(["score", "entity"], ascending=[False, True], kind="stable")
    best["rank"] = np.arange(1, len(best) + 1)
    columns = ["rank", "entity", "score", "effect", "onset", "lead_seconds", "co_movement", "path_discount", "p_value",
               "q_value", "reason", "series"]  # fmt: skip
    return best[columns].reset_index(drop=True)
