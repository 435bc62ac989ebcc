"""How often the tests of association speak where there is nothing: figures to print, bounds that hold."""

import itertools

import numpy as np
import pandas as pd
import pytest

from analysis.correlate.onset import chance_of_near
from analysis.correlate.shift import contrast_shift_test, rank_shift_test
from analysis.incident import Window
from analysis.signals.requests import find_episodes
from tests import oracles

ROWS = 2000
BOUND = 0.07  # nominal 0.05


def say(what, **figures):
    print(what, " ".join(f"{k}={v:.3f}" if isinstance(v, float) else f"{k}={v}" for k, v in figures.items()))


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("n", [60, 120, 240])
def test_shift_tests(phi, n):
    x, y = (oracles.ar1(np.random.default_rng(seed), phi, (ROWS, n)) for seed in (1, 2))
    at = np.arange(n)
    pulse = ((at >= n // 3) & (at < n // 2)).astype(float)
    half = np.where(at >= n // 2, 2 / n, -2 / n)
    weights = pulse / pulse.sum() - (1 - pulse) / (n - pulse.sum())
    figures = {
        "rank_pair": [rank_shift_test(a, b).p_value for a, b in zip(x, y, strict=True)],
        "rank_pulse": [rank_shift_test(a, pulse).p_value for a in x],
        "contrast_pair": [contrast_shift_test(a, b).p_value for a, b in zip(x, y, strict=True)],
        "contrast_pulse": [contrast_shift_test(a, weights).p_value for a in x],
        "contrast_half": [contrast_shift_test(a, half).p_value for a in x],
    }
    rates = {name: float(np.mean(np.array(p) <= 0.05)) for name, p in figures.items()}
    say(f"shift phi={phi} n={n}", **rates)
    # two long halves touch at the seam of the circle: under strong autocorrelation that contrast is too eager
    assert max(rate for name, rate in rates.items() if name != "contrast_half") <= BOUND
    assert rates["contrast_half"] <= (0.08 if phi < 0.8 else 0.13)


def test_chance_of_near():
    for count, n in itertools.product((1, 2, 4, 8), (60, 240)):
        rng, place = np.random.default_rng(31), n // 2
        chance = np.array(
            [
                chance_of_near(count, int(np.abs(rng.choice(n, count, replace=False) - place).min()), n)
                for _ in range(ROWS * 3)
            ]
        )
        rates = {f"at_{level}": float(np.mean(chance <= level)) for level in (0.05, 0.1, 0.2)}
        say(f"near k={count} n={n}", **rates)
        assert rates["at_0.05"] <= 0.06
        assert rates["at_0.1"] <= 0.115


@pytest.mark.parametrize("objective", [0.99, 0.999])
def test_episodes_in_noise(objective):
    window = Window("2026-11-22T18:00:00Z", "2026-11-22T18:20:00Z")
    for rate, fraction in itertools.product((1, 5, 20), (0.1, 0.5, 1.0)):
        hits = 0
        for seed in range(100):
            rng = np.random.default_rng(seed)
            times = window.start_us + np.sort(rng.integers(1, 1_200_000_000, rng.poisson(rate * 1200)))
            bad = rng.random(len(times)) < (1 - objective) * fraction
            index = pd.to_datetime(times, unit="us", utc=True)
            table = pd.DataFrame({"bad": bad, "failed": bad, "slow": False}, index=index)
            hits += bool(find_episodes(table, window, objective_ratio=objective, min_duration_seconds=30))
        say(f"episodes objective={objective} {rate}/s bad={fraction} of the objective", windows=hits / 100)
        assert fraction > 0.5 or hits <= 8
