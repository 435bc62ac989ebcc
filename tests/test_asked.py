"""Records of questions: read as written, and which of several captures counts."""

from dataclasses import replace

import pytest

from analysis.asked import Asked, standing, told

UP = Asked("up", "targets", "", "up", "raw", "remote_read", "ok", series=3, fetched_at="2026-01-01", address="a")


def test_a_record_is_read_as_it_was_written():
    full = replace(UP, warnings=("w",), advice=("x", "y"), step_seconds=5.0)
    assert Asked.read(full.as_dict()) == full
    assert Asked.read({**full.as_dict(), "unknown_to_us": 1}) == full
    with pytest.raises(ValueError, match="a question of the capture"):
        Asked.read({"id": "up"})


def test_a_failure_never_stands_in_the_place_of_what_came():
    failed = replace(UP, status="failed", fetched_at="2026-01-02")
    assert standing([UP, failed]) == (UP,)
    assert told([UP], [failed]) == (UP,)
    newer = replace(UP, series=4, fetched_at="2026-01-03")
    assert standing([newer, UP, failed]) == (newer,)


def test_other_windows_of_a_question_are_all_told():
    other = replace(UP, address="b", fetched_at="2026-01-02")
    assert told([UP], [other]) == (UP, other)
    assert standing([UP, other]) == (other,)
