"""How often missingness and attributes accuse where there is nothing, and what they find: figures and bounds."""

import itertools
import time

import numpy as np
import pytest

from analysis.correlate.attributes import category_contrast
from analysis.correlate.missingness import missingness_by_series, missingness_test
from tests import oracles, oracles_evidence

ROWS = 2000


def say(what, **figures):
    print(what, " ".join(f"{k}={v:.3f}" if isinstance(v, float) else f"{k}={v}" for k, v in figures.items()))


def stretch(n, share):
    at, k = np.arange(n), max(1, round(share * n))
    return (at >= n // 2 - k // 2) & (at < n // 2 - k // 2 + k)


@pytest.mark.parametrize("n", [60, 120, 240, 1000])
def test_random_gaps(n):
    for length, share in itertools.product((1, 3, 10, 30), (0.02, 0.1, 0.3)):
        present = oracles_evidence.gaps(np.random.default_rng(11), n, ROWS, share, length)
        rates = {}
        for part in (0.05, 0.1, 0.25, 0.5):
            p = missingness_by_series(present, stretch(n, part)).p_value
            rates[f"stretch_{part}"] = float(np.mean(p <= 0.05))
        say(f"gaps n={n} length={length} share={share}", **rates, refused=float(np.isnan(p).mean()))
        assert max(rates.values()) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / ROWS)


@pytest.mark.parametrize("phi", [0.0, 0.8, 0.95])
def test_gaps_that_many_series_share(phi):
    """Fifteen series whose chance of a gap follows one hidden AR(1)."""
    for n in (120, 480):
        rng = np.random.default_rng(12)
        hidden = oracles.ar1(rng, phi, (ROWS, n))
        rates = {}
        for part in (0.05, 0.1, 0.25, 0.5):
            inside = stretch(n, part)
            p = [
                missingness_test(rng.random((n, 15)) > 1 / (1 + np.exp(3 - 1.5 * h))[:, None], inside).p_value
                for h in hidden
            ]
            rates[f"stretch_{part}"] = float(np.mean(np.array(p) <= 0.05))
        say(f"common gaps phi={phi} n={n}", **rates)
        assert max(rates.values()) <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / ROWS)


def test_planted_gaps():
    for n, part, lost in itertools.product((120, 240), (0.1, 0.25), (0.2, 0.4, 0.8)):
        inside, hits = stretch(n, part), []
        for seed in range(400):
            rng = np.random.default_rng(seed)
            present = oracles_evidence.gaps(rng, n, 8, 0.02, 3)
            present[np.ix_(inside, range(4))] &= rng.random((int(inside.sum()), 4)) >= lost
            hits.append(missingness_test(present, inside).p_value <= 0.05)
        say(f"planted n={n} stretch={part}: half of the series lose {lost}", found=float(np.mean(hits)))
        assert lost < 0.4 or np.mean(hits) >= 0.95


# ---- attributes


BLOCKS, EACH, VALUES = 168, 80, 10


def requests_of(kind, rng):
    """Codes, bad and block; no value is worse than another in the mean."""
    block = np.repeat(np.arange(BLOCKS), EACH)
    mix = rng.dirichlet(np.full(VALUES, 2.0))
    each = rng.dirichlet(mix * 20 + 0.01, BLOCKS) if "busy" in kind else np.tile(mix, (BLOCKS, 1))
    codes = (rng.random((len(block), 1)) > np.cumsum(each, axis=1)[block, :-1]).sum(axis=1)
    odds = np.full(BLOCKS, np.log(0.01 / 0.99))
    if "incident" in kind:
        odds[60:90] = np.log(1.5)
    if "wander" in kind:
        odds = -3 + 0.45 * rng.standard_normal(BLOCKS).cumsum()
    own = np.zeros((VALUES, BLOCKS))
    if "own" in kind:  # each value has trouble of its own in each block
        own = oracles.ar1(rng, 0.7 if "lasting" in kind else 0.0, (VALUES, BLOCKS))
    return codes, rng.random(len(block)) < 1 / (1 + np.exp(-(odds[block] + own[codes, block]))), block


