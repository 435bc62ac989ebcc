"""Whether the samples of sessions follow the clock of the metrics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses.case import Case
from analysis.hypotheses.database.clock import clock_of, lag_of_counts
from analysis.hypotheses.database.dose import study
from tests.conftest import A, B, C, D
from tests.session_variants import noisy, shifted
from tests.variants import add, drop_series, evidence_of, thin, with_samples


def clock(evidence):
    case = Case.of(evidence)
    return clock_of(case, study(case))


@pytest.mark.parametrize("folder", [A, B, C])
def test_the_recordings_are_in_step(folder):
    found = clock(evidence_of(folder))
    assert found.compared
    assert found.reason == ""
    assert abs(found.ahead_seconds) <= 10


def test_without_anything_that_varies_nothing_is_compared():
    assert not clock(evidence_of(D)).compared
    evidence = evidence_of(C)
    bare = drop_series(evidence.samples, lambda m: m["__name__"].startswith(("pg_", "hikaricp")))
    assert not clock(with_samples(evidence, bare)).compared


@pytest.mark.parametrize("folder", [A, C])
@pytest.mark.parametrize("seconds", [-120, -60, -20, 20, 30, 120])
def test_moved_samples_are_found_and_by_how_much(folder, seconds):
    found = clock(shifted(evidence_of(folder), seconds))
    assert found.ahead_seconds == pytest.approx(seconds, abs=3)
    assert ("ahead of" if seconds > 0 else "behind") in found.reason


def test_the_pool_tells_where_no_exporter_was_recorded():
    evidence = shifted(evidence_of(C), 30)
    bare = drop_series(evidence.samples, lambda m: m["__name__"].startswith("pg_"))
    assert "told by hikaricp_connections_active" in clock(with_samples(evidence, bare)).reason


def test_counts_of_two_servers_are_not_compared():
    evidence = shifted(evidence_of(C), 30)
    kept = drop_series(evidence.samples, lambda m: m["__name__"].startswith("hikaricp"))
    other = [({**s.labels, "server": "other"}, s.times, s.values) for s in kept.named("pg_stat_activity_count")]
    assert not clock(with_samples(evidence, add(kept, other))).compared


@pytest.mark.parametrize("seconds", [10, 15, 20, 30, 60])
@pytest.mark.parametrize("folder", [A, B, C])
def test_slower_scrapes_never_accuse_a_clock_that_is_right(folder, seconds):
    evidence = evidence_of(folder)
    for phase in range(seconds // 5):
        assert clock(with_samples(evidence, thin(evidence.samples, seconds, phase))).reason == ""


def test_noise_of_others_does_not_accuse_it_either():
    assert clock(noisy(evidence_of(C), 500, seed=3)).reason == ""


@given(st.integers(0, 2**32 - 1))
def test_two_counts_that_have_nothing_in_common_accuse_nobody(seed):
    rng = np.random.default_rng(seed)
    at = np.arange(300, dtype="i8") * 1_000_000
    lag, _, tolerance = lag_of_counts(at[::5], rng.poisson(1.5, 60) * 1.0, at, rng.poisson(1.5, 300) * 1.0, 1.0)
    assert np.isnan(lag) or abs(lag) <= tolerance


@given(st.integers(-50, 50), st.integers(110, 150), st.integers(30, 60))
def test_the_lag_of_a_pile_up_against_how_it_was_made(seconds, first, length):
    at = np.arange(300, dtype="i8") * 1_000_000
    sampled = 8.0 * ((at >= first * 1e6) & (at < (first + length) * 1e6))
    times = at[2::5] - seconds * 1_000_000
    lag, correlation, tolerance = lag_of_counts(times, sampled[2::5], at, sampled, 1.0)
    assert tolerance == 10
    assert abs(lag - seconds) <= 5
    assert correlation > 0.8


def test_unknown_flat_and_few_counts_are_not_compared():
    at = np.arange(100, dtype="i8") * 1_000_000
    busy = (at > 40e6) & (at < 60e6)
    assert np.isnan(lag_of_counts(at[::20], busy[::20] * 1.0, at, busy * 1.0, 1.0)[0])
    assert np.isnan(lag_of_counts(at[::5], np.zeros(20), at, busy * 1.0, 1.0)[0])
    assert np.isnan(lag_of_counts(at[::5], busy[::5] * 1.0, at, np.zeros(100), 1.0)[0])
    assert np.isnan(lag_of_counts(at[::5], np.full(20, np.nan), at, busy * 1.0, 1.0)[0])
