"""Findings: the verdict by rule over all combinations, numbers as text, order, and JSON without NaN."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.findings import (
    ROLES,
    TESTS,
    VERDICTS,
    Entity,
    Finding,
    Measured,
    Observation,
    Test,
    Value,
    failed,
    number,
    passed,
    rank,
    sentence,
    undecided,
    value,
    verdict_of,
)
from analysis.investigation import examine
from tests.conftest import A, B
from tests.variants import evidence_of


def by_rule(timing, magnitude, dose, specificity, reversal):
    """Return the verdict as the documented rule says, written apart from the code."""
    if timing is False or magnitude is False or specificity is False:
        return "refuted"
    if timing is None or magnitude is None:
        return "insufficient"
    if dose is False or reversal is False:
        return "insufficient"
    return "supported" if dose or specificity or reversal else "insufficient"


def test_the_verdict_over_all_combinations():
    counts = dict.fromkeys(VERDICTS, 0)
    for states in itertools.product((True, False, None), repeat=5):
        tests = [Test(name, state) for name, state in zip(TESTS, states, strict=True)]
        verdict = verdict_of(tests)
        assert verdict == by_rule(*states), states
        assert verdict_of(tests[::-1]) == verdict  # the order of the tests is no matter
        counts[verdict] += 1
    # refuted: 3^5 less those in which none of three is False (2^3 * 3^2); supported: dose, specificity, reversal from
    # {passed, open}, not all open (2^3 - 1)
    assert counts == {"supported": 7, "refuted": 243 - 72, "insufficient": 72 - 7, "not_testable": 0}


def test_a_test_that_was_not_run_is_no_pass():
    assert verdict_of([]) == "insufficient"
    assert verdict_of([Test("timing", True), Test("magnitude", True)]) == "insufficient"
    assert verdict_of([Test("dose", True), Test("specificity", True), Test("reversal", True)]) == "insufficient"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0"), (-0.0, "0"), (1822, "1,822"), (1822.0, "1,822"), (-1822, "-1,822"), (12.0, "12"), (0.97213, "0.972"),
        (0.000123456, "0.000123"), (99.96, "100"), (1.5, "1.5"), (1234567.8, "1,234,568"), (-0.5, "-0.5"),
        (10.04, "10"), (float("nan"), "unknown"), (float("inf"), "unknown"), (-float("inf"), "unknown"),
        (np.float64(0.25), "0.25"), (np.int64(7), "7"),
    ],
)  # fmt: skip
def test_numbers_as_text(x, text):
    assert number(x) == text


@pytest.mark.parametrize(
    ("x", "unit", "text"),
    [
        (0.953, "ratio", "95.3 %"), (1.0, "ratio", "100 %"), (0.0, "ratio", "0 %"), (0.094, "seconds", "94 ms"),
        (0.0, "seconds", "0 ms"), (1.5, "seconds", "1.5 s"), (59.9, "seconds", "59.9 s"), (60, "seconds", "1 min"),
        (131.0, "seconds", "2 min 11 s"), (-131.0, "seconds", "-2 min 11 s"), (-0.25, "seconds", "-250 ms"),
        (3600, "seconds", "1 h"), (3599.7, "seconds", "1 h"), (5400, "seconds", "1 h 30 min"), (1822, "count", "1,822"),
        (0.1, "cores", "0.1"), (float("nan"), "ratio", "unknown"), (float("inf"), "seconds", "unknown"),
    ],
)  # fmt: skip
def test_values_as_text(x, unit, text):
    assert value(x, unit).text == text


def test_an_unknown_value_is_null_and_a_known_one_has_six_digits():
    assert value(float("nan"), "ratio").as_dict() == {"value": None, "unit": "ratio", "text": "unknown"}
    assert value(1 / 3, "ratio").as_dict()["value"] == 0.333333
    assert value(np.int64(3), "count").as_dict()["value"] == 3.0
    assert Value(float("inf"), "x", "t").as_dict()["value"] is None
    assert Value("app", "name", "app").as_dict()["value"] == "app"


@settings(max_examples=150, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["ratio", "seconds", "count", "cores"]))
def test_any_number_has_a_text_and_goes_through_json(x, unit):
    found = value(x, unit)
    assert found.text
    assert "nan" not in found.text
    assert "inf" not in found.text
    json.dumps(found.as_dict(), allow_nan=False)


@settings(max_examples=150, deadline=None)
@given(st.floats(1e-6, 1e6))
def test_a_text_is_near_its_number(x):
    assert float(number(x).replace(",", "")) == pytest.approx(x, rel=0.0051)


def test_a_sentence_is_filled_from_values_only():
    values = {"share": value(0.95, "ratio"), "name": Value("pod-0", "name", "pod-0")}
    assert sentence("{name} was held in {share}", values) == "pod-0 was held in 95 %"
    with pytest.raises(KeyError):
        sentence("held in {other}", values)


@pytest.mark.parametrize("bad", ["held in 95 % of {share}", "{share} of 2", "x²", "{{1}}", "٣ of them"])
def test_a_digit_in_a_sentence_is_refused(bad):
    with pytest.raises(ValueError, match="digit"):
        sentence(bad, {"share": value(0.5, "ratio")})


@pytest.mark.parametrize("bad", ["{}", "{0}"])
def test_a_place_without_a_name_is_refused(bad):
    with pytest.raises((ValueError, KeyError, IndexError)):
        sentence(f"held in {bad}", {"share": value(0.5, "ratio")})


def test_braces_in_a_value_are_text():
    assert sentence("{a}", {"a": Value("x", "name", "{b} 7")}) == "{b} 7"


def test_tests_as_json():
    measured = Measured(float("nan"), "ratio", -float("inf"), 0.5, np.int64(4), 0.0123456789)
    for test, state in (
        (passed("dose", measured, "w"), True),
        (failed("dose", measured, "w", reason="r"), False),
        (undecided("dose", "r", measured), None),
    ):
        found = json.loads(json.dumps(test.as_dict(), allow_nan=False))
        assert found["passed"] is state
        assert (found["value"], found["low"], found["high"], found["n"], found["p_value"]) == (
            None, None, 0.5, 4, 0.0123457,
        )  # fmt: skip
    assert undecided("dose", "one pod").as_dict()["words"] == "not decidable: one pod"
    assert passed("dose", measured, "w").reason is None
    assert failed("dose", measured, "w", reason="r").reason == "r"


def finding(name, verdict, role="mechanism", share=None):
    return Finding("h", role, Entity("n", name, "c"), verdict, "s", explained_ratio=share)


def test_rank_order():
    ordered = [
        finding("a", "supported", "mechanism", 0.9),
        finding("b", "supported", "mechanism", 0.2),
        finding("c", "supported", "mechanism"),
        finding("d", "supported", "localisation", 0.99),
        finding("e", "supported", "trigger"),
        finding("f", "supported", "effect"),
        finding("g", "refuted", "mechanism", 0.3),
        finding("h", "refuted", "effect", 0.9),
        finding("i", "insufficient"),
        finding("j", "insufficient"),
        finding("k", "not_testable"),
    ]
    for order in (ordered[::-1], ordered[3:] + ordered[:3]):
        found = rank(order)
        assert [f.entity.workload for f in found] == list("abcdefghijk")
        assert [f.rank for f in found] == [1, 2, 3, 4, 5, 6, *[None] * 5]
    assert rank([]) == ()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.sampled_from(ROLES), st.none() | st.floats(0, 1)), max_size=8))
def test_rank_loses_nothing_and_numbers_the_supported_ones_only(rows):
    findings = [finding(str(i), v, r, s) for i, (v, r, s) in enumerate(rows)]
    found = rank(findings)
    assert sorted(f.id for f in found) == sorted(f.id for f in findings)
    supported = [f for f in found if f.verdict == "supported"]
    assert [f.rank for f in supported] == list(range(1, len(supported) + 1))
    assert all(f.rank is None for f in found if f.verdict != "supported")
    assert [VERDICTS.index(f.verdict) for f in found] == sorted(VERDICTS.index(f.verdict) for f in found)


def test_names_of_entities():
    assert Entity("n", "w", "c").name == "n/w/c"
    assert Entity("n", "w").name == "n/w"
    assert Finding("h", "mechanism", Entity("n", "w"), "refuted", "s").id == "h:n/w"
    assert Entity("n", "w", "c", ("p",)).as_dict()["pods"] == ["p"]


def test_observations_as_json():
    found = Observation("o", "s", {"b": value(math.nan, "ratio"), "a": value(1, "count")}).as_dict()
    assert list(found["values"]) == ["a", "b"]
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("folder", [A, B], ids=lambda p: p.name)
def test_every_finding_of_a_recording_goes_through_json(folder):
    result = examine(evidence_of(folder))
    assert result.findings
    for item in (*result.findings, *result.observations):
        text = json.dumps(item.as_dict(), allow_nan=False)
        assert json.loads(text) == item.as_dict()
    for item in result.findings:
        assert [t.name for t in item.tests] == list(TESTS)[: len(item.tests)]
        assert item.verdict == (verdict_of(item.tests) if item.verdict != "not_testable" else "not_testable")