KINDS = ["plain", "incident", "wander", "incident busy", "incident own", "incident busy own"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_is_worse(kind):
    found = [category_contrast(*requests_of(kind, np.random.default_rng(s))) for s in range(ROWS // VALUES * 2)]
    p, low, high = (np.concatenate([getattr(c, k) for c in found]) for k in ("p_value", "low", "high"))
    known = np.isfinite(p)
    rates = {"at_0.05": float(np.mean(p[known] <= 0.05)), "at_0.001": float(np.mean(p[known] <= 0.001))}
    covered = float(np.mean((low[known] <= 0) & (high[known] >= 0)))
    say(f"attributes {kind}", **rates, covered=covered, refused=float(np.mean(~known)), n=len(p))
    assert rates["at_0.05"] <= 0.06
    assert rates["at_0.001"] <= 0.005
    assert covered >= 0.94


def test_trouble_of_its_own_that_lasts_needs_longer_blocks():
    for width in (1, 3, 6):
        p = []
        for seed in range(ROWS // VALUES):
            codes, bad, block = requests_of("wander own lasting", np.random.default_rng(seed))
            p.append(category_contrast(codes, bad, block // width).p_value)
        p = np.concatenate(p)
        known = np.isfinite(p)
        say(f"attributes lasting, {width} blocks as one", at=float(np.mean(p[known] <= 0.05)), refused=1 - known.mean())
        assert np.mean(p[known] <= 0.05) <= (0.2 if width == 1 else 0.12)


def bootstrap(codes, bad, block, category, rng, draws=300):
    """Percentile interval of the same difference, blocks drawn with replacement."""
    rows = np.zeros((BLOCKS, 4))
    for i, v in enumerate((codes == category, (codes == category) & bad, np.ones(len(codes)), bad)):
        rows[:, i] = np.bincount(block, weights=v.astype(float), minlength=BLOCKS)
    x, a, n, b = rows.T
    excess, weight = a - x * b / n, x * (n - x) / n
    pick = rng.integers(0, BLOCKS, (draws, BLOCKS))
    return np.quantile(excess[pick].sum(axis=1) / weight[pick].sum(axis=1), [0.025, 0.975])


def test_the_interval_covers_a_true_difference_and_beside_the_block_bootstrap():
    """One value fails 10 % more, in every block; the interval that is drawn and the one that is computed."""
    covered, drawn, widths = [], [], []
    for seed in range(ROWS):
        rng = np.random.default_rng(seed)
        codes, _, block = requests_of("plain", rng)
        level = 0.2 + 0.15 * np.sin(np.arange(BLOCKS) / 9)
        bad = rng.random(len(codes)) < level[block] + 0.1 * (codes == 3)
        c = category_contrast(codes, bad, block)
        covered.append(c.low[3] <= 0.1 <= c.high[3])
        if seed < ROWS // 4:
            low, high = bootstrap(codes, bad, block, 3, rng)
            drawn.append(low <= 0.1 <= high)
            widths.append((c.high[3] - c.low[3]) / (high - low))
    say(
        "attributes interval", covered=float(np.mean(covered)), bootstrap=float(np.mean(drawn)),
        width_to_bootstrap=float(np.median(widths)),
    )  # fmt: skip
    assert 0.93 <= np.mean(covered) <= 0.985


def test_planted_and_routed():
    first, unmasked, kept = [], [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        client, pod, bad, block = oracles_evidence.routed(rng, 6_000, 150, rng.choice([0.1, 0.3, 0.8]))
        pods, clients = category_contrast(pod, bad, block), category_contrast(client, bad, block)
        best = np.nanmax(np.where(pods.p_value <= 0.05, pods.excess, -np.inf))
        first.append(best == pods.excess[0] and best > np.nanmax(clients.excess))
        beside = category_contrast(client, bad, block, stratum=pod)
        unmasked.append(beside.high[0] < clients.difference[0] / 2)
        kept.append(category_contrast(pod, bad, block, stratum=client).low[0] > 0)
    say(
        "planted pod",
        first=float(np.mean(first)),
        client_unmasked=float(np.mean(unmasked)),
        pod_kept=float(np.mean(kept)),
    )
    assert np.mean(first) >= 0.97
    assert np.mean(kept) >= 0.95


def test_many_categories(capsys):
    rng, seconds = np.random.default_rng(2), {}
    for n in (100_000, 1_000_000):
        codes, block = rng.integers(0, 100_000, n), np.sort(rng.integers(0, 1000, n))
        bad = rng.random(n) < 0.05
        began = time.process_time()
        found = category_contrast(codes, bad, block)
        seconds[n] = time.process_time() - began
        rate = float(np.mean(found.p_value[np.isfinite(found.p_value)] <= 0.05)) if n > 100_000 else 0.0
    with capsys.disabled():
        say("\n100,000 categories", **{f"cpu_seconds_{n}": s for n, s in seconds.items()}, at=rate)
    assert seconds[1_000_000] <= 6
    assert rate <= 0.06
