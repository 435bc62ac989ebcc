"""The rule tests of another tool (corpus, not copied): ours agree, but for a reviewed list with reasons."""

import json

from analysis.sql.fingerprint import fingerprint

A_TOOL = "the tool's own name for what a program sends; ours is the statement"
ARGUMENTS = "arguments of CALL stay as ?, so that overloads are apart"
NAME_KEPT = "a name keeps its digits: tables that differ in them are different tables"
NOT_A_NAME = "what begins with a digit is a number as a whole: nothing after it is shown"
FORM_KEPT = "what the statement asks for is another: offset, each part of a union"
ASC = "ASC is kept: no word of a statement is left out"
DIFFERENT = (
    dict.fromkeys((1, 4), A_TOOL)
    | dict.fromkeys((2, 45), ARGUMENTS)
    | dict.fromkeys((5, 19, 36, 37, 38, 39), NAME_KEPT)
    | dict.fromkeys((20, 21), NOT_A_NAME)
    | dict.fromkeys((27, 28, 29, 30, 31), FORM_KEPT)
    | dict.fromkeys((32, 33, 34), ASC)
)


def outcomes(corpus):
    """Number of a test -> whether our fingerprint of the statement is that of the text it expects."""
    tests = json.loads((corpus / "db" / "fingerprint" / "percona_fingerprint_tests.json").read_text())
    return {n: _agrees(test["sql"], test["expected"]) for n, test in enumerate(tests)}


def _agrees(sql, expected):
    ours = fingerprint(sql, dialect="mysql")
    return ours == fingerprint(expected.replace("?+", "?"), dialect="mysql")


def test_the_rules_that_differ_are_those_that_were_reviewed(corpus):
    found = outcomes(corpus)
    print(f"{sum(found.values())} of {len(found)} rule tests agree")
    assert {n for n, same in found.items() if not same} == set(DIFFERENT)
    assert all(DIFFERENT.values())
