"""Errors: four parts that a reader can act on, every problem listed, and the exit code of each kind."""

import pickle

import pytest

from analysis import errors
from analysis.errors import AnalysisError, SpecError


def test_the_text_has_the_four_parts_and_leaves_out_what_is_empty():
    whole = AnalysisError("no thing", where="here", expected="a thing", next="add one")
    assert str(whole).splitlines() == ["no thing", "  where:    here", "  expected: a thing", "  next:     add one"]
    assert str(AnalysisError("no thing")) == "no thing"
    assert str(AnalysisError("no thing", next="add one")).splitlines() == ["no thing", "  next:     add one"]
    assert whole.as_dict() == {"what": "no thing", "where": "here", "expected": "a thing", "next": "add one"}


def test_every_problem_of_a_spec_is_listed():
    error = SpecError("two problems", where="x", problems=("a: missing", "b: not a number"))
    assert str(error).splitlines()[-2:] == ["  - a: missing", "  - b: not a number"]
    assert SpecError("none").problems == ()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AnalysisError", 1), ("SpecError", 2), ("EvidenceError", 2), ("BusyError", 2), ("CoverageError", 3),
        ("SectionError", 3), ("NoDataError", 4),
    ],
)  # fmt: skip
def test_exit_codes(name, code):
    kind = getattr(errors, name)
    assert kind.exit_code == code
    assert issubclass(kind, AnalysisError)
    with pytest.raises(AnalysisError, match="what"):
        raise kind("what")


def test_the_tree_is_whole_and_public():
    kinds = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, AnalysisError)}
    assert kinds == set(errors.__all__)


def test_an_error_survives_a_pipe_between_processes():
    again = pickle.loads(pickle.dumps(AnalysisError("no thing", where="here", next="add one")))
    assert (again.what, again.where, again.next) == ("no thing", "here", "add one")
