"""Regions, generations, metaspace and workers."""

import numpy as np
import pytest

from analysis.sources.gclog.unified.areas import WHAT, area_columns, areas_in, region_size

MB = 2.0**20
G1 = b"""\
[gc,task] GC(3) Using 2 workers of 4 for evacuation
[gc,heap] GC(3) Eden regions: 6->0(5)
[gc,heap] GC(3) Survivor regions: 0->1(1)
[gc,heap] GC(3) Old regions: 4->8
[gc,heap] GC(3) Archive regions: 2->2
[gc,heap] GC(3) Humongous regions: 3->2
[gc,metaspace] GC(3) Metaspace: 370K(576K)->371K(577K) NonClass: 349K(448K)->349K(448K)
"""


def columns_of(data, n=1, region_bytes=MB):
    found = areas_in(data)
    cells = {name: getattr(found, name) for name in ("what", "before", "after", "committed")}
    return area_columns(cells, np.zeros(len(found.gcid), dtype=int), n, region_bytes), found


def test_regions_of_g1():
    columns, found = columns_of(G1)
    assert found.hint == "G1"
    assert set(found.gcid.tolist()) == {3}
    assert [WHAT[i] for i in found.what][-1] == "workers"
    assert (columns["young_before_bytes"][0], columns["young_after_bytes"][0]) == (6 * MB, 1 * MB)
    assert (columns["old_before_bytes"][0], columns["old_after_bytes"][0]) == (4 * MB, 8 * MB)
    assert (columns["humongous_before_bytes"][0], columns["humongous_after_bytes"][0]) == (3 * MB, 2 * MB)
    assert (columns["metaspace_after_bytes"][0], columns["metaspace_committed_bytes"][0]) == (371 * 1024, 577 * 1024)
    assert columns["workers"].tolist() == [2.0]
    assert np.isnan(columns_of(G1, region_bytes=np.nan)[0]["young_before_bytes"][0])


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        (b"DefNew: 4096K(8192K)->512K(8192K) Eden: 1K(2K)->0K(2K)\n] GC(1) Tenured: 1M(9M)->3M(9M)", "Serial"),
        (b"PSYoungGen: 4096K->512K(8192K)\n] GC(1) ParOldGen: 1M->3M(9M)", "Parallel"),
        (b"ParNew: 4096K->512K(8192K)\n] GC(1) CMS: 1M->3M(9M)", "CMS"),
        (b"ParNew: 4096K->512K(8192K)\n] GC(1) Old: 1M->3M(9M)", "CMS"),
    ],
)
def test_generations(lines, hint):
    columns, found = columns_of(b"[gc,heap] GC(1) " + lines)
    assert found.hint == hint
    assert (columns["young_before_bytes"][0], columns["young_after_bytes"][0]) == (4 * MB, MB / 2)
    assert (columns["old_after_bytes"][0], columns["old_committed_bytes"][0]) == (3 * MB, 9 * MB)


@pytest.mark.parametrize("size", [1, 2, 8, 32])
def test_the_size_of_a_region_is_told_by_the_heap(size):
    rng = np.random.default_rng(size)
    regions = rng.integers(20, 90, 40)
    names = ["old regions", "eden regions", "survivor regions", "humongous regions"]
    what = np.repeat([WHAT.index(name) for name in names], 40)
    cells = {"what": what, "after": np.concatenate([regions.astype("f8"), np.zeros(120)])}
    heap = np.floor((regions - rng.uniform(0, 1, 40)) * size) * MB
    assert region_size(cells, np.tile(np.arange(40), 4), heap) == size * MB


def test_nothing_is_nothing():
    assert len(areas_in(b"nothing").gcid) == 0
    assert np.isnan(region_size({"what": np.zeros(0), "after": np.zeros(0)}, np.zeros(0, dtype=int), np.zeros(0)))
