import math
import threading
from dataclasses import replace

import numpy as np
import pytest

from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.plan import Grid, plan
from analysis.sources.prometheus.range_query import fetch_range, fetch_series, held_for
from analysis.sources.prometheus.selector import Selector
from tests.fake_prometheus import BAD_GATEWAY, FORBIDDEN, QUEUE_FULL, RESET, TIMED_OUT, cut, fault_proxy, partial
from tests.servers import backfill, prometheus
from tests.sources.prometheus.stores import (
    DEATH,
    HOLE,
    NASTY,
    POINTS,
    SCRAPE,
    SPECIAL,
    START,
    both_stores,
    in_zone,
    same,
    samples,
)

US = 1_000_000
GRID = plan(START * US, (START + SCRAPE * (POINTS - 1)) * US, step_seconds=SCRAPE)
STORES = ["prometheus", "victoria"]
EXPRESSIONS = [
    "walk_total", "topk(3, walk_total)", "avg_over_time(walk_total[3m])", "last_over_time(walk_total[30s])",
    "max_over_time(walk_total[5m:30s])", "walk_total offset 2m", 'label_replace(walk_total, "x", "$1", "s", "(.*)")',
    "absent(walk_total{s='5'})", "vector(1)", "time()", "walk_total - walk_total @ 1763786000",
]  # fmt: skip
AT_GAPS = [
    "rate(walk_total[1m])", "max_over_time(rate(walk_total[1m])[5m:30s])",
    "histogram_quantile(0.9, sum by (le) (rate(walk_total[5m])))", "changes(walk_total[2m])",
]  # fmt: skip
SUMS = ["sum(walk_total)", "sum by (le) (walk_total)", "stddev(walk_total)"]
WITHOUT_GAPS = "walk_total{s=~'1|2|4|8|10|11'}"


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    with both_stores(tmp_path_factory.mktemp("stores")) as found:
        yield found


def points_of(fetched, **labels) -> tuple[np.ndarray, np.ndarray]:
    """Places on the grid, and values, of the one series with these labels."""
    rows = [i for i, found in enumerate(fetched.table.labels) if labels.items() <= found.items()]
    assert len(rows) == 1
    mine = fetched.table.ids == rows[0]
    return (fetched.table.times[mine] - GRID.start_us) // GRID.step_us, fetched.table.values[mine]


