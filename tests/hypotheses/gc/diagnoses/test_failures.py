"""Collections that did not go as planned."""

import pytest

from analysis.hypotheses.gc.diagnoses.failures import (
    aborted_cycles,
    allocation_stalls,
    degenerated,
    evacuation_failure,
    pinned_regions,
)  # fmt: skip
from analysis.hypotheses.gc.diagnoses.parts import inside
from analysis.window import Window
from tests.gc_logs import at, made_log


def young(end, how="", **more):
    return {"end": end, "seconds": 0.1, "kind": "young", "evacuation_failure": how, **more}


def test_every_spelling_of_an_evacuation_failure():
    spelled = ["to_space_exhausted", "allocation", "both", "promotion_failed", "pinned", ""]
    log = made_log(pauses=[young(i + 1, how, line=100 + i) for i, how in enumerate(spelled)])
    found = evacuation_failure(log)
    assert (found.name, found.file, found.line) == ("evacuation_failure", "gc.log", 100)
    assert found.values["pauses"].value == 4
    assert found.values["of"].value == 6
    assert found.values["share_ratio"].value == pytest.approx(4 / 6)
    assert all(name.replace("_", " ") in found.statement for name in spelled[:4])
    assert "pinned" not in found.statement
    assert "first at 17:39:24.900 UTC (gc.log, line 100)" in found.statement


def test_pinned_objects_are_no_want_of_room():
    log = made_log(pauses=[young(1, "pinned"), young(2), young(3, "pinned")])
    assert evacuation_failure(log) is None
    found = pinned_regions(log)
    assert found.statement.startswith("2 pauses of 3 left objects in their place because native code held them there")
    assert pinned_regions(made_log(pauses=[young(1, "both")])) is None


def test_the_place_is_an_uptime_where_there_is_no_clock():
    log = made_log(pauses=[young(1, "both")], lives=[{"start": 0, "end": 9, "time_quality": "unknown"}])
    assert "UTC" not in evacuation_failure(log).statement


def test_degenerated_collections_and_their_causes():
    rows = [{"end": i, "seconds": i / 10, "kind": "degenerated", "cause": "Outside of Cycle"} for i in (1, 2)]
    found = degenerated(made_log(pauses=[*rows, young(3)]))
    assert found.statement.startswith("2 degenerated collections")
    assert "Outside of Cycle 2" in found.statement
    assert found.values["max_seconds"].value == pytest.approx(0.2)


def test_cycles_that_were_given_up():
    rows = [{"end": i, "seconds": 1, "collector": "CMS", "kind": "cms", "aborted": i == 2} for i in (1, 2, 4)]
    found = aborted_cycles(made_log(cycles=rows))
    assert found.statement.startswith("1 concurrent cycle of 3")
    assert found.line == 11


def test_stalls_are_added_up_over_threads_and_joined_in_time():
    rows = [
        {"end": 10, "seconds": 2, "kind": "allocation", "thread": "a"},
        {"end": 11, "seconds": 2, "kind": "allocation", "thread": "b"},
        {"end": 50, "seconds": 1, "kind": "relocation", "thread": "a"},
    ]
    found = allocation_stalls(made_log(stalls=rows, pauses=[{"end": 3, "seconds": 0.002}], holes=[(20, 40)]))
    numbers = {name: v.value for name, v in found.values.items()}
    assert numbers["thread_seconds"] == 5
    assert numbers["union_seconds"] == 4
    assert numbers["union_ratio"] == pytest.approx(4 / 80)
    assert (numbers["threads"], numbers["max_seconds"]) == (2, 2)
    assert "These waits are no pauses (which took 2 ms together)" in found.statement


def test_stalls_of_a_log_without_pauses_do_not_say_that_none_paused():
    found = allocation_stalls(made_log(stalls=[{"end": 1, "seconds": 0.5, "kind": "allocation", "thread": "a"}]))
    assert found.statement.endswith("These waits are no pauses, of which the log shows none.")


def test_stalls_of_a_log_whose_pauses_were_filtered_away_are_a_share_of_all_its_time():
    stall = {"end": 10, "seconds": 5, "kind": "allocation", "thread": "a"}
    assert allocation_stalls(made_log(stalls=[stall], holes=[(0, 100)])).values["union_ratio"].value == 0.05


def test_a_stall_that_a_window_cuts_is_no_more_than_all_of_its_time():
    stall = {"end": 60, "seconds": 50, "kind": "allocation", "thread": "a"}
    log = inside(made_log(stalls=[stall]), Window(at(50), at(70)))
    assert allocation_stalls(log).values["union_ratio"].value == pytest.approx(0.5)


def test_nothing_failed():
    log = made_log(pauses=[young(1)], cycles=[{"end": 2, "kind": "cms"}])
    assert [f(log) for f in (evacuation_failure, degenerated, aborted_cycles, allocation_stalls)] == [None] * 4
