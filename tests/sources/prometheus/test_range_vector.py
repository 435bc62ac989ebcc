import math

import numpy as np
import pytest

from analysis.sources.prometheus import range_vector
from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.range_vector import fetch_vector
from analysis.sources.prometheus.selector import Selector
from tests.servers import backfill, prometheus
from tests.sources.prometheus.stores import POINTS, SCRAPE, START, both_stores, same, samples

US = 1_000_000
END = START + SCRAPE * (POINTS - 1) + 3
STORES = ["prometheus", "victoria"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    with both_stores(tmp_path_factory.mktemp("stores")) as found:
        yield found


def expected(name: str, start: float = START, end: float = END) -> dict:
    found: dict = {}
    for own, labels, time, value in samples():
        if own == name and start <= time <= end:
            found.setdefault(tuple(sorted({**labels, "__name__": name}.items())), []).append((time * US, value))
    return found


def as_dict(table) -> dict:
    joints = np.searchsorted(table.ids, np.arange(len(table.labels) + 1))
    return {
        tuple(sorted(labels.items())): list(zip(table.times[lo:hi].tolist(), table.values[lo:hi].tolist(), strict=True))
        for labels, lo, hi in zip(table.labels, joints[:-1], joints[1:], strict=True)
    }


@pytest.mark.parametrize("name", ["walk_total", "hole", "death", "nasty"])
@pytest.mark.parametrize("store", STORES)
def test_samples_come_at_their_own_times_and_nothing_between(stores, store, name):
    found = as_dict(fetch_vector(stores[store], Selector.parse(name), START * US, END * US).table)
    if store == "prometheus":
        assert found == expected(name)
    else:
        assert found.keys() == expected(name).keys()
        for key, rows in expected(name).items():
            assert [t for t, _ in found[key]] == [t for t, _ in rows]
            assert np.allclose([v for _, v in found[key]], [v for _, v in rows], rtol=1e-11)


def test_special_values_are_bit_exact_from_prometheus(stores):
    found = as_dict(fetch_vector(stores["prometheus"], "special", START * US, END * US).table)
    for key, rows in expected("special").items():
        for (time, value), (at, wanted) in zip(found[key], rows, strict=True):
            assert time == at
            both_nan = math.isnan(value) and math.isnan(wanted)
            assert both_nan or np.float64(value).tobytes() == np.float64(wanted).tobytes()


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("first_ms", [1_000, 15_000, 61_234, 10**9])
def test_no_window_loses_or_doubles_a_sample(stores, store, first_ms, monkeypatch):
    whole = fetch_vector(stores[store], "walk_total", START * US, END * US).table
    monkeypatch.setattr(range_vector, "FIRST_MS", first_ms)
    monkeypatch.setattr(range_vector, "LONGEST_MS", max(4 * first_ms, 60_000))
    found = fetch_vector(stores[store], "walk_total", START * US, END * US)
    assert same(found.table, whole)
    assert found.requests > 1 or first_ms == 10**9


@pytest.mark.parametrize("store", STORES)
def test_both_ends_are_included_to_the_microsecond(stores, store):
    source = stores[store]
    for start, end, count in [
        (START * US, START * US, 1), (START * US, (START + 15) * US, 2), (START * US + 1, (START + 15) * US, 1),
        (START * US, (START + 15) * US - 1, 1), (START * US + 1, (START + 15) * US - 1, 0),
        (START * US + 1, START * US + 2, 0),
    ]:  # fmt: skip
        assert len(fetch_vector(source, "plain", start, end).table.times) == count, (start, end)


def test_windows_are_halved_where_a_server_allows_few_samples(tmp_path):
    backfill(tmp_path / "p", [f'm{{s="{s}"}} {i} {START + i}' for s in range(20) for i in range(600)])
    with prometheus(tmp_path / "p", "--query.max-samples=1500") as url, connect(Settings(url)) as source:
        found = fetch_vector(source, "m", START * US, (START + 599) * US)
        assert len(found.table.times) == 20 * 600
        assert found.splits >= 1
    with (
        prometheus(tmp_path / "p", "--query.max-samples=20") as url,
        connect(Settings(url)) as source,
        pytest.raises(RequestError),
    ):
        fetch_vector(source, "m", START * US, (START + 599) * US)


def test_progress_and_what_is_wrong(stores):
    steps = []
    found = fetch_vector(stores["prometheus"], "walk_total", START * US, END * US, progress=steps.append)
    assert sum(step.samples for step in steps) == len(found.table.times)
    assert steps[-1].done_ratio == 1
    with pytest.raises(ValueError, match="before it starts"):
        fetch_vector(stores["prometheus"], "m", 1, 0)
    with pytest.raises(RequestError, match="parse error"):
        fetch_vector(stores["prometheus"], "sum(", 0, US)
    assert fetch_vector(stores["prometheus"], "no_such", START * US, END * US).table.labels == ()
