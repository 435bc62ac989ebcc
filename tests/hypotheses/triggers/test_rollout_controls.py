"""Other rollouts as controls: listed with their size, comparable only under the same conditions."""

import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.rollout_controls import controls_test
from analysis.hypotheses.triggers.rollout_stretch import rollouts_of
from analysis.signals.mesh import push_steps, under_way
from tests.conftest import A, C
from tests.variants import evidence_of


def controls(folder, which):
    case = Case.of(evidence_of(folder))
    rollouts = rollouts_of(case.evidence.deployments)
    pushes = under_way(push_steps(case.evidence.samples.named))
    return controls_test(case, rollouts[which], rollouts, pushes)


def test_a_lists_the_others_and_finds_too_few_alike():
    test, values = controls(A, 1)
    assert test.passed is None
    assert "too few" in test.reason
    assert values["comparable_rollouts"].value == 0
    listed = values["controls"].text
    assert "notification-service at 17:59:52 UTC, 1 pod: 0 % of requests bad" in listed
    assert "14 pods, after a CPU limit was removed" in listed


@pytest.mark.parametrize("which", [0])
def test_a_single_rollout_has_no_control(which):
    test, values = controls(C, which)
    assert test.passed is None
    assert values["controls"].text == "none"
