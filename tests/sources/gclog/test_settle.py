"""Files to lives: rotated sets in any order, restarts, two JVMs beside each other; nesting, promotion, collectors."""

import gzip
import itertools

import pandas as pd
import pytest

from analysis.sources.gclog.files import Place
from analysis.sources.gclog.reader import read_gc_log, read_gc_logs
from analysis.sources.gclog.rows import Rows
from analysis.sources.gclog.settle import settle
from tests.conftest import B

TABLES = ("pauses", "safepoints", "cycles", "phases", "stalls")


def lines_of(folder):
    return gzip.decompress((folder / "raw" / "gc" / "gc.log.gz").read_bytes()).decode().splitlines(keepends=True)


def written(folder, name, lines):
    path = folder / name
    path.write_text("".join(lines))
    return path


def without(frame, *names):
    return frame.drop(columns=list(names)).reset_index()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_rotated_set_is_one_life_in_whatever_order_it_comes(tmp_path, order):
    lines = lines_of(B)
    cuts = [0, len(lines) // 3, 2 * len(lines) // 3 + 7, len(lines)]
    parts = [written(tmp_path, f"gc.log.{i}", lines[a:b]) for i, (a, b) in enumerate(itertools.pairwise(cuts))]
    whole, report = read_gc_log(B / "raw" / "gc" / "gc.log.gz")
    log, reports = read_gc_logs([parts[i] for i in order])
    assert len(log.lives) == 1
    assert log.holes.empty
    assert [r.file for r in reports] == [f"gc.log.{i}" for i in order]
    assert sum(r.records for r in reports) == report.records
    for name in TABLES:
        drop = ["file", "line"]
        pd.testing.assert_frame_equal(without(getattr(log, name), *drop), without(getattr(whole, name), *drop))
    assert log.lives["lines"].tolist() == whole.lives["lines"].tolist()


def test_a_missing_file_of_the_set_is_a_hole(tmp_path):
    lines = lines_of(B)
    cuts = [0, len(lines) // 3, 2 * len(lines) // 3, len(lines)]
    parts = [written(tmp_path, f"gc.log.{i}", lines[a:b]) for i, (a, b) in enumerate(itertools.pairwise(cuts))]
    log, _ = read_gc_logs([parts[2], parts[0]])
    assert len(log.lives) == 1
    (hole,) = log.holes.to_dict("records")[:1]
    gone = pd.Timestamp(lines[cuts[1]][1:29]), pd.Timestamp(lines[cuts[2]][1:29])
    assert hole["start"] <= gone[0] + pd.Timedelta("1s")
    assert log.holes["end"].max() >= gone[1] - pd.Timedelta("3s")


def test_two_jvms_beside_each_other_are_two_lives(tmp_path):
    lines = lines_of(B)
    other = [x.replace("2026-11-22T18:", "2026-11-22T19:") for x in lines]
    one, two = written(tmp_path, "a.log", lines), written(tmp_path, "b.log", other)
    log, _ = read_gc_logs([two, one])
    assert log.lives["file"].tolist() == ["a.log", "b.log"]
    assert log.pauses.groupby("life").size().nunique() == 1


def test_a_restart_on_the_same_name_is_another_life_and_ordered_by_its_stamp(corpus):
    folder = corpus / "gc" / "generated"
    paths = [folder / f"jdk17-serial-restart3.log{suffix}" for suffix in ("", ".0", ".1")]
    log, _ = read_gc_logs(paths)
    assert log.lives["file"].tolist() == [p.name for p in (paths[1], paths[2], paths[0])]
    assert (log.lives["start"].diff().dropna() > pd.Timedelta(0)).all()
    assert set(log.lives["collector"]) == {"Serial"}


def test_collectors_are_told_by_what_they_do_where_no_line_names_them(corpus):
    folder = corpus / "gc" / "generated"
    for path in sorted(folder.glob("jdk*")):
        whole, _ = read_gc_log(path)
        if len(whole.lives) > 1 or "dec-" in path.name or "restart" in path.name:
            continue
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        bare = b"\n".join(x for x in text.split(b"\n") if b"] Using " not in x or b" workers " in x)
        from_what = settle_name(bare, path)
        assert from_what == whole.lives["collector"].iloc[0], path.name


def settle_name(text, path):
    from analysis.sources.chunks import Chunk
    from analysis.sources.gclog.unified.lines import read_unified

    return (
        settle([(read_unified([Chunk(text, cut=False)]), [Place(path.name, 0, text.count(b"\n") + 1)])])[0]
        .lives["collector"]
        .iloc[0]
    )


def test_promotion_is_what_the_old_generation_grew_by(tmp_path):
    at = "[2026-11-22T18:04:30.123+0000][1.5s][info]"
    lines = [
        f"{at}[gc,heap] GC(0) DefNew: 4096K(8192K)->512K(8192K)\n",
        f"{at}[gc,heap] GC(0) Tenured: 1024K(9216K)->3072K(9216K)\n",
        f"{at}[gc] GC(0) Pause Young (Allocation Failure) 5M->3M(17M) 3.0ms\n",
    ]  # fmt: skip
    log, _ = read_gc_log(written(tmp_path, "gc.log", lines))
    row = log.pauses.iloc[0]
    assert (row["promoted_bytes"], row["young_after_bytes"], row["old_committed_bytes"]) == (
        2048**2 / 2,
        524288,
        9437184,
    )
    assert log.lives["workers"].tolist() == [1.0]


def test_nothing_is_a_log_without_rows():
    log, notes = settle([(Rows(), [Place("gc.log")])])
    assert (len(log.pauses), len(log.holes), notes) == (0, 0, ())


def test_a_file_that_is_given_twice_is_read_once(tmp_path):
    lines = lines_of(B)
    one, two = written(tmp_path, "a.log", lines), written(tmp_path, "copy.log", lines)
    log, reports = read_gc_logs([one, two])
    whole, _ = read_gc_log(one)
    assert len(log.lives) == 1
    assert len(log.pauses) == len(whole.pauses)
    assert any("copy.log holds what a.log holds: read once" in note for note in reports[0].notes)


def test_two_jvms_whose_lines_are_mixed_are_two_lives(tmp_path):
    lines = lines_of(B)
    stamped = [(x[1:29], x) for x in lines]
    later = [
        (at, x.replace(f"[{x.split('][')[1]}]", f"[{float(x.split('][')[1][:-1]) + 7200:.3f}s]", 1))
        for at, x in stamped
    ]
    mixed = [x for _, x in sorted([*stamped, *later], key=lambda pair: pair[0])]
    log, report = read_gc_log(written(tmp_path, "gc.log", mixed))
    whole, _ = read_gc_log(written(tmp_path, "one.log", lines))
    assert len(log.lives) == 2
    assert log.pauses.groupby("life").size().tolist() == [len(whole.pauses)] * 2
    assert any("mixed" in note for note in report.notes)


def test_a_life_lasts_from_its_first_to_its_last_line(tmp_path):
    at = "[2026-11-22T{}+0000][{:.3f}s][info]"
    lines = [
        at.format("18:00:00.010", 0.01) + "[gc] Using G1\n",
        at.format("18:00:10.000", 10.0) + "[gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms\n",
        at.format("19:00:00.000", 3600.0) + "[gc,heap,exit] Heap\n",
        at.format("19:30:00.010", 0.01) + "[gc] Using G1\n",
        at.format("19:30:05.000", 5.0) + "[gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms\n",
        at.format("19:30:30.000", 30.0) + "[gc,heap,exit] Heap\n",
    ]  # fmt: skip
    log, _ = read_gc_log(written(tmp_path, "gc.log", lines))
    assert [f"{t:%H:%M:%S}" for t in log.lives["start"]] == ["18:00:00", "19:30:00"]
    assert [f"{t:%H:%M:%S}" for t in log.lives["end"]] == ["19:00:00", "19:30:30"]


def test_snapshots_of_one_log_that_overlap_are_read_once(tmp_path):
    lines = lines_of(B)
    one, two = written(tmp_path, "a.log", lines[:1900]), written(tmp_path, "b.log", lines[1500:])
    log, _ = read_gc_logs([two, one])
    whole, _ = read_gc_log(written(tmp_path, "whole.log", lines))
    assert len(log.lives) == 1
    assert len(log.pauses) == len(whole.pauses)
    assert len(log.safepoints) == len(whole.safepoints)


@pytest.mark.parametrize("end", ["", "\n"])
def test_every_row_of_a_later_file_names_its_own_line(tmp_path, end):
    lines = lines_of(B)
    one = tmp_path / "a.log"
    one.write_text("".join(lines[:1500]).rstrip("\n") + end)
    two = written(tmp_path, "b.log", lines[1500:])
    log, reports = read_gc_logs([one, two])
    assert [r.records for r in reports] == [1500, len(lines) - 1500]
    later = log.pauses[log.pauses["file"] == "b.log"]
    assert len(later) > 50
    assert all(f"GC({gcid}) Pause" in lines[1500 + n - 1] for n, gcid in zip(later["line"], later["gcid"], strict=True))


def test_so_does_a_later_file_of_the_old_format(tmp_path):
    row = "{:.3f}: [GC 2048K->1024K(8192K), 0.2500000 secs]"
    (tmp_path / "a.log").write_text("\n".join(row.format(t) for t in (1, 2, 3)))
    (tmp_path / "b.log").write_text("\n".join(row.format(t) for t in (4, 5)))
    log, reports = read_gc_logs([tmp_path / "a.log", tmp_path / "b.log"])
    assert log.pauses[["file", "line"]].to_numpy().tolist() == [
        ["a.log", 1], ["a.log", 2], ["a.log", 3], ["b.log", 1], ["b.log", 2],
    ]  # fmt: skip
    assert [r.records for r in reports] == [3, 2]
