"""How often the true service is found, beside other people's scorers on the same cases; and when nothing is named."""

import warnings
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from analysis import rank_suspects
from analysis.correlate import size
from analysis.suspects import chance, measures, scoring, timing
from tests.benchmarks.ranking import peers
from tests.benchmarks.ranking.cases import incidents, quiet_windows
from tests.oracles import ar1

LEAST = 0.90  # Avg@5 in each set
STEADY = 0.05  # by which half or twice a constant may move Avg@5
DRAWS = 20
CONSTANTS = [(size, "FLOOR_STD"), (size, "FLOOR_RANGE"), (scoring, "UNLIKE"), (scoring, "STILL"),
             (scoring, "DISCOUNT"), (measures, "JUST_BEFORE"), (measures, "MOVED"), (timing, "STAYS"),
             (timing, "FEWEST_PAIRS")]  # fmt: skip


@pytest.fixture(scope="module")
def cases(corpus):
    return incidents(corpus / "rca")


@pytest.fixture(scope="module")
def quiet(corpus):
    return quiet_windows(corpus / "rca")


def expected_ranks(scores, case, rng):
    """Return the truth's rank in each of some draws of the ties, the symptom's own entity left out."""
    scores = scores.drop(labels=[case.own], errors="ignore") if case.own != case.truth else scores
    if case.truth not in scores:
        return [10**6] * DRAWS
    above, level = int((scores > scores[case.truth]).sum()), int((scores == scores[case.truth]).sum())
    return [above + 1 + int(rng.integers(level)) for _ in range(DRAWS)]


def figures(ranks):
    """Return top-1, top-3 and the mean of the hit rates at 1 to 5."""
    ranks = np.array(ranks)
    return (ranks <= 1).mean(), (ranks <= 3).mean(), np.mean([(ranks <= k).mean() for k in range(1, 6)])


def by_set(cases, scores_of):
    """Return figures per data set."""
    rng, found = np.random.default_rng(0), {}
    for case in cases:
        found.setdefault(case.dataset, []).append(expected_ranks(scores_of(case), case, rng))
    return {dataset: figures(np.concatenate(ranks)) for dataset, ranks in found.items()}


def peer(score):
    def scores_of(case):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            values = score(*case.split())
        return pd.Series(values, index=case.about["entity"].to_numpy()).groupby(level=0).max()

    return scores_of


def ours(case):
    return rank_suspects(case.frame, case.incident, case.baseline, **case.arguments).entities.set_index("entity")[
        "score"
    ]


def by_chance(rng):
    return lambda case: pd.Series(1.0, index=case.about["entity"].unique()).map(lambda _: rng.random())


def say(name, found):
    print(f"{name:34s}", "  ".join(f"{d} {a:.2f}/{b:.2f}/{c:.2f}" for d, (a, b, c) in sorted(found.items())))


def test_the_truth_is_found_as_often_as_by_the_best_of_others(cases):
    print(
        "\ntop-1/top-3/Avg@5 at service level, ties at random",
        pd.Series([c.dataset for c in cases]).value_counts().to_dict(),
    )
    say("random", by_set(cases * 20, by_chance(np.random.default_rng(1))))
    rows = {name: by_set(cases, peer(score)) for name, score in peers.ALL.items()}
    for name, found in rows.items():
        say(name, found)
    mine = by_set(cases, ours)
    say("rank_suspects", mine)
    say("  without the graph", by_set([c._replace(graph=None) for c in cases], ours))
    say("  without the symptom", by_set([c._replace(symptom=None) for c in cases], ours))
    for dataset, (*_, average) in mine.items():
        assert average >= LEAST
        assert average >= max(found[dataset][2] for found in rows.values())


@pytest.mark.parametrize("step", [-1, 1])
def test_a_wrong_start_changes_little(cases, step):
    moved = []
    for case in cases:
        at = case.frame.index.searchsorted(case.incident.start) + step
        start = case.frame.index[at]
        moved.append(case._replace(incident=type(case.incident)(start, case.incident.end),
                                   baseline=type(case.baseline)(case.baseline.start, start)))  # fmt: skip
    found = by_set(moved, ours)
    say(f"start {step:+d} sample", found)
    assert min(average for *_, average in found.values()) >= 0.85


def test_no_constant_matters_much(cases):
    usual = by_set(cases, ours)
    worst = 0.0
    for module, name in CONSTANTS:
        value = getattr(module, name)
        for factor in (0.5, 2):
            changed = value * factor
            changed = max(1, round(changed)) if isinstance(value, int) else changed
            with mock.patch.object(module, name, changed):
                found = by_set(cases, ours)
            say(f"{name} = {changed:.4g}", found)
            worst = max(worst, *(abs(found[d][2] - usual[d][2]) for d in usual))
    print(f"largest change of Avg@5: {worst:.3f}")
    assert worst < STEADY


def test_nothing_is_named_where_nothing_happened(cases, quiet):
    named = pd.DataFrame(
        [
            (kind, c.dataset, not rank_suspects(c.frame, c.incident, c.baseline, **c.arguments).abstained)
            for kind, group in (("incident", cases), ("quiet", quiet))
            for c in group
        ],
        columns=["windows", "dataset", "named"],
    )
    print(named.groupby(["windows", "dataset"])["named"].agg(["mean", "size"]).to_string())
    share = named.groupby("windows")["named"].mean()
    print(
        f"a suspect is named in {share['quiet']:.3f} of {len(quiet)} quiet windows, in {share['incident']:.3f} "
        f"of {len(cases)} incidents"
    )
    assert len(quiet) >= 200
    assert share["quiet"] <= 0.10
    assert share["incident"] >= 0.80


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize(("n", "m"), [(65, 5), (200, 20), (1000, 100)])
def test_p_values_are_calibrated(phi, n, m):
    rows = ar1(np.random.default_rng(11), phi, (2000, n))
    p = np.array([chance.placement_p_value(r, np.arange(n) >= n - m) for r in rows])
    refused, positive, size = np.isnan(p).mean(), (p <= 0.05).mean(), (n - m) * (1 - phi) / (1 + phi)
    decided = positive / (1 - refused) if refused < 1 else np.nan
    print(
        f"p of phi={phi} {n - m}+{m}: n_eff={size:.0f} positive={positive:.3f} refused={refused:.3f} "
        f"decided={decided:.3f}"
    )
    assert positive <= (0.07 if size >= 30 else 0.10)
