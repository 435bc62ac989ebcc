"""Level changes, effective size, bootstrap and FDR against formulas written out; false-positive rate of `change`."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.correlate.effect import (
    adjust_fdr,
    autocorrelation,
    block_bootstrap_share,
    change,
    effective_size,
)
from tests import oracles, oracles_change

EXAMPLES = settings(max_examples=80, deadline=None, derandomize=True)
VALUES = st.integers(-1000, 1000).map(lambda v: v / 8)
P = st.floats(0, 1) | st.sampled_from([0.01, 0.05, 0.05, 1.0, 0.0]) | st.just(float("nan"))


def arrays(low=0, high=40):
    return st.lists(VALUES, min_size=low, max_size=high).map(lambda v: np.array(v, dtype=float))


@EXAMPLES
@given(arrays())
def test_autocorrelation_is_the_formula(x):
    assert autocorrelation(x) == pytest.approx(oracles.autocorrelation(x), abs=1e-9)
    assert 0 <= autocorrelation(x) <= 0.99


@EXAMPLES
@given(arrays(), st.integers(-3, 3).map(lambda k: 2.0**k), st.integers(-100, 100))
def test_autocorrelation_has_no_unit(x, scale, offset):
    assert autocorrelation(x * scale + offset) == pytest.approx(autocorrelation(x), abs=1e-9)


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6, 0.8])
def test_the_correction_takes_the_bias_away(phi):
    x = oracles.ar1(np.random.default_rng(5), phi, (800, 60))
    found = np.mean([autocorrelation(row) for row in x])
    assert found == pytest.approx(phi, abs=0.03 if phi else 0.07)  # at 0 the values below 0 are cut off


@pytest.mark.parametrize(("n", "phi", "size"), [(0, 0.5, 0), (120, 0, 120), (120, 0.5, 40), (60, 0.8, 20 / 3)])
def test_effective_size(n, phi, size):
    assert effective_size(n, phi) == pytest.approx(size)
    assert effective_size(n, phi) == pytest.approx(oracles.effective_size(n, phi))


FEW = settings(max_examples=12, deadline=None, derandomize=True)


@FEW
@given(arrays(low=1, high=24), arrays(low=1, high=24), st.sampled_from([0.01, 1.0, 50.0]))
def test_change_is_welch_averaged_over_spectra(before, after, floor):
    found, (difference, t, p, n0, n1) = change(before, after, floor=floor), oracles_change.change(before, after, floor)
    assert found.difference == pytest.approx(difference, abs=1e-9)
    assert found.t == pytest.approx(t, rel=1e-6, abs=1e-9)
    assert (found.n_before, found.n_after) == pytest.approx((n0, n1), rel=1e-6)
    assert math.isnan(found.p_value) == (found.n_before < 3 or len(after) < 3)
    if not math.isnan(found.p_value):
        assert found.p_value == pytest.approx(p, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_p_is_the_formula(seed):
    rng = np.random.default_rng(seed)
    before, after = rng.standard_normal(24), 0.3 * seed + rng.standard_normal(20 + seed) * (2 if seed % 2 else 0.5)
    found = change(before, after, floor=1e-6)
    assert found.p_value == pytest.approx(oracles_change.change(before, after, 1e-6)[2], rel=1e-5, nan_ok=True)


def test_long_independent_values_give_the_classic_test():
    rng = np.random.default_rng(2)
    before, after = rng.standard_normal((2, 2000))
    found, classic = change(before, after, floor=1e-9), stats.ttest_ind(after, before, equal_var=False)
    assert found.t == pytest.approx(classic[0], abs=0.1)
    assert found.p_value == pytest.approx(classic[1], abs=0.05)


@EXAMPLES
@given(arrays(low=3), arrays(low=3), st.integers(-50, 50), st.integers(-3, 3).map(lambda k: 2.0**k))
def test_change_moves_with_offset_and_unit(before, after, offset, scale):
    one = change(before, after, floor=1.0)
    other = change(before * scale + offset, after * scale + offset, floor=scale)
    assert other.difference == pytest.approx(one.difference * scale, abs=1e-9)
    assert (other.t, other.p_value) == pytest.approx((one.t, one.p_value), rel=1e-6, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 5), (5, 0)])
def test_an_empty_stretch_gives_no_change(n, m):
    found = change(np.zeros(n), np.zeros(m), floor=0.1)
    assert all(math.isnan(v) for v in found[:3])
    assert found[3:] == (0.0, 0.0)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 5), (2, 50), (60, 1), (60, 2)])
def test_too_little_is_refused_but_still_measured(n, m):
    found = change(np.zeros(n), np.ones(m), floor=0.1)
    assert math.isnan(found.p_value)
    assert found.difference == 1.0


def test_a_flat_baseline_gets_the_floor_as_its_spread():
    found = change(np.zeros(60), np.array([0.3, 0.4, 0.5]), floor=0.02)
    assert found.p_value < 0.03  # three values: two degrees of freedom
    assert change(np.zeros(60), np.array([0.3, 0.4, 0.5]), floor=5.0).p_value > 0.5
    assert change(np.zeros(60), np.zeros(60), floor=0.02).p_value == 1.0


@EXAMPLES
@given(st.lists(P, max_size=25))
def test_fdr_is_benjamini_hochberg(p):
    q = adjust_fdr(np.array(p, dtype=float))
    assert q.tolist() == pytest.approx(oracles.adjust_fdr(p), nan_ok=True)


@EXAMPLES
@given(st.lists(P, min_size=1, max_size=25))
def test_fdr_keeps_the_order_and_never_lowers(p):
    p = np.array(p, dtype=float)
    q = adjust_fdr(p)
    known = ~np.isnan(p)
    assert np.array_equal(np.isnan(q), ~known)
    assume(known.any())
    assert (q[known] >= p[known] - 1e-12).all()
    assert (q[known] <= 1).all()
    assert (np.diff(q[known][np.argsort(p[known], kind="stable")]) >= -1e-12).all()
    assert q[known] == pytest.approx(stats.false_discovery_control(p[known]))


def test_fdr_of_nothing_is_nothing():
    assert adjust_fdr(np.zeros(0)).tolist() == []
    assert np.isnan(adjust_fdr(np.full(3, np.nan))).all()


@pytest.mark.parametrize("block", [1, 5, 12])
def test_bootstrap_agrees_with_a_loop(block):
    rng = np.random.default_rng(8)
    whole = rng.uniform(1, 3, 48)
    part = whole * rng.beta(2, 5, 48)
    found = block_bootstrap_share(part, whole, block=block)
    slow = oracles.block_bootstrap(part, whole, block, 2000, np.random.default_rng(9))
    width = slow[1] - slow[0]
    assert found == pytest.approx(slow, abs=0.15 * width)
    assert found[0] < part.sum() / whole.sum() < found[1]


@EXAMPLES
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=20), st.integers(1, 10))
def test_bootstrap_of_a_share_stays_a_share(rows, block):
    part, whole = np.array([min(r) for r in rows], float), np.array([max(r) for r in rows], float)
    low, high = block_bootstrap_share(part, whole, block=block, draws=99)
    assume(not math.isnan(low))
    assert 0 <= low <= high <= 1


def test_bootstrap_refuses_what_it_cannot_know():
    one = np.ones(9)
    assert all(math.isnan(v) for v in block_bootstrap_share(one, one, block=5))
    assert all(math.isnan(v) for v in block_bootstrap_share(one[:1], one[:1], block=1))
    assert all(math.isnan(v) for v in block_bootstrap_share(one[:0], one[:0], block=1))
    assert all(math.isnan(v) for v in block_bootstrap_share(0 * one, 0 * one, block=2))


def test_two_runs_are_identical():
    rng = np.random.default_rng(4)
    part, whole = rng.uniform(0, 1, 60), np.ones(60)
    assert block_bootstrap_share(part, whole, block=6) == block_bootstrap_share(part, whole, block=6)
    assert block_bootstrap_share(part, whole, block=6) != block_bootstrap_share(part, whole, block=6, seed=2)
    assert change(part, whole, floor=0.1) == change(part, whole, floor=0.1)


# ---- calibration: share of p < 5 % without any change; a refusal is no discovery


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("n_before", [60, 120])
def test_change_finds_nothing_in_a_level_that_stays(phi, n_before):
    rows = oracles.ar1(np.random.default_rng(21), phi, (800, n_before + 30))
    p = np.array([change(row[:n_before], row[n_before:], floor=1e-9).p_value for row in rows])
    assert np.mean(p < 0.05) <= 0.07


def test_change_refuses_rather_than_guess():
    rows = oracles.ar1(np.random.default_rng(22), 0.97, (200, 90))
    refused = np.mean([math.isnan(change(row[:60], row[60:], floor=1e-9).p_value) for row in rows])
    assert refused >= 0.6


@pytest.mark.parametrize("phi", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("n_before", [13, 22])
def test_a_short_baseline_makes_no_rise_of_noise(phi, n_before):
    """A minute or two of scrapes: few degrees of freedom are their price, and rises alone are what a suspect shows."""
    rows = oracles.ar1(np.random.default_rng(25), phi, (600, n_before + 17))
    found = [change(row[:n_before], row[n_before + 5 :], floor=1e-9) for row in rows]
    assert np.mean([c.p_value < 0.05 and c.difference > 0 for c in found]) <= 0.05


def test_change_finds_a_step():
    rows = oracles.ar1(np.random.default_rng(23), 0.5, (200, 90))
    assert np.mean([change(row[:60], row[60:] + 3, floor=1e-9).p_value < 0.05 for row in rows]) >= 0.95


@pytest.mark.parametrize("phi", [0.8, 0.95])
def test_noise_does_not_hide_that_a_counters_rate_wanders(phi):
    """Sixty increments of a slow rate, worth 8 and 2 values: Poisson noise on top makes them look independent."""
    rng = np.random.default_rng(24)
    rate = 100 * np.exp(0.2 * math.sqrt(1 - phi**2) * oracles.ar1(rng, phi, (500, 120)))
    p = np.array([change(row[:60], row[60:], floor=1e-9).p_value for row in rng.poisson(rate).astype(float)])
    assert np.mean(p < 0.05) <= 0.12
