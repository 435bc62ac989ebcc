"""What a log cannot tell."""

import pytest

from analysis.gc.silence import logs_pauses, silences
from tests.gc_logs import made_log

PAUSE = {"end": 1, "seconds": 0.1, "kind": "young", "gcid": 3}
FULL = {**PAUSE, "user_seconds": 0.1, "sys_seconds": 0.0, "heap_after_bytes": 1.0, "cause": "Ergonomics"}
STOP = {"end": 1, "seconds": 0.1, "reaching_seconds": 0.01}


def life(collector="G1", quality="exact"):
    return [{"start": 0, "end": 9, "collector": collector, "time_quality": quality}]


def test_a_log_with_everything_has_no_silence():
    assert silences(made_log(pauses=[FULL], safepoints=[STOP], lives=life())) == ()


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (made_log(pauses=[FULL], lives=life()), "safepoints are not logged"),
        (made_log(pauses=[PAUSE], safepoints=[STOP], lives=life()), "CPU times of pauses are not logged"),
        (made_log(pauses=[PAUSE], safepoints=[STOP], lives=life()), "heap sizes are not logged"),
        (made_log(pauses=[{**PAUSE, "gcid": -1}], safepoints=[STOP], lives=life()), "causes are not logged"),
        (made_log(cycles=[{"end": 2, "kind": "zgc"}], lives=life("GenZGC")), "pauses are not logged"),
        (made_log(cycles=[{"end": 2, "kind": "zgc"}], lives=life("GenZGC")), "concurrent phases are not logged"),
        (made_log(pauses=[FULL], lives=life(quality="unknown")), "give --jvm-start"),
        (made_log(pauses=[FULL], lives=life(quality="none")), "neither times of day nor uptimes"),
        (made_log(pauses=[FULL], lives=life(quality="derived")), "of who collected the log"),
    ],
)
def test_each_silence_is_said(log, says):
    assert any(says in text for text in silences(log))


@pytest.mark.parametrize(
    ("collector", "rates", "says"),
    [
        ("ZGC", ("allocation",), ["what is allocated is unknown: during concurrent"]),
        ("ZGC", ("promotion",), []),
        ("G1", ("allocation", "promotion"), ["what is allocated is unknown: coll", "what is promoted is unknown"]),
        ("G1", (), []),
    ],
)
def test_a_rate_that_is_unknown_has_its_reason(collector, rates, says):
    known = {f"{name}_bytes_per_second": None if name in rates else 1.0 for name in ("allocation", "promotion")}
    said = silences(made_log(pauses=[FULL], safepoints=[STOP], lives=life(collector)), known)
    assert [text.startswith(s) for text, s in zip(said, says, strict=True)] == [True] * len(says)
    for quality, pause in (("none", FULL), ("exact", PAUSE)):  # the reason is said already
        log = made_log(pauses=[pause], safepoints=[STOP], lives=life(collector, quality))
        assert not [text for text in silences(log, known) if text.startswith("what is")]


def test_a_collector_that_never_logs_cpu_times_is_not_blamed_on_the_flags():
    cycle = {"end": 2, "kind": "zgc", "heap_after_bytes": 1.0, "cause": "Warmup"}
    said = silences(made_log(pauses=[PAUSE], cycles=[cycle], safepoints=[STOP], lives=life("ZGC")))
    assert said == (
        "this collector logs no CPU times of its pauses", "concurrent phases are not logged: log with -Xlog:gc*",
    )  # fmt: skip


def test_cpu_times_that_are_there_are_not_denied():
    assert silences(made_log(pauses=[FULL], safepoints=[STOP], lives=life("Shenandoah"))) == ()
    (said,) = silences(made_log(pauses=[{**FULL, "user_seconds": float("nan")}], safepoints=[STOP],
                                lives=life("Shenandoah")))  # fmt: skip
    assert said == "this collector logs no CPU times of its pauses"


@pytest.mark.parametrize(
    ("log", "logged"),
    [
        (made_log(pauses=[PAUSE], lives=life("ZGC")), True), (made_log(lives=life("ZGC")), False),
        (made_log(lives=life("")), False), (made_log(lives=life("G1")), True),
        (made_log(cycles=[{"end": 2, "kind": "shenandoah"}], lives=life("Shenandoah")), False),
    ],
)  # fmt: skip
def test_no_pause_is_known_only_where_one_would_be_seen(log, logged):
    assert logs_pauses(log) is logged


def test_collections_without_numbers_may_hide_missing_lines_and_only_their_causes_ask_for_a_flag_of_jdk_7():
    old = silences(made_log(pauses=[{**FULL, "cause": "", "gcid": -1}], safepoints=[STOP], lives=life("Serial")))
    assert any("no numbers" in text for text in old)
    assert any("PrintGCCause" in text for text in old)
    new = silences(made_log(pauses=[{**FULL, "cause": ""}], safepoints=[STOP], lives=life("Shenandoah")))
    assert new == ()
