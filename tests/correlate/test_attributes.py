"""Differences within strata against loops over rows; what they must not see; planted, routed and random trouble."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.attributes import Contrast, category_contrast, crossed
from tests import oracles_evidence as oracles

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def tables(draw, most=240):
    seed, n = draw(st.integers(0, 10_000)), draw(st.integers(0, most))
    rng = np.random.default_rng(seed)
    blocks = draw(st.integers(1, 40))
    rate = rng.uniform(0, 1, blocks) ** draw(st.integers(1, 4))
    block = rng.integers(0, blocks, n)
    codes, stratum = rng.integers(0, draw(st.integers(1, 4)), n), rng.integers(0, draw(st.integers(1, 3)), n)
    return codes, rng.random(n) < rate[block], block, stratum


def agree(found: Contrast, other: Contrast, sign=1.0):
    for name in Contrast._fields:
        a, b = getattr(found, name), getattr(other, name)
        assert a == pytest.approx(b, rel=1e-7, abs=1e-9, nan_ok=True), name


@EXAMPLES
@given(tables())
def test_every_number_is_that_of_the_loop(drawn):
    codes, marked, block, stratum = drawn
    found = category_contrast(codes, marked, block, stratum=stratum)
    plain = category_contrast(codes, marked, block)
    assert len(found.rows) == (codes.max() + 1 if len(codes) else 0)
    for i in range(len(found.rows)):
        for c, s in ((found, stratum), (plain, np.zeros_like(block))):
            slow = oracles.contrast(codes.tolist(), marked.tolist(), block.tolist(), s.tolist(), i)
            for name, value in slow.items():
                assert float(getattr(c, name)[i]) == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), name


@EXAMPLES
@given(tables(), st.integers(0, 1000))
def test_the_order_of_rows_means_nothing(drawn, seed):
    codes, marked, block, stratum = drawn
    turn = np.random.default_rng(seed).permutation(len(codes))
    moved = category_contrast(codes[turn], marked[turn], block[turn], stratum=stratum[turn])
    agree(moved, category_contrast(codes, marked, block, stratum=stratum))


@EXAMPLES
@given(tables())
def test_later_blocks_and_other_numbers_of_strata_change_nothing(drawn):
    codes, marked, block, stratum = drawn
    same = category_contrast(codes, marked, block, stratum=stratum)
    agree(category_contrast(codes, marked, block + 1000, stratum=7 - stratum), same)
    agree(category_contrast(codes, marked, block, stratum=crossed(block, stratum)), same)
    agree(category_contrast(codes.astype("i2"), marked, block.astype("u4"), stratum=stratum), same)


@EXAMPLES
@given(tables())
def test_reversing_time_changes_nothing(drawn):
    codes, marked, block, _ = drawn
    agree(category_contrast(codes, marked, 50 - block), category_contrast(codes, marked, block))


@EXAMPLES
@given(tables())
def test_marking_the_others_turns_the_sign(drawn):
    codes, marked, block, _ = drawn
    found, turned = category_contrast(codes, marked, block), category_contrast(codes, ~marked, block)
    assert turned.difference == pytest.approx(-found.difference, abs=1e-9, nan_ok=True)
    assert turned.p_value == pytest.approx(found.p_value, rel=1e-6, nan_ok=True)
    assert turned.low == pytest.approx(-found.high, abs=1e-9, nan_ok=True)


@EXAMPLES
@given(tables())
def test_excesses_of_all_categories_cancel(drawn):
    found = category_contrast(*drawn[:3])
    assert np.nansum(found.excess) == pytest.approx(0, abs=1e-9)
    known = np.isfinite(found.low)
    assert (found.low[known] <= found.difference[known] + 1e-12).all()
    assert (found.difference[known] <= found.high[known] + 1e-12).all()


@EXAMPLES
@given(tables())
def test_names_of_categories_mean_nothing(drawn):
    codes, marked, block, _ = drawn
    found, renamed = category_contrast(codes, marked, block), category_contrast(3 - codes, marked, block)
    for i in range(len(found.rows)):
        if 3 - i < len(renamed.rows):
            assert renamed.p_value[3 - i] == pytest.approx(found.p_value[i], rel=1e-7, nan_ok=True)
            assert renamed.difference[3 - i] == pytest.approx(found.difference[i], rel=1e-7, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_few_rows_are_undecidable(n):
    found = category_contrast(np.arange(n) % 2, np.arange(n) % 3 == 0, np.arange(n))
    assert np.isnan(found.p_value).all()
    assert len(found.rows) == min(n, 2)


@pytest.mark.parametrize("value", [True, False])
def test_all_or_none_marked_and_one_category_are_undecidable(value):
    block, codes = np.repeat(np.arange(50), 10), np.tile(np.arange(10) % 2, 50)
    found = category_contrast(codes, np.full(500, value), block)
    assert np.isnan(found.p_value).all()
    assert found.difference.tolist() == [0, 0]
    alone = category_contrast(np.zeros(500, int), codes == 1, block)
    assert np.isnan(alone.difference).all()
    assert alone.comparable.tolist() == [0]


def test_a_category_that_never_meets_others_is_not_compared():
    block = np.repeat(np.arange(60), 10)
    found = category_contrast((block >= 30).astype(int), block >= 30, block)
    assert (found.share_with[1], found.share_without[1]) == (1, 0)
    assert np.isnan([*found.difference, *found.p_value]).all()


def test_busy_when_all_is_bad_is_no_excess():
    rng = np.random.default_rng(4)
    block = np.repeat(np.arange(200), 40)
    bad_time = (block >= 80) & (block < 120)
    codes = (rng.random(8000) < np.where(bad_time, 0.8, 0.2)).astype(int)
    found = category_contrast(codes, rng.random(8000) < np.where(bad_time, 0.7, 0.01), block)
    assert found.share_with[1] > 2 * found.share_without[1]
    assert found.p_value[1] > 0.05


def test_a_routed_category_is_unmasked_by_the_stratum_and_the_sick_one_is_not():
    client, pod, bad, block = oracles.routed(np.random.default_rng(5), 20_000, 300, 0.5)
    alone, beside = category_contrast(client, bad, block), category_contrast(client, bad, block, stratum=pod)
    assert alone.low[0] > 0.03
    assert beside.high[0] < alone.difference[0] / 2
    sick = category_contrast(pod, bad, block, stratum=client)
    assert sick.low[0] > 0.05
    assert (np.nanargmax(sick.excess), np.nanargmin(sick.p_value)) == (0, 0)


def test_rare_rows_that_agree_by_chance_are_not_certain():
    block = np.repeat(np.arange(40), 100)
    codes = np.tile(np.arange(100) == 0, 40).astype(int)
    rng = np.random.default_rng(6)
    found = category_contrast(codes, (rng.random(4000) < 0.02) & (codes == 0), block)
    assert found.p_value[1] > 0.2  # none of 40 rows, at two percent
    found = category_contrast(codes, rng.random(4000) < np.where(codes == 1, 1, 0.02), block)
    assert found.p_value[1] < 1e-4  # all of 40 rows


def test_repeating_rows_inside_their_block_makes_nothing_surer():
    """A request that is logged a hundred times is one observation of its block."""
    rng = np.random.default_rng(9)
    block = np.repeat(np.arange(60), 12)
    tilt = rng.normal(0, 1.5, (60, 3))
    codes = rng.integers(0, 3, 720)
    bad = rng.random(720) < 1 / (1 + np.exp(-tilt[block, codes]))
    one, many = (category_contrast(*(np.repeat(v, k) for v in (codes, bad, block))) for k in (1, 100))
    assert many.difference == pytest.approx(one.difference)
    width = (many.high - many.low) / (one.high - one.low)
    assert (width > 0.9).all()


def test_what_is_no_table_is_refused():
    good = np.zeros(5, int), np.zeros(5, bool), np.zeros(5, int)
    for i, bad in ((1, np.zeros(5)), (0, np.zeros(4, int)), (0, np.zeros(5)), (2, np.full(5, -1)), (0, np.full(5, -2))):
        arrays = [bad if k == i else v for k, v in enumerate(good)]
        with pytest.raises(ValueError, match=r"expected|agree"):
            category_contrast(*arrays)
    with pytest.raises(ValueError, match="agree"):
        category_contrast(*good, stratum=np.zeros(4, int))


def test_crossed_numbers_pairs_in_order():
    assert crossed(np.zeros(0, int), np.zeros(0, int)).tolist() == []
    a, b = np.random.default_rng(2).integers(0, 9, (2, 200))
    pairs = sorted(set(zip(a.tolist(), b.tolist(), strict=True)))
    assert crossed(a, b).tolist() == [pairs.index(p) for p in zip(a.tolist(), b.tolist(), strict=True)]