def backfilled(name: str, **labels) -> tuple[list[int], list[float]]:
    found = [(t, v) for n, own, t, v in samples() if n == name and labels.items() <= own.items()]
    return [(t - START) // SCRAPE for t, _ in found], [v for _, v in found]


@pytest.mark.parametrize("store", STORES)
def test_aligned_stamps_bring_exactly_what_was_backfilled(stores, store):
    at, values = points_of(fetch_range(stores[store], "plain", GRID), s="0")
    expected_at, expected = backfilled("plain")
    assert at.tolist() == expected_at
    assert values.tolist() == expected


def test_special_values_are_bit_exact_from_prometheus(stores):
    found = fetch_range(stores["prometheus"], "special", replace(GRID, end_us=GRID.start_us + 19 * GRID.step_us))
    assert len(found.table.labels) == len(SPECIAL)
    for kind, value in SPECIAL.items():
        at, values = points_of(found, kind=kind)
        assert at.tolist() == list(range(20))
        if math.isnan(value):
            assert np.isnan(values).all()
        else:
            assert (values.view("u8") == np.float64(value).view("u8")).all(), kind


def test_special_values_of_victoria_are_within_its_precision_and_nan_is_absent(stores):
    found = fetch_range(stores["victoria"], "special", replace(GRID, end_us=GRID.start_us + 19 * GRID.step_us))
    assert {labels["kind"] for labels in found.table.labels} == SPECIAL.keys() - {"nan"}
    for kind, value in SPECIAL.items():
        if kind == "nan":
            continue
        values = points_of(found, kind=kind)[1]
        assert len(values) == 20
        if math.isinf(value):
            assert (values == value).all()
        else:
            assert np.allclose(values, value, rtol=1e-11, atol=1e-300), kind


@pytest.mark.parametrize(
    "promql", ["walk_total{s!~'0|3|5|6|7|9'}", "sum(walk_total{s=~'1|2|4'})", "plain", "plain % 7"]
)
def test_finite_values_without_gaps_are_equal_in_both_stores(stores, promql):
    grid = plan((START + 600) * US, (START + 1200) * US, step_seconds=SCRAPE)
    one, two = (fetch_range(stores[name], promql, grid).table for name in STORES)
    assert one.labels == two.labels
    assert np.array_equal(one.times, two.times)
    assert np.array_equal(one.ids, two.ids)
    assert np.allclose(one.values, two.values, rtol=1e-11, atol=0)


def test_labels_that_look_like_json_come_out_whole(stores):
    for source in stores.values():
        assert fetch_range(source, "nasty", GRID).table.labels == ({"__name__": "nasty", **NASTY},)


def test_a_plain_selector_invents_points_at_a_gap_each_store_its_own(stores):
    """1,815 s without a sample: Prometheus repeats the last for 300 s (20 points), VictoriaMetrics once."""
    for store, invented in (("prometheus", 20), ("victoria", 1)):
        for name, first in (("hole", HOLE.start), ("death", DEATH)):
            at, values = points_of(fetch_range(stores[store], name, GRID))
            extra = sorted(set(at.tolist()) - set(backfilled(name)[0]))
            assert extra == list(range(first, first + invented)), (store, name)
            assert (values[np.isin(at, extra)] == 1.5 * (first - 1)).all()
        at, _ = points_of(fetch_range(stores[store], "hole", GRID))
        assert np.diff(at).max() * SCRAPE == {"prometheus": 1515, "victoria": 1800}[store]


@pytest.mark.parametrize("name", ["hole", "death"])
def test_a_held_sample_is_shown_for_two_scrapes_at_most(stores, name):
    for store, source in stores.items():
        at, _ = points_of(fetch_series(source, Selector.parse(name), GRID, scrape_seconds=SCRAPE))
        there = set(backfilled(name)[0])
        extra = sorted(set(at.tolist()) - there)
        last = (HOLE.start if name == "hole" else DEATH) - 1
        assert extra == [last + i + 1 for i in range(len(extra))]
        assert len(extra) == {"prometheus": 2, "victoria": 1}[store]
        assert there <= set(at.tolist())


@pytest.mark.parametrize("store", STORES)
def test_series_that_differ_only_by_name_stay_apart(stores, store):
    found = fetch_series(stores[store], Selector.parse('{__name__=~"twin_.*"}'), GRID, scrape_seconds=SCRAPE).table
    assert [labels["__name__"] for labels in found.labels] == ["twin_a", "twin_b"]
    assert set(np.bincount(found.ids).tolist()) <= {61, 62}


def windows_of(source, promql):
    """The answer to the single query, and those to three ways of cutting it."""
    single = fetch_range(source, promql, replace(GRID, series=1))
    assert single.requests == 1
    assert len(single.table.times) > 10
    parts = []
    for most_points in (17, 60, 131):
        parts.append(fetch_range(source, promql, replace(GRID, series=1, most_points=most_points)))
        assert parts[-1].requests == -(-POINTS // most_points)
    return single.table, [found.table for found in [*parts, fetch_range(source, promql, GRID)]]


@pytest.mark.parametrize("promql", [*EXPRESSIONS, *AT_GAPS, *SUMS, "bottomk(2, walk_total)"])
def test_windows_put_together_are_the_single_query_of_prometheus_bit_for_bit(stores, promql):
    single, parts = windows_of(stores["prometheus"], promql)
    assert [same(single, table) for table in parts] == [True] * 4


@pytest.mark.parametrize("promql", [*EXPRESSIONS, *(p.replace("walk_total", WITHOUT_GAPS) for p in AT_GAPS)])
def test_so_are_those_of_victoria_where_there_is_no_gap(stores, promql):
    single, parts = windows_of(stores["victoria"], promql)
    assert [same(single, table) for table in parts] == [True] * 4


@pytest.mark.parametrize("promql", SUMS)
def test_victoria_adds_in_any_order(stores, promql):
    single, parts = windows_of(stores["victoria"], promql)
    for table in parts:
        assert table.labels == single.labels
        assert np.array_equal(table.times, single.times)
        assert np.allclose(table.values, single.values, rtol=1e-11, atol=0)


def test_victoria_drops_points_of_a_rate_where_a_window_ends_in_a_gap(stores):
    single, parts = windows_of(stores["victoria"], "rate(walk_total[1m])")
    cells = {(i, t): v for i, t, v in zip(single.ids.tolist(), single.times.tolist(), single.values, strict=True)}
    for table in parts:
        assert table.labels == single.labels
        found = {(i, t): v for i, t, v in zip(table.ids.tolist(), table.times.tolist(), table.values, strict=True)}
        assert found.items() <= cells.items()
        lost = {(t - GRID.start_us) // GRID.step_us for _, t in cells.keys() - found.keys()}
        assert lost <= set(range(HOLE.start, HOLE.start + 5))


@pytest.mark.parametrize("promql", ["walk_total @ end()", "walk_total@start( )"])
@pytest.mark.parametrize("store", STORES)
def test_what_needs_the_ends_of_the_range_is_asked_for_in_one_piece(stores, store, promql):
    found = fetch_range(stores[store], promql, replace(GRID, most_points=17))
    assert found.requests == 1
    with_windows = fetch_range(stores[store], "walk_total", replace(GRID, most_points=17))
    assert len(found.table.labels) < len(with_windows.table.labels)


def test_11_001_points_pass_in_one_request_and_more_are_split_by_us(stores):
    source = stores["prometheus"]
    grid = Grid(START * US, (START + 11_000) * US, US, most_points=11_001, series=1)
    assert (grid.points, fetch_range(source, "plain", grid).requests) == (11_001, 1)
    above = replace(grid, end_us=grid.end_us + US, most_points=20_000)
    found = fetch_range(source, "plain", above)
    assert (above.points, found.splits, found.requests) == (11_002, 1, 3)
    assert same(found.table, fetch_range(source, "plain", replace(above, most_points=5_000)).table)
    planned = plan(START * US, (START + 11_001) * US, step_seconds=1)
    assert fetch_range(source, "plain", planned).splits == 0
    with pytest.raises(RequestError, match="whole range") as caught:
        fetch_range(source, "plain @ end()", above)
    assert caught.value.failure.kind == "too_many_points"
    assert caught.value.where == source.name


def test_a_grid_of_milliseconds_is_answered_as_asked(stores):
    for source in stores.values():
        grid = plan(START * US + 123_000, (START + 60) * US, step_seconds=0.123)
        found = fetch_range(source, "plain", grid)
        assert found.table.times.tolist() == [
            grid.start_us + i * 123_000 for i in range(grid.points) if grid.start_us + i * 123_000 >= START * US
        ]


def test_too_many_samples_halve_the_window_and_the_table_is_the_same(tmp_path, stores):
    lines = [f'm{{s="{s}"}} {s}.{i} {START + SCRAPE * i}' for s in range(50) for i in range(200)]
    backfill(tmp_path / "p", lines)
    grid = plan(START * US, (START + SCRAPE * 199) * US, step_seconds=SCRAPE)
    with prometheus(tmp_path / "p", "--query.max-samples=3000") as url, connect(Settings(url)) as source:
        found = fetch_range(source, "m", grid)
        assert found.splits >= 1
        assert len(found.table.times) == 50 * 200
        assert found.table.values[:3].tolist() == [0.0, 0.1, 0.2]
    with prometheus(tmp_path / "p", "--query.max-samples=100") as url, connect(Settings(url)) as source:
        with pytest.raises(RequestError) as caught:
            fetch_range(source, "m", grid)
        assert caught.value.failure.kind == "too_many_samples"


def test_nothing_is_an_empty_table_and_not_an_error(stores):
    for source in stores.values():
        found = fetch_range(source, "no_such_metric", GRID)
        assert (found.table.labels, len(found.table.times), found.partial) == ((), 0, ())


def test_a_wrong_question_is_an_error_in_the_words_of_the_server(stores):
    with pytest.raises(RequestError, match="parse error"):
        fetch_range(stores["prometheus"], "sum(", GRID)
    with pytest.raises(RequestError, match="range vector"):
        fetch_range(stores["prometheus"], "plain[5m]", GRID)


def test_progress_adds_up(stores):
    steps = []
    found = fetch_range(stores["prometheus"], "walk_total", replace(GRID, most_points=50), progress=steps.append)
    assert sum(step.samples for step in steps) == len(found.table.times)
    assert [step.done_ratio for step in steps] == sorted(step.done_ratio for step in steps)
    assert steps[-1].done_ratio == 1
    assert 0 < sum(step.bytes for step in steps) <= found.bytes
    assert found.seconds > 0


def test_a_server_in_trouble_gives_the_same_table(stores):
    """Cut bodies and full queues are asked again, time-outs of long windows are halved."""
    expected = fetch_range(stores["prometheus"], "walk_total", GRID).table

    def script(path, form, count):
        points = (float(form["end"]) - float(form["start"])) / SCRAPE + 1
        trouble = {1: cut("chunk"), 3: QUEUE_FULL, 5: RESET, 6: BAD_GATEWAY}
        return TIMED_OUT if points > 70 else trouble.get(count)

    with (
        fault_proxy(stores["prometheus"].name, script) as url,
        connect(Settings(url, encoding="gzip")) as source,
    ):
        source.sleep = lambda seconds: None
        found = fetch_range(source, "walk_total", GRID)
    assert same(found.table, expected)
    assert found.splits >= 2


def test_warnings_of_any_window_make_the_answer_partial(stores):
    def script(path, form, count):
        return partial("remote_read: refused", "PromQL info: not a counter") if count == 2 else None

    with fault_proxy(stores["prometheus"].name, script) as url, connect(Settings(url)) as source:
        found = fetch_range(source, "walk_total", replace(GRID, most_points=100))
    assert found.partial == ("remote_read: refused",)
    assert found.advice == ("PromQL info: not a counter",)
    assert same(found.table, fetch_range(stores["prometheus"], "walk_total", GRID).table)


def test_one_window_that_fails_for_good_fails_the_question_and_nothing_stays_under_way(stores):
    seen = []

    def script(path, form, count):
        return FORBIDDEN if count >= 3 else None

    with (
        fault_proxy(
            stores["prometheus"].name, lambda path, form, count: FORBIDDEN if count >= 3 else None, seen
        ) as url,
        connect(Settings(url)) as source,
    ):
        with pytest.raises(RequestError) as caught:
            fetch_range(source, "walk_total", replace(GRID, most_points=20))
        asked = len(seen)
        for thread in threading.enumerate():
            if thread.name.startswith("window"):
                thread.join(5)
        assert (caught.value.failure.kind, caught.value.where) == ("unauthorised", source.name)
        assert len(seen) == asked <= 5


def test_a_server_that_stops_midway_is_an_error_and_not_a_short_table(tmp_path):
    backfill(tmp_path / "p", [f"m 1 {START + SCRAPE * i}" for i in range(400)])
    with prometheus(tmp_path / "p") as url:
        source = connect(Settings(url, connect_seconds=2, read_seconds=5))
        source.sleep = lambda seconds: None
        assert len(fetch_range(source, "m", GRID).table.times) == 400 == GRID.points
    with source, pytest.raises(RequestError) as caught:
        fetch_range(source, "m", GRID)
    assert caught.value.failure.kind == "unavailable"


class Wrong:
    """A source that answers every question with the same body."""

    name, received_bytes, requests = "here", 0, 0

    def __init__(self, body: bytes):
        self.body = body

    def ask(self, path, form):
        return self.body

    def hide(self, text):
        return text


@pytest.mark.parametrize("second", [START + 7, START - 15, START + 15 * POINTS, START + 0.5])
def test_a_time_that_is_not_on_the_grid_is_an_error(second):
    body = b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[%s,"1"]]}]}}'
    with pytest.raises(RequestError, match="not on the grid") as caught:
        fetch_range(Wrong(body % str(second).encode()), "m", GRID)
    assert caught.value.failure == Failure("not_understood", "none", 200, "", caught.value.failure.text)
    assert caught.value.where == "here"


