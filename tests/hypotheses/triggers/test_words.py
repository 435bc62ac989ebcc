"""The open question is the test that decided against, else the one that could not be decided."""

import pandas as pd

from analysis.findings import Test
from analysis.hypotheses.triggers.words import at, bound, name, open_question

OK = Test("timing", passed=True, words="fine")


def test_what_refutes_comes_first_then_what_is_open():
    no = Test("magnitude", passed=False, words="it covers too little")
    unknown = Test("timing", passed=None, reason="too few samples")
    end = Test("reversal", passed=False, words="it went on")
    assert open_question((unknown, no, end)).text == "it covers too little"
    assert open_question((unknown, end)).text == "timing: too few samples"
    assert open_question((OK, end)).text == "it went on"
    assert "neither" in open_question((OK,)).text


def test_values():
    assert at(pd.Timestamp("2026-11-22T01:02:03Z")).unit == "time"
    assert name("x").value == "x"
    assert bound(0.25) == 0.25
