"""Words of a diagnosis: places, sizes, counts; text of a log stays text."""

import pandas as pd
import pytest

from analysis.hypotheses.gc.diagnoses.diagnosis import counted, place_of, plain_word, share, size, tally
from analysis.hypotheses.gc.diagnoses.failures import evacuation_failure
from tests.gc_logs import at, made_log


def test_most_frequent_first_and_the_rest_together():
    names = pd.Series([c for i, c in enumerate("abcdefgh") for _ in range(i + 1)])
    assert tally(names).text == "h 8, g 7, f 6, e 5, d 4, c 3, others 3"


def test_control_characters_and_long_words():
    assert plain_word("a\x1b[31mb\n") == "a [31mb "
    assert len(plain_word("x" * 500)) == 60


@pytest.mark.parametrize(("x", "text"), [(512, "0.5 KiB"), (3 * 2**20, "3 MiB"), (0, "0 KiB")])
def test_sizes(x, text):
    assert size(x).text == text


def test_nothing_of_nothing_is_unknown():
    assert share(0.0, 0.0).value is None
    assert counted(2, "time").text == "2 times"


def test_a_line_number_that_is_unknown_is_not_said():
    log = made_log(pauses=[{"end": 1, "evacuation_failure": "both", "line": -1, "file": "logs/gc.log"}])
    assert "(gc.log)" in evacuation_failure(log).statement


def test_a_place_is_the_start_of_what_took_long():
    log = made_log(pauses=[{"end": 9, "seconds": 2.5, "evacuation_failure": "both"}])
    assert "first at 17:39:30.500 UTC (gc.log, line 1)" in evacuation_failure(log).statement


@pytest.mark.parametrize(
    ("end", "time", "says"),
    [
        (100, 9, "at 17:39:33.000 UTC (gc.log, line 7)"),
        (86_400, 9, "at 2026-11-22 17:39:33.000 UTC (gc.log, line 7)"),
        (86_400, 70_000, "at 2026-11-23 13:06:04.000 UTC (gc.log, line 7)"),
    ],
)
def test_the_date_is_said_where_lives_are_not_of_one_day(end, time, says):
    assert place_of(made_log(lives=[{"start": 0, "end": end}]), at(time), 0, "gc.log", 7).text == says
