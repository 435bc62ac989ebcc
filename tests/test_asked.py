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


def test_other_windows_of_a_question_are_all_told_and_a_wider_one_outdoes_what_it_holds():
    short = replace(UP, start="T1", end="T2")
    wide = replace(UP, start="T0", end="T3", address="b", fetched_at="2026-01-02")
    apart = replace(UP, start="T5", end="T6", address="c")
    assert told([short], [wide, apart]) == (short, wide, apart)
    assert standing([short, wide, apart]) == (wide, apart)


def test_a_failure_stands_until_its_time_was_captured():
    came = replace(UP, start="T0", end="T2")
    failed = replace(UP, start="T0", end="T3", address="b", status="failed", fetched_at="2026-01-02")
    assert standing([came, failed]) == (came, failed)
    mended = replace(failed, status="ok", address="c", end="T4", fetched_at="2026-01-03")
    assert standing([came, failed, mended]) == (mended,)
    assert standing([UP, UP]) == (UP,)
