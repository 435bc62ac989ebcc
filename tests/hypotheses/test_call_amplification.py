"""More statements a request: found by route, told from a change of the mix, and silent without data."""

import pytest

from analysis.hypotheses.call_amplification import examine
from tests.hypotheses.amplified_cases import NAN, TROUBLE, case_of, requests

HEAVY = {"failed": False, "more_statements_than": 10}
SLOW = {"failed": False, "slower_than_seconds": 0.02}


def inside(t):
    return TROUBLE[0] < t <= TROUBLE[1]


def n_plus_one(route, t):
    return 41.0 if route == "/a" and inside(t) else 1.0


def only(case):
    findings, observations = examine(case)
    assert len(findings) == 1
    assert observations == ()
    return findings[0]


@pytest.mark.parametrize("symptom", [HEAVY, SLOW])
def test_an_n_plus_one_is_supported_with_its_route(symptom):
    found = only(case_of(requests(n_plus_one), symptom))
    assert found.verdict == "supported", found.tests
    assert found.values["route"].value == "/a"
    assert found.values["statements_mean"].value == pytest.approx(41)
    assert found.values["statements_baseline_mean"].value == pytest.approx(1)
    assert found.explained_ratio > 0.9
    assert {t.name: t.passed for t in found.tests}["specificity"] is True


def test_more_requests_of_a_route_that_was_always_heavy_is_no_amplification():
    table = requests(lambda route, _t: 41.0 if route == "/a" else 1.0, share=lambda t: 0.6 if inside(t) else 0.002)
    found = only(case_of(table, HEAVY))
    assert found.verdict == "refuted"


def test_statements_that_rise_while_others_made_requests_slow_explain_little():
    """Slow for another reason: the time in the database of the added statements is not what they lost."""
    table = requests(n_plus_one)
    held = (table.index > table.index[0]) & (table["route"] == "/b").to_numpy()
    moved = [inside(s) for s in (table.index - table.index[0]).total_seconds()]
    table.loc[held & moved, "duration_seconds"] = 2.0
    found = only(case_of(table, {"failed": False, "slower_than_seconds": 1.0}))
    assert found.verdict == "refuted"
    assert {t.name: t.passed for t in found.tests}["magnitude"] is False


def test_every_route_that_rises_is_not_one_that_stands_out():
    found = only(case_of(requests(lambda _route, t: 41.0 if inside(t) else 1.0), HEAVY))
    assert {t.name: t.passed for t in found.tests}["specificity"] is not True


def test_without_statements_nothing_can_be_said():
    found = only(case_of(requests(lambda _r, _t: NAN), {"failed": False, "slower_than_seconds": 0.0015}))
    assert found.verdict == "not_testable"
    assert "does not say how many statements" in found.statement


def test_statements_known_of_a_few_requests_only_are_not_enough():
    found = only(case_of(requests(lambda r, t: n_plus_one(r, t) if t % 1 < 0.3 else NAN), SLOW))
    assert found.verdict == "not_testable"


def test_without_the_time_in_the_database_a_slowness_is_not_put_down_to_statements():
    found = only(case_of(requests(n_plus_one, database_seconds=NAN), SLOW))
    assert found.verdict == "insufficient"
    assert "does not say how long" in found.statement


@pytest.mark.parametrize("late", [-60, 60, 90])
def test_at_another_time_it_explains_nothing(late):
    table = requests(lambda r, t: n_plus_one(r, t - late), seconds=300, failed=inside)
    found = only(case_of(table, {"failed": True}))
    assert found.verdict != "supported"


def test_the_numbers_of_the_sentence_are_values():
    found = only(case_of(requests(n_plus_one), HEAVY))
    digits = "".join(c for c in found.statement if c.isdigit())
    told = "".join(v.text for v in found.values.values())
    assert digits
    assert all(d in told for d in set(digits))
