"""The scene of an episode: destinations of the recordings, pool waits, controls, and what is read once."""

import numpy as np
import pytest

from analysis.hypotheses.calls.book import book_of, own_calls
from analysis.hypotheses.calls.dose import scenes_of
from analysis.hypotheses.case import Case
from tests.calls_cases import other_caller, without
from tests.conftest import A, B, C, D
from tests.variants import evidence_of


def scene(evidence):
    (found,) = scenes_of(Case.of(evidence))
    return found


def test_a_all_three_got_worse_and_their_servers_hold_none_of_it():
    found = scene(evidence_of(A))
    assert [(d.name, d.state) for d in found.destinations] == [
        ("redis", "worse"), ("postgres", "worse"), ("risk-api", "worse"),
    ]  # fmt: skip
    assert max(d.inside_ratio for d in found.destinations if d.clock) < 1e-3
    assert found.destinations[0].served_after_seconds == pytest.approx(5.9e-6, rel=0.02)
    assert found.waiting[found.during].mean() == pytest.approx(11.9, rel=0.05)


def test_c_one_got_worse_inside_its_server():
    found = {d.name: d for d in scene(evidence_of(C)).destinations}
    assert {name: d.state for name, d in found.items()} == {
        "redis": "spared",
        "postgres": "worse",
        "risk-api": "spared",
    }
    assert found["postgres"].clock == "pg_stat_activity"
    assert found["postgres"].inside_ratio == 1.0


def test_b_all_got_worse_and_d_has_no_episode():
    assert len(scene(evidence_of(B)).worse) == 3
    assert scenes_of(Case.of(evidence_of(D))) == ()
    assert scenes_of(Case.of(without(evidence_of(A), "outbound_", "http_client", "lettuce"))) == ()


def test_bad_requests_under_way_are_those_of_the_log():
    found = scene(evidence_of(A))
    start, end = found.requests
    lengths = np.diff(found.edges) / 1e6
    assert (found.bad * lengths).sum() == pytest.approx((end - start).sum() / 1e6, rel=1e-6)


def test_what_other_workloads_saw_of_the_same_destinations():
    found = scene(other_caller(evidence_of(C), sick=False))
    assert {who for who, _ in found.controls} == {"web/web"}
    assert {d.name: d.state for _, d in found.controls}["postgres"] == "spared"
    sick = scene(other_caller(evidence_of(C), sick=True))
    assert {d.name: d.state for _, d in sick.controls}["postgres"] == "worse"


def test_the_samples_are_read_once_and_the_scenes_once_for_each_case():
    case = Case.of(evidence_of(A))
    assert book_of(case) is book_of(Case.of(evidence_of(A)))
    assert scenes_of(case) is scenes_of(case)
    own, others = own_calls(case)
    assert len(own) == 4
    assert others == {}
