"""The level of calls before and in an episode: what counts as worse, spared, open, unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses.calls.levels import Level, level_of, states_of, well_beside
from analysis.signals.calls import Calls
from tests.signals.samples import at, window
from tests.variants import ar1

T = np.arange(0, 400, 5.0)
BASELINE, EPISODE = window(0, 300), window(300, 395)


def calls(mean, failed=0.0, operation="query", destination="cart", count=50.0):
    n = len(T) - 1
    count = np.broadcast_to(np.asarray(count, dtype=float), n).copy()
    return Calls(
        "shop", "api-0", "", destination, operation, "m", at(T), count, count * mean, np.broadcast_to(failed, n) * 1.0
    )


def noisy(low, high, seed=0):
    rng = np.random.default_rng(seed)
    level = np.where(T[1:] > 300, high, low)
    return level * np.exp(0.2 * rng.normal(size=len(level)))


def of(*rows):
    return level_of(rows, at(T), BASELINE, EPISODE)


def test_means_are_of_sums_and_counts_and_connecting_is_left_out():
    found = of(calls(noisy(0.01, 2.0)), calls(9.0, operation="connect"))
    assert found.before_seconds == pytest.approx(0.01, rel=0.1)
    assert found.after_seconds == pytest.approx(2.0, rel=0.1)
    assert found.seconds_p_value < 1e-4
    assert found.usual_high_seconds < 0.05
    assert of(calls(9.0, operation="connect")).before_seconds == pytest.approx(9.0)


def test_slow_failing_spared_open():
    slow, calm = of(calls(noisy(0.01, 2.0))), of(calls(noisy(0.01, 0.01, seed=1)))
    failing = of(calls(noisy(0.01, 0.002), failed=np.where(T[1:] > 300, 30.0, 0.0)))
    middling = of(calls(noisy(0.01, 0.19)))
    assert states_of([slow, calm, failing]) == ("worse", "spared", "worse")
    assert states_of([slow, middling])[1] == "open", "less than a tenth of the worst, but not surely"
    assert states_of([calm, calm]) == ("open", "open"), "without a worst one there is nothing to be spared"
    assert states_of([]) == ()


def test_a_gap_or_a_destination_that_is_not_called_is_unknown():
    broken = np.where((T[1:] > 100) & (T[1:] <= 250), np.nan, 50.0)
    found = of(calls(noisy(0.01, 2.0), count=broken))
    assert np.isnan(found.before_seconds)
    assert states_of([found]) == ("unknown",)
    assert states_of([of(calls(0.01, count=np.where(T[1:] > 300, 0.0, 50.0)))]) == ("unknown",)


def test_a_level_that_wanders_is_hardly_ever_called_worse_or_spared():
    from scipy.stats import norm

    share = norm.cdf(ar1(np.random.default_rng(5), len(T) - 1, 0.9, 300))
    levels = [of(calls(row)) for row in share]
    states = states_of([of(calls(noisy(0.01, 2.0))), *levels])
    assert states[0] == "worse"
    assert sum(s in ("worse", "spared") for s in states[1:]) <= 3


@given(st.lists(st.tuples(*[st.floats(0, 100)] * 11), min_size=1, max_size=30))
def test_every_level_has_one_state(rows):
    found = states_of([Level(*row) for row in rows])
    assert len(found) == len(rows)
    assert set(found) <= {"worse", "spared", "open", "unknown"}


def test_the_harm_that_another_source_saw_is_a_measure():
    calm = of(calls(noisy(0.01, 0.01, seed=1)))
    assert states_of([calm], harm_seconds=2.0) == ("spared",)


def test_a_level_hardly_known_is_well_beside_a_large_harm_only():
    few = of(calls(noisy(0.01, 0.01, seed=1)))._replace(n_before=4.0)
    assert states_of([few._replace(n_before=2.9)], harm_seconds=2.0) == ("unknown",)
    assert well_beside(few, 2.0)
    assert not well_beside(few, 0.01)
    assert not well_beside(few._replace(n_before=2.9), 2.0)
    assert not well_beside(few._replace(failed_after_ratio=0.3), 2.0)
    assert not well_beside(few._replace(after_seconds=0.5), 2.0)


def test_steps_beyond_the_usual_are_counted():
    found = of(calls(noisy(0.01, 2.0)))
    assert (found.steps, found.sick_steps) == (19, 19)
    assert 0 < found.usual_sick_ratio < 0.1
    assert of(calls(noisy(0.01, 0.01, seed=1))).sick_steps <= 1
