"""How the symptom began and ended beside the stops: what passes, fails, and stays open."""

import numpy as np
import pytest

from analysis.correlate.effect import Change
from analysis.hypotheses.explained import Cover, explained_by
from analysis.hypotheses.gc.onset import NOT_HELD, Held, Levels, end_test, held_by_stops, onset_test

ROSE = Change(0.5, 9.0, 1e-6, 60.0, 30.0)
LEVELS = Levels(0.01, 0.02, 0.55, 0.01, 60.0)
FIRST = Held(30, 0.97, 0.005, 1.7)


def onset(held=FIRST, change=ROSE, levels=LEVELS, q=1e-6):
    return onset_test(held, change, levels, q_value=q, floor=0.01)


def test_held_from_the_first_request_on_is_together():
    test = onset()
    assert test.passed is True
    assert (test.value, test.p_value) == (1.7, 0.005)
    assert "1.7 s before the first bad completion" in test.words


@pytest.mark.parametrize(
    ("changed", "passed", "reason"),
    [
        ({"change": ROSE._replace(difference=0.001)}, False, "no rise"),
        ({"q": float("nan")}, None, "independent steps"),
        ({"q": 0.2}, None, "not beyond its own variation"),
        ({"levels": LEVELS._replace(before=0.5)}, False, "rose long before the symptom"),
        ({"held": Held(30, 0.1, 0.9, float("nan"))}, False, "rose later than the symptom"),
        ({"held": Held(30, 0.4, 0.1, 1.0)}, None, "not beyond chance"),
        ({"held": Held(30, 0.9, 0.4, 1.0)}, None, "not beyond chance"),
        ({"held": NOT_HELD}, None, "no longer than usual"),
    ],
)
def test_what_else_an_onset_may_be(changed, passed, reason):
    test = onset(**changed)
    assert test.passed is passed
    assert reason in test.reason


@pytest.mark.parametrize(
    ("held", "levels", "passed", "reason"),
    [
        (FIRST, LEVELS, True, None),
        (FIRST, LEVELS._replace(after_seconds=3.0), None, "does not show how it ended"),
        (FIRST, LEVELS._replace(after=float("nan")), None, "does not show how it ended"),
        (FIRST, LEVELS._replace(after=0.5), None, "stops went on"),
        (Held(30, 0.05, 0.9, float("nan")), LEVELS, False, "outlived"),
        (Held(30, 0.4, 0.1, 0.5), LEVELS, None, "not beyond chance"),
        (NOT_HELD, LEVELS, None, "no longer than usual"),
    ],
)
def test_how_it_ended(held, levels, passed, reason):
    test = end_test(held, levels)
    assert test.passed is passed
    assert reason is None or reason in test.reason


def test_the_first_and_the_last_are_held_apart():
    """Ten requests in the first second, all in a stop; ten later ones, none in a stop."""
    start = np.r_[np.arange(10) * 1000, 40_000_000 + np.arange(10) * 1000]
    requests, edges = (start, start + 1_000_000), np.array([0, 1_200_000, 120_000_000])
    share = np.array([1.0, 0.0])
    cover = Cover(share, share, share)
    explained = explained_by(requests, edges, cover, typical_seconds=0.0)
    first, last = (held_by_stops(requests, edges, cover, explained, last=one) for one in (False, True))
    assert first.share == pytest.approx(1.0)
    assert first.p_value <= 0.02
    assert last.share == 0.0
    assert np.isnan(last.apart_seconds)
    assert first.apart_seconds == 1.0


def test_p_is_uniform_when_stops_know_nothing_of_the_requests():
    p = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        at = np.sort(rng.uniform(0, 590, 60)) * 1e6
        edges = np.unique(np.r_[0, np.stack([at, at + rng.uniform(2e5, 3e6, 60)]).T.ravel(), 6e8]).astype("i8")
        share = (rng.random(len(edges) - 1) < 0.4).astype(float)
        start = np.sort(rng.uniform(0, 597, 50)) * 1e6
        requests = start.astype("i8"), (start + 1.5e6).astype("i8")
        cover = Cover(share, share, share)
        explained = explained_by(requests, edges, cover, typical_seconds=0.0)
        p.append(held_by_stops(requests, edges, cover, explained, last=False).p_value)
    assert np.mean(np.array(p) <= 0.05) <= 0.08
