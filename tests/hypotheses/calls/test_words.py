"""Sentences about calls: no digit but values, small shares and microseconds, one sentence for each verdict."""

import pytest

from analysis.findings import Measured, Value, failed, passed, sentence, undecided, verdict_of
from analysis.hypotheses.calls.words import listed, magnitude_values, share, worded

M = Measured(0.9, "ratio", 0.8, 0.95, 10, 0.01)
ALL = [passed(n, M, f"{n} ok") for n in ("timing", "magnitude", "dose", "specificity", "reversal")]


def said(**changed):
    tests = tuple(changed.get(t.name, t) for t in ALL)
    values = magnitude_values(M and tests[1], 0.9) | {
        "which_episodes": Value("", "name", ""),
        "d": Value("db1", "name", "db1"),
        "why": Value("x", "name", "its clock"),
    }
    template, more = worded("the fault lies inside {d}", "{d} was slow", "time covers", against="{why}")(
        verdict_of(tests), tests, values
    )
    return sentence(template, values | more)


def test_each_verdict_has_its_sentence():
    assert said() == "db1 was slow; time covers 90 % of the bad requests' excess time [80 % to 95 %]."
    assert said(magnitude=failed("magnitude", M, "w", reason="r")) == (
        "That the fault lies inside db1 is refuted: time covers at most 95 % of the bad requests' excess time; "
        "its clock."
    )
    late = failed("timing", M, "it rose 9 s late", reason="late")
    assert said(timing=late) == "That the fault lies inside db1 is refuted: it rose 9 s late; its clock."
    told = failed("specificity", M, "its clock", reason="r")
    assert said(specificity=told) == "That the fault lies inside db1 is refuted: its clock.", "nothing is said twice"
    assert said(timing=undecided("timing", "too few")) == (
        "Whether the fault lies inside db1 cannot be decided; timing: too few."
    )
    assert "one test speaks against it (reversal: it went on)" in said(
        reversal=failed("reversal", M, "it went on", reason="r")
    )


@pytest.mark.parametrize(
    ("x", "text"), [(0.0, "under 0.1 %"), (0.0009, "under 0.1 %"), (0.25, "25 %"), (float("nan"), "unknown")]
)
def test_small_shares(x, text):
    assert share(x).text == text


def test_lists():
    assert listed([]) == ""
    assert listed(["a", "b"]) == "a and b"
    assert listed([str(i) for i in range(8)]).endswith("and 3 others")
