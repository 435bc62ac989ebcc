"""Logs of a real JDK 8 against what the same JVM told by JMX: every collection, its times, cause, kind and sizes."""

import gzip
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.lines import ReadReport
from tests.sources.gclog.legacy.told import FOLDER, NAMES, Told, matched, witness

COLLECTING = ("young", "young_concurrent_start", "mixed", "full")
APART_SECONDS = 0.02  # the log counts what is printed around a collection, too, on a machine that others use
K = 1024
REGION = 1 << 20  # what JMX tells of G1 before a collection is of whole regions
STAMPED = [name for name in NAMES if name != "parallel-no-stamps"]


@cache
def read(name: str) -> tuple[GcLog, ReadReport]:
    return read_gc_log(FOLDER / f"{name}.log.gz")


def collections(log: GcLog) -> pd.DataFrame:
    return log.pauses[log.pauses["kind"].isin(COLLECTING)]


def stops(name: str) -> list[tuple[pd.Series, list[Told]]]:
    """Each pause of a log that collects, and the collections that JMX told of inside it, by their begin."""
    pauses = collections(read(name)[0])
    inside, _ = matched(pauses, witness(name).collections)
    return [
        (row, sorted(inside.get(i, []), key=lambda t: t.start_seconds)) for i, (_, row) in enumerate(pauses.iterrows())
    ]


def test_there_are_logs_of_every_collector() -> None:
    assert {read(name)[0].lives["collector"][0] for name in NAMES} == {"Serial", "Parallel", "CMS", "G1"}
    assert len(NAMES) >= 15


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_understood(name: str) -> None:
    log, report = read(name)
    assert report.unrecognised == 0, report.samples
    assert len(log.lives) == 1 and not len(log.holes)


@pytest.mark.parametrize("name", STAMPED)
def test_every_collection_that_the_jvm_told_of_is_a_pause_and_the_other_way_round(name: str) -> None:
    pauses, told = collections(read(name)[0]), witness(name).collections
    inside, left = matched(pauses, told)
    without = [row for i, (_, row) in enumerate(pauses.iterrows()) if i not in inside]
    assert left == []
    # a full collection that ends a concurrent one of CMS is not always told of
    assert [row for row in without if (row["collector"], row["kind"]) != ("CMS", "full")] == []


def test_a_log_without_stamps_has_as_many_pauses_in_the_same_order() -> None:
    pauses, told = collections(read("parallel-no-stamps")[0]), witness("parallel-no-stamps").collections
    assert (pauses["heap_before_bytes"] // K).tolist() == [one.before["heap"] // K for one in told]
    assert pauses["cause"].tolist() == [one.cause for one in told]
    assert [kind == "full" for kind in pauses["kind"]] == [one.full for one in told]


@pytest.mark.parametrize("name", STAMPED)
def test_begin_end_kind_and_cause(name: str) -> None:
    rows = [(row, told) for row, told in stops(name) if told]
    starts = np.array([row["start"].value / 1e9 - told[0].start_seconds for row, told in rows])
    ends = np.array([row.name.value / 1e9 - told[-1].end_seconds for row, told in rows])
    ahead = np.median(starts)
    full = np.array([row["kind"] == "full" for row, _ in rows])
    told_full = np.array([any(one.full for one in told) for _, told in rows])
    by_cms = {row["collector"] for row, _ in rows} == {"CMS"}
    sure = told_full | ~full if by_cms else np.ones(len(rows), dtype=bool)
    assert (full == told_full)[sure].all()
    assert np.abs(starts - ahead)[sure].max() < APART_SECONDS
    assert np.abs(ends - ahead)[sure].max() < APART_SECONDS
    assert np.median(np.abs(ends - ahead)) < 0.0015
    assert all(not row["cause"] or row["cause"] in {one.cause for one in told} for row, told in rows)


@pytest.mark.parametrize("name", STAMPED)
def test_sizes_of_the_heap_and_of_its_areas(name: str) -> None:
    for row, told in stops(name):
        if not told or (row["kind"] == "full" and not told[-1].full):
            continue
        for area in ("heap", "young", "old", "metaspace"):
            before, after = row[f"{area}_before_bytes"], row[f"{area}_after_bytes"]
            # of an old generation that a failed promotion filled, the log tells how it stood after that
            if np.isfinite(before) and not (area == "old" and len(told) > 1):
                room = 2 * REGION + K if row["collector"] == "G1" else K
                assert abs(before - told[0].before[area]) <= room, (row["line"], area)
            if np.isfinite(after):
                assert abs(after - told[-1].after[area]) <= 2 * K, (row["line"], area)


@pytest.mark.parametrize("name", NAMES)
def test_safepoints_are_those_of_the_jvm(name: str) -> None:
    safepoints, told = read(name)[0].safepoints, witness(name)
    if not len(safepoints):
        assert b"application threads were stopped" not in gzip.decompress((FOLDER / f"{name}.log.gz").read_bytes())
        return
    assert 0 <= len(safepoints) - told.safepoints <= 2  # it may stop once more after the witness was asked
    assert safepoints["total_seconds"].sum() == pytest.approx(told.safepoint_seconds, abs=0.005)


@pytest.mark.parametrize("name", NAMES)
def test_cpu_times_are_those_that_follow_each_pause(name: str) -> None:
    text = gzip.decompress((FOLDER / f"{name}.log.gz").read_bytes()).decode()
    concurrent = r"\[CMS-concurrent-[a-z-]+: [\d.,/]+ secs\]\s*(?:\(CMS-[^)]*\)\s*)?\[Times:[^]]*\]"
    pauses = read(name)[0].pauses
    for what in ("user", "sys", "real"):
        told = re.findall(rf"{what}=(\d+[.,]\d+)", re.sub(concurrent, "", text))
        known = pauses[f"{what}_seconds"].dropna()
        assert len(known) == len(told)
        assert known.sum() == pytest.approx(sum(float(one.replace(",", ".")) for one in told), abs=1e-6)


def test_concurrent_collections_of_cms_are_those_that_jmx_told_of() -> None:
    log, text = read("cms-metaspace")[0], gzip.decompress((FOLDER / "cms-metaspace.tsv.gz").read_bytes()).decode()
    told = [line.split("\t") for line in text.splitlines() if "ConcurrentMarkSweep\tend of major GC\tNo GC" in line]
    lengths = [(int(cells[6]) - int(cells[5])) / 1e3 for cells in told]
    assert len(log.cycles) == len(told) > 0
    # JMX lets them end with the sweep, the log with the reset that follows
    assert (log.cycles["duration_seconds"].to_numpy() > np.array(lengths) - 0.002).all()
