"""When a rollout acted: with its pushes, for as long as the version runs, or unknown."""

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.rollout_stretch import Rollout, recorded_span, rollouts_of, stretch_end, stretch_of
from analysis.signals.mesh import UnderWay
from tests.conftest import A
from tests.variants import evidence_of

SECOND = 1_000_000


@pytest.fixture(scope="module")
def case():
    return Case.of(evidence_of(A))


def rollout(case, begin, end):
    zero = case.incident.window.start_us
    return Rollout("n", "w", zero + begin * SECOND, None if end is None else zero + end * SECOND, 2.0)


def pushes(case, *pairs):
    zero = case.incident.window.start_us
    part = np.array([[zero + a * SECOND, zero + b * SECOND] for a, b in pairs], "i8").reshape(-1, 2)
    return UnderWay(part[:0], part, part, part[:0])


def seconds(case, part):
    return ((part - case.incident.window.start_us) / SECOND).tolist()


def test_pushes_that_begin_in_it_or_follow_in_a_chain_belong_to_it(case):
    found = stretch_of(case, rollout(case, 0, 10), pushes(case, (5, 20), (25, 40), (60, 70)))
    assert seconds(case, found.mid) == [[0, 20], [25, 40]]
    assert seconds(case, found.low) == [[0, 10]]


def test_pushes_before_it_or_after_the_next_rollout_do_not(case):
    until = case.incident.window.start_us + 15 * SECOND
    found = stretch_of(case, rollout(case, 0, 10), pushes(case, (-5, 30), (16, 40)), until=until)
    assert seconds(case, found.mid) == [[0, 10]]


def test_a_version_on_the_path_lasts_until_the_next(case):
    until = case.incident.window.start_us + 500 * SECOND
    found = stretch_of(case, rollout(case, 0, 10), pushes(case), until=until, lasting=True)
    assert seconds(case, found.low) == [[0, 500]]
    assert stretch_end(found.low) == until


def test_without_a_finish_what_follows_is_unknown(case):
    found = stretch_of(case, rollout(case, 0, None), pushes(case))
    assert seconds(case, found.high)[0][0] == 0
    assert stretch_end(found.high) >= recorded_span(case, [])[1]
    assert found.known[0, 1] < case.incident.window.start_us + SECOND


def test_the_rollouts_of_a_frame(case):
    found = rollouts_of(case.evidence.deployments)
    assert [r.name for r in found][1] == "payments/order-service"
    assert found[1].replicas == 14
    assert (found[1].end - found[1].start) / SECOND == 98
    assert rollouts_of(case.evidence.deployments.iloc[:0]) == ()
    assert stretch_end(np.zeros((0, 2), "i8")) == 0
