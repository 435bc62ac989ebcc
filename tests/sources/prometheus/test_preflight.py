import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.sources.prometheus import preflight
from analysis.sources.prometheus.plan import plan
from analysis.sources.prometheus.preflight import Budget, count_by_name, count_series
from analysis.sources.prometheus.selector import Selector
from tests.sources.prometheus.stores import POINTS, SCRAPE, START, both_stores

US = 1_000_000
WINDOW = (START * US, (START + SCRAPE * (POINTS - 1)) * US)
STORES = ["prometheus", "victoria"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    with both_stores(tmp_path_factory.mktemp("stores")) as found:
        yield found


@pytest.mark.parametrize("store", STORES)
def test_series_of_many_metrics_are_counted_in_one_question(stores, store):
    source = stores[store]
    before = source.requests
    selectors = [Selector.parse(name) for name in ("plain", "walk_total", "death", "no_such_metric", "twin_a", "nasty")]
    found = count_series(source, selectors, *WINDOW)
    assert source.requests == before + 1
    assert found == {"plain": 1, "walk_total": 11, "death": 1, "no_such_metric": 0, "twin_a": 1, "nasty": 1}


@pytest.mark.parametrize("store", STORES)
def test_a_series_that_lived_for_a_part_of_the_window_is_seen(stores, store):
    for window in (WINDOW, (WINDOW[0], WINDOW[0] + 86_400 * US * 10)):
        found = count_series(stores[store], ['walk_total{s="7"}', 'walk_total{s="5"}'], *window)
        assert found == {'walk_total{s="7"}': 1, 'walk_total{s="5"}': 1}


@pytest.mark.parametrize("store", STORES)
def test_other_matchers_make_another_question(stores, store):
    found = count_series(stores[store], ['walk_total{s=~"1|2"}', "walk_total", '{s="0"}', "walk_total"], *WINDOW)
    assert found['walk_total{s=~"1|2"}'] == 2
    assert found["walk_total"] == 11
    assert found['{s="0"}'] == 6
    by_name = count_by_name(stores[store], '{__name__=~"twin_.*|walk_total"}', *WINDOW).of_name
    assert by_name == {"twin_a": 1, "twin_b": 1, "walk_total": 11}


def test_no_selectors_ask_nothing(stores):
    assert count_series(stores["prometheus"], [], *WINDOW) == {}


def test_what_is_no_selector_is_refused(stores):
    with pytest.raises(SpecError, match="no plain selector"):
        count_series(stores["prometheus"], ["rate(m[5m])"], *WINDOW)


NAMES = st.lists(st.from_regex(r"[a-z_:][a-z0-9_:.\-]{0,60}", fullmatch=True), min_size=1, max_size=400, unique=True)


@given(NAMES)
def test_no_question_is_longer_than_8_kb_and_each_name_is_in_one(names):
    selectors = [Selector((("__name__", "=", name), ("job", "=", "a" * 500))) for name in names]
    found = list(preflight._questions(selectors))
    assert [one for _, group in found for one in group] == selectors
    for question, group in found:
        assert len(f"count by (__name__) (last_over_time({question}[300s]))".encode()) <= 8_000
        pattern = {label: value for label, _, value in question.matchers}["__name__"]
        for one in group:
            assert re.fullmatch(pattern, one.name)
        assert len(pattern.split("|")) == len(group)


def test_names_with_dots_do_not_match_others(stores):
    for source in stores.values():
        assert count_series(source, [Selector((("__name__", "=", "p.ain"),))], *WINDOW) == {'{__name__="p.ain"}': 0}


def test_a_question_beyond_the_budget_is_refused_with_what_would_fit():
    grid = plan(0, 21_600 * US, step_seconds=15)
    budget = Budget(most_series=6_000, most_samples=1_000_000)
    assert budget.refusal("up", 600, grid) == ""
    told = budget.refusal("cpu_seconds_total", 5_000, grid)
    assert "7,205,000 samples" in told
    assert "sum by (namespace) (rate(cpu_seconds_total[5m]))" in told
    assert told.endswith("or a step of 150 s")
    assert plan(0, 21_600 * US, step_seconds=150).points * 5_000 <= budget.most_samples
    assert "7,000 series are more than the 6,000" in budget.refusal("up", 7_000, grid)
    assert "sum by (namespace) (up)" in budget.refusal("up", 7_000, grid)
