"""Parts of a log: of a window, of a life; what it tells of."""

from analysis.hypotheses.gc.diagnoses.parts import inside, of_life, pause_seconds, span_seconds
from analysis.window import Window
from tests.gc_logs import at, made_log

TWO = [{"start": 0, "end": 50, "collector": "G1"}, {"start": 60, "end": 100, "collector": "Serial"}]
PAUSES = [{"end": t, "seconds": 0.5, "kind": "young", "life": int(t > 55)} for t in (10, 20, 70, 90)]


def test_a_window_keeps_what_ended_in_it_and_cuts_the_lives():
    log = inside(made_log(pauses=PAUSES, lives=TWO, holes=[(95, 99)]), Window(at(10), at(75)))
    assert [int(life) for life in log.pauses["life"]] == [0, 1]
    assert (log.pauses.index > at(10)).all()
    assert list(log.lives["collector"]) == ["G1", "Serial"]
    assert (log.lives["start"].iloc[0], log.lives["end"].iloc[1]) == (at(10), at(75))
    assert len(log.holes) == 0
    assert span_seconds(log) == 40 + 15


def test_lives_outside_a_window_are_dropped_and_the_rest_numbered_anew():
    log = inside(made_log(pauses=PAUSES, lives=TWO), Window(at(60), at(100)))
    assert list(log.lives["collector"]) == ["Serial"]
    assert set(log.pauses["life"]) == {0}


def test_a_life_has_its_rows_and_its_holes():
    log = made_log(pauses=PAUSES, lives=TWO, holes=[(5, 6), (70, 80)])
    second = of_life(log, 1)
    assert len(second.pauses) == 2
    assert list(second.lives["collector"]) == ["Serial"]
    assert (len(second.holes), span_seconds(second)) == (1, 30)
    assert span_seconds(of_life(log, 0)) == 49


def test_a_pause_inside_another_counts_once():
    log = made_log(pauses=[{"end": 1, "seconds": 0.5}, {"end": 0.9, "seconds": 0.3, "nested": True}])
    assert pause_seconds(log.pauses) == 0.5


def test_without_a_window_all_is_kept():
    log = made_log(pauses=PAUSES, lives=TWO)
    assert inside(log, None) is log
