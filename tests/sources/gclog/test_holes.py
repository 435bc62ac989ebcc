"""Holes of a GC log: numbers that jump, safepoints whose predecessor is missing, pauses that do not end."""

import gzip

import numpy as np
import pandas as pd
import pytest

from analysis.sources.gclog.holes import Told, holes_in
from analysis.sources.gclog.reader import read_gc_log
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


def test_a_pause_of_an_unknown_kind_is_a_stop_and_no_hole(tmp_path):
    log = read(tmp_path, [x.replace("Pause Full", "Pause Sideways") for x in lines_of(B)])
    whole = read(tmp_path, lines_of(B))
    assert log.holes.empty
    assert (log.pauses["kind"] == "other").sum() == (whole.pauses["kind"] == "full").sum() > 15
    assert log.pauses["duration_seconds"].tolist() == whole.pauses["duration_seconds"].tolist()


S = 1_000_000


def told(**parts):
    none = np.zeros(0, dtype="i8")
    cells = {name: np.array(cells, dtype="i8") for name, cells in parts.items() if name not in ("first", "last")}
    blank = dict.fromkeys([n for n in Told._fields if n not in ("first", "last", "numbered", "vouched")], none)
    return Told(**(blank | cells), first=parts.get("first", 0), last=parts.get("last", 0), numbered="gcid" in parts)


def collections(*gcids):
    at = np.arange(len(gcids)) * 10 * S
    end = at + 2 * S
    return told(gcid=gcids, gcid_start=at, gcid_end=end, stop_start=at, stop_end=end, last=10 * S * len(gcids))


def test_a_number_that_comes_late_was_not_missing():
    assert holes_in(collections(4, 6)) == [(2 * S, 10 * S)]
    assert holes_in(collections(4, 6)._replace(vouched=frozenset({5}))) == []
    assert holes_in(collections(4, 6, 5)) == []
    assert holes_in(collections(4, 8, 5, 6)) == [(2 * S, 10 * S)]


def test_a_safepoint_a_moment_apart_misses_none():
    near = told(
        safe_start=[10, 2_000_000], safe_end=[20, 2_100_000], since_us=[5, 1_500_000], stop_start=[10], stop_end=[20]
    )
    assert holes_in(near) == []
    far = told(
        safe_start=[10, 2_000_000, 9_000_000], safe_end=[20, 2_100_000, 9_100_000], since_us=[5, 1_500_000, 1_000_000],
        stop_start=[10], stop_end=[20],
    )  # fmt: skip
    assert holes_in(far) == [(2_100_000, 8_000_000)]


def test_a_pause_that_does_not_end_lasts_until_the_next_stop_or_the_last_line():
    cut = told(begun=[50], stop_start=[10, 90], stop_end=[20, 95], last=200)
    assert holes_in(cut) == [(50, 90)]
    assert holes_in(cut._replace(begun=np.array([150]))) == [(150, 200)]


def test_a_tail_without_collections_is_a_hole_after_half_a_minute():
    quiet = collections(1, 2)
    assert holes_in(quiet._replace(last=40_000_000)) == []
    assert holes_in(quiet._replace(last=43_000_000)) == [(12 * S, 43_000_000)]


def test_a_tail_as_long_as_the_quiet_before_is_no_hole():
    quiet = collections(1, 2)
    wide = quiet._replace(gcid_start=quiet.gcid_start * 4, gcid_end=quiet.gcid_end * 4, stop_end=quiet.stop_end * 4)
    assert holes_in(wide._replace(last=48 * S + 119 * S)) == []
    assert holes_in(wide._replace(last=48 * S + 121 * S)) == [(48 * S, 169 * S)]
