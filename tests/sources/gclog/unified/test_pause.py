"""The last line of a pause: words, sizes, length; strict and loose forms."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.frames import KINDS
from analysis.sources.gclog.unified.pause import LONGEST_SECONDS, PAUSE, loose_pause, pause_columns, pause_head

STRICT = re.compile(PAUSE)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (b"Young (Normal) (G1 Evacuation Pause) ", ("young", "G1 Evacuation Pause", "young", "")),
        (b"Young (Concurrent Start) (System.gc()) ", ("young_concurrent_start", "System.gc()", "young", "")),
        (b"Young (Mixed) (G1 Evacuation Pause) (Evacuation Failure) ",
         ("mixed", "G1 Evacuation Pause", "young", "allocation")),
        (b"Young (Normal) (GCLocker Initiated GC) (Evacuation Failure: Allocation / Pinned) ",
         ("young", "GCLocker Initiated GC", "young", "both")),
        (b"Young (Allocation Failure) ", ("young", "Allocation Failure", "young", "")),
        (b"Remark ", ("remark", "", "old", "")), (b"Initial Mark ", ("initial_mark", "", "old", "")),
        (b"Initial Mark (G1 Evacuation Pause) ", ("initial_mark", "G1 Evacuation Pause", "young", "")),
        (b"Final Mark (update refs) (process weakrefs) ", ("shen_final_mark", "", "all", "")),
        (b"Init Mark (Young) ", ("shen_init_mark", "", "young", "")),
        (b"Final Mark (Old) ", ("shen_final_mark", "", "old", "")),
        (b"Degenerated GC (Outside of Cycle) ", ("degenerated", "Outside of Cycle", "all", "")),
        (b"Mark Start (Major) ", ("z_mark_start", "", "all", "")),
        (b"Sideways (Whim) ", ("other", "Whim", "all", "")),
    ],
)  # fmt: skip
def test_words(words, expected):
    assert tuple(pause_head(words)) == expected
    assert expected[0] in KINDS


@pytest.mark.parametrize(
    ("letter", "generation"), [(b"y: ", "young"), (b"Y: ", "young"), (b"O: ", "old"), (None, "all")]
)
def test_the_letter_of_generational_zgc(letter, generation):
    assert pause_head(b"Mark End ", letter).generation == generation


@given(
    before=st.integers(0, 10**6), after=st.integers(0, 10**6), committed=st.integers(0, 10**6),
    unit=st.sampled_from("BKMGT"), micros=st.integers(0, 10**9), sized=st.booleans(),
)  # fmt: skip
def test_numbers_come_back(before, after, committed, unit, micros, sized):
    sizes = f"{before}{unit}->{after}{unit}({committed}{unit}) " if sized else ""
    found = STRICT.fullmatch(f"Pause Full (Ergonomics) {sizes}{micros / 1000:.3f}ms".encode())
    columns = pause_columns([(b"3", None, *found.groups(), None, None, None)])
    factor = 1024.0 ** "BKMGT".index(unit)
    heap = [columns[f"heap_{name}_bytes"][0] for name in ("before", "after", "committed")]
    assert heap == (
        [before * factor, after * factor, committed * factor] if sized else pytest.approx([np.nan] * 3, nan_ok=True)
    )
    assert columns["duration_seconds"][0] == pytest.approx(micros / 1e6, abs=1e-9)


def test_a_length_beyond_a_day_is_none_and_cpu_times_are_kept():
    row = (
        b"3",
        None,
        b"Full ",
        None,
        None,
        None,
        None,
        None,
        None,
        str(LONGEST_SECONDS * 1001).encode(),
        b"1.00",
        b"0.50",
        b"2.00",
    )
    columns = pause_columns([row])
    assert np.isnan(columns["duration_seconds"]).all()
    assert [columns[f"{n}_seconds"][0] for n in ("user", "sys", "real")] == [1.0, 0.5, 2.0]


@pytest.mark.parametrize(
    ("text", "words", "millis"),
    [
        (b"Pause Full (Ergonomics) 9M->5M(64M) 11,3ms", b"Full (Ergonomics)", b"11.3"),
        (b"Pause something new 0.5ms ", b"something new", b"0.5"),
    ],
)
def test_other_forms(text, words, millis):
    found = loose_pause(text)
    assert (found[0], found[-1]) == (words, millis)


@pytest.mark.parametrize("text", [b"Pause Full", b"Pause 1.5ms", b"Pause Full 1.2.3ms", b"Pause Full 9999999999999ms"])
def test_what_is_no_pause(text):
    assert loose_pause(text) is None
