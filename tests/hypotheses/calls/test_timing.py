"""A load of calls that rose with the bulk of the bad requests is not too late; if much came before it, undecided."""

from dataclasses import replace

import numpy as np

from analysis.findings import undecided
from analysis.hypotheses.calls.dose import scenes_of
from analysis.hypotheses.calls.share import client_load
from analysis.hypotheses.calls.timing import five_tests_of_calls as five
from analysis.hypotheses.case import Case
from analysis.hypotheses.trial import Dose
from tests.conftest import A, B
from tests.variants import evidence_of


def found_in(folder, later=0):
    case = Case.of(evidence_of(folder))
    (scene,) = scenes_of(case)
    load = client_load(scene)
    if later:
        load = np.random.default_rng(1).uniform(0, 0.1, len(load))
        load[np.flatnonzero(scene.during)[later:]] = 20.0
    dose = Dose(scene.edges, load, "calls_under_way_count", "count", scene.floor, scene.floor / 2, "calls")
    open_ = undecided("magnitude", "not asked")
    return five(case, scene, dose, magnitude=open_, specificity=lambda: undecided("specificity", "not asked"))


def test_together_with_the_bulk_in_b_together_in_a_too_late_if_moved():
    assert found_in(A)[0].passed is True
    grown = found_in(B)[0]
    assert grown.passed is True
    assert grown.value < -10, "its own lag is told"
    assert "together with the bulk of them: 2.97 % of the time of bad requests lay before" in grown.words
    assert found_in(A, later=4)[0].passed is False
    assert "after the symptom began" in found_in(A, later=4)[0].words


def test_a_bulk_that_was_half_over_decides_nothing():
    case = Case.of(evidence_of(B))
    (scene,) = scenes_of(case)
    load = np.random.default_rng(1).uniform(0, 0.02, len(scene.bad))
    start = int(np.flatnonzero(scene.during)[0])
    bad = np.where(scene.during, 2.0, 0.0)
    bad[start + 6 : start + 13], load[start + 6 : start + 13] = 4.5, 9.0
    dose = Dose(scene.edges, load, "calls_under_way_count", "count", scene.floor, scene.floor / 2, "calls")
    open_ = undecided("magnitude", "not asked")
    made = replace(scene, bad=bad)
    timing = five(case, made, dose, magnitude=open_, specificity=lambda: undecided("specificity", "not asked"))[0]
    assert timing.passed is not True