def test_the_form_of_a_held_selector():
    assert held_for(Selector.parse("up"), 0.5) == "last_over_time(up[1000ms])"


IN_ZONE = """
import hashlib
from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.plan import plan
from analysis.sources.prometheus.range_query import fetch_range
from analysis.sources.prometheus.range_vector import fetch_vector
with connect(Settings({url!r})) as source:
    for start in ({start}, {night}):
        grid = plan(start * 1_000_000, (start + 7200) * 1_000_000, step_seconds=15)
        for table in (fetch_range(source, "plain", grid).table, fetch_range(source, "vector(time())", grid).table,
                      fetch_vector(source, "plain", grid.start_us, grid.end_us).table):
            arrays = b"".join(a.tobytes() for a in (table.ids, table.times, table.values))
            print(table.labels, len(table.times), hashlib.sha256(arrays).hexdigest())
"""


def test_zones_and_the_night_when_clocks_change_change_nothing(stores):
    night = 1_762_063_200 // 60 * 60  # 2025-11-02T06:00Z, when New York's clocks go back
    code = IN_ZONE.format(url=stores["prometheus"].name, start=START, night=night)
    first, *others = [in_zone(code, zone) for zone in ("UTC", "America/New_York", "Asia/Kolkata")]
    assert first.count("\n") == 6
    assert [other == first for other in others] == [True, True]
