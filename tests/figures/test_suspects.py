"""Small multiples under the symptom: one axis, numbers in the titles, gaps kept, and no picture where none is named."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.figures.suspects import MOST, ranked_panels
from analysis.figures.theme import MOST_POINTS
from analysis.investigation import examine
from analysis.suspects.document import best_series
from analysis.suspects.wide import suspects_of
from tests.conftest import A, C, D
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_a():
    result = examine(evidence_of(A))
    return result, suspects_of(result.case)


def titles(figure):
    return [a.text for a in figure.layout.annotations if a.text not in ("baseline", "incident")]


def test_the_symptom_comes_first_then_entities_by_rank(of_a):
    figure = ranked_panels(*of_a)
    found = titles(figure)
    assert len(found) == MOST + 1
    assert found[0] == "failed or slow requests [share]"
    assert found[1] == "1. istio-proxy (payment-api): throttled periods, 0 % → 100 %"
    assert [t.split(".")[0] for t in found[1:]] == [str(i) for i in range(1, MOST + 1)]
    assert all(figure.layout[f"xaxis{i}"].matches for i in range(2, MOST + 1))
    assert figure.layout[f"xaxis{MOST + 1}"].title.text == "UTC"


def test_values_are_those_of_the_series_and_few(of_a):
    result, found = of_a
    figure = ranked_panels(result, found)
    first = best_series(found.ranking)[found.ranking.entities["entity"].iloc[0]]
    drawn = figure.data[1]
    y = np.array(drawn.y, dtype=float)
    assert np.nanmax(y) == found.wide.frame[first].max()
    assert all(len(t.x) <= MOST_POINTS + 10 for t in figure.data)
    assert drawn.connectgaps is False


def test_a_gap_is_not_bridged(of_a):
    result, found = of_a
    name = best_series(found.ranking)[found.ranking.entities["entity"].iloc[0]]
    frame = found.wide.frame.copy()
    middle = len(frame) // 2
    frame.iloc[middle : middle + 6, frame.columns.get_loc(name)] = np.nan
    figure = ranked_panels(result, found._replace(wide=replace(found.wide, frame=frame)))
    x, y = np.array(figure.data[1].x, dtype=float), np.array(figure.data[1].y, dtype=float)
    inside = (x > frame.index[middle - 1].timestamp() * 1e3) & (x <= frame.index[middle + 5].timestamp() * 1e3)
    assert np.isnan(y[inside]).any()


def test_units_stand_at_the_ticks(of_a):
    result, found = of_a
    frame = found.wide.frame
    names = [
        "istio-proxy (payment-api)|memory|container_memory_working_set_bytes",
        "payment-api|latency|request duration, p95",
        "payment-api|load|requests",
    ]
    chosen = found.ranking.series[found.ranking.series["series"].isin(names)].assign(entity=names)
    entities = chosen.assign(rank=range(1, 4))
    ranking = replace(found.ranking, series=chosen, entities=entities)
    figure = ranked_panels(result, found._replace(ranking=ranking))
    suffixes = {figure.layout[f"yaxis{i}"].ticksuffix for i in (2, 3, 4)}
    assert suffixes == {"B", "s", "/s"}
    assert frame[names[0]].notna().any()


def test_hostile_names_are_no_markup(of_a):
    result, found = of_a
    evil = "<img src=x> $\\frac{1}{2}$"
    about = found.wide.about.assign(stat=evil)
    figure = ranked_panels(result, found._replace(wide=replace(found.wide, about=about)))
    shown = [*titles(figure), *(t.name for t in figure.data)]
    assert not [t for t in shown if "<" in t or "$\\" in t]


def test_an_event_is_counted_not_filled():
    result = examine(evidence_of(C))
    figure = ranked_panels(result, suspects_of(result.case))
    (event,) = [t for t in titles(figure) if t.endswith("counted")][:1]
    at = titles(figure).index(event)
    assert figure.data[at].fill is None
    assert set(np.array(figure.data[at].y, dtype=float)) <= {0.0, 1.0, 2.0}


def test_where_no_suspect_is_named_nothing_is_drawn():
    result = examine(evidence_of(D))
    assert ranked_panels(result, suspects_of(result.case)) is None
    assert pd.notna(result.headline)
