"""Holes of a GC log: numbers that jump, safepoints whose predecessor is missing, pauses that do not end."""

import gzip

import pandas as pd
import pytest

from analysis.sources.gc_holes import Chain, number_of, since_last_us, unread_us
from analysis.sources.gc_log import read_gc_log
from tests.conftest import A, B, C, D


def lines_of(folder):
    return gzip.decompress((folder / "raw" / "gc" / "gc.log.gz").read_bytes()).decode().splitlines()


def stamp(line):
    return pd.Timestamp(line[1:29])


def read(tmp_path, lines):
    path = tmp_path / "gc.log"
    path.write_text("\n".join(lines) + "\n")
    return read_gc_log(path)[0]


@pytest.mark.parametrize("folder", [A, B, C, D])
def test_whole_recordings_have_no_hole(folder):
    assert read_gc_log(folder / "raw" / "gc" / "gc.log.gz")[0].holes.empty


@pytest.mark.parametrize("drop", ["nothing else", "Safepoint", "gc,start", "["])
def test_two_minutes_that_are_gone_are_a_hole(tmp_path, drop):
    start, end = (pd.Timestamp(t) for t in ("2026-11-22T18:21:30Z", "2026-11-22T18:22:40Z"))
    whole = lines_of(B)
    kept = [x for x in whole if not start < stamp(x) <= end and (drop == "[" or drop not in x)]
    if drop == "[":
        kept = [x for x in kept if "Safepoint" in x]
    holes = read(tmp_path, kept).holes
    assert holes["start"].min() <= max(stamp(x) for x in kept if stamp(x) <= start)
    gone = [stamp(x) for x in whole if start < stamp(x) <= end and " Pause Full" in x and x.endswith("ms")]
    inside = [((holes["start"] <= t) & (t <= holes["end"])).any() for t in gone]
    assert len(gone) > 15
    assert all(inside)
    assert (holes["end"].max() - end).total_seconds() < 2


def test_a_pause_that_does_not_end_is_the_start_of_a_hole(tmp_path):
    whole = lines_of(B)
    begins = [x for x in whole if "gc,start" in x and "Pause Full" in x][3]
    at = whole.index(begins)
    log = read(tmp_path, [*whole[: at + 1], whole[-1]])
    assert log.holes["start"].unique().tolist() == [stamp(begins)]
    assert log.holes["end"].max() == stamp(whole[-1])


def test_collections_without_pauses_and_safepoints_were_filtered(tmp_path):
    log = read(tmp_path, [x for x in lines_of(B) if " Pause " not in x and "Safepoint" not in x])
    assert log.holes["start"].tolist() == log.lives["start"].tolist()
    assert log.holes["end"].tolist() == log.lives["end"].tolist()
    assert read(tmp_path, [x for x in lines_of(B) if " Pause " not in x]).holes.empty


def test_a_pause_that_is_not_understood_is_unknown_for_as_long(tmp_path):
    log = read(tmp_path, [x.replace("Pause Full", "Pause Sideways") for x in lines_of(B)])
    assert len(log.holes) == sum(" Pause Full" in x and x.endswith("ms") for x in lines_of(B))
    assert (log.holes["end"] - log.holes["start"]).dt.total_seconds().max() > 2


def test_a_number_that_comes_late_was_not_missing():
    chain = Chain()
    assert not chain.skips(4)
    assert chain.skips(6)
    chain.skip(6, 10, 20)
    assert chain.found(99) == [(10, 20)]
    assert not chain.skips(5)
    assert chain.found(99) == []


def test_a_safepoint_a_moment_apart_misses_none():
    chain = Chain()
    chain.safepoint(10, 20, 5)
    chain.safepoint(2_000_000, 2_100_000, 1_500_000)
    assert chain.found(0) == []
    chain.safepoint(9_000_000, 9_100_000, 1_000_000)
    assert chain.found(0) == [(2_100_000, 8_000_000)]


def test_what_a_line_does_not_say():
    assert number_of(b"no number") == number_of(b"[x] GC(12345678901) y") == -1
    assert since_last_us(b"Total: 5 ns") == -1
    assert unread_us(b"Pause 99999999999ms") == 86_400_000_000
