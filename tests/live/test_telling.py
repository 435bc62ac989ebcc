"""Progress: at most once a second, with what came and what is left."""

from analysis.live.telling import Telling
from analysis.sources.prometheus.fetched import Step


def test_it_says_at_most_one_line_a_second_and_what_is_left():
    now, lines = [0.0], []
    telling = Telling(lines.append, {"a": 100.0, "b": 100.0, "c": 0.0}, clock=lambda: now[0])
    telling.begin("a")
    for second in (10.0, 10.2, 10.4):
        now[0] = second
        telling(Step(10, 1_000_000, 0.5))
    telling.begin("b")
    now[0] = 20.0
    telling(Step(50, 0, 0.5))
    assert lines == [
        "a: 1 of 3 questions, 10 samples, 1.0 MB, about 30 s left",
        "b: 2 of 3 questions, 80 samples, 3.0 MB, about 7 s left",
    ]


def test_where_nobody_knows_how_much_there_is_no_time_is_told():
    now, lines = [5.0], []
    telling = Telling(lines.append, {}, clock=lambda: now[0])
    telling.begin("x")
    now[0] = 7.0
    telling(Step(1, 1, 1.0))
    assert lines == ["x: 1 samples, 0.0 MB"]


def test_a_question_that_is_waited_for_is_named_before_it_answers():
    now, lines = [0.0], []
    telling = Telling(lines.append, {"a": 1.0}, clock=lambda: now[0])
    now[0] = 3.0
    telling.begin("a")
    assert lines == ["a: 1 of 1 questions, 0 samples, 0.0 MB"]
