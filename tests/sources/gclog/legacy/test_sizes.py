"""Sizes of the heap and of its areas in logs of JDK 8 and before."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.legacy.sizes import g1_sizes, read_sizes


def test_sizes_of_areas_with_remarks_between_name_and_number():
    text = b"[GC [ParNew (0: promotion failure size = 12)  (promotion failed) : 7K->8K(9K), 0.1 secs]"
    text += b"[CMS: 3K->2K(4K), 1 secs] 10K->9K(13K), [CMS Perm : 5K->5K(6K)], 1.2 secs]"
    assert {area: tuple(x / 1024 for x in size) for area, size in read_sizes(text).items()} == {
        "young": (7, 8, 9), "old": (3, 2, 4), "heap": (10, 9, 13), "metaspace": (5, 5, 6),
    }  # fmt: skip


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=3), st.sampled_from("BKMG"))
def test_sizes_of_the_heap_in_any_unit(numbers, unit):
    scale = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30}[unit]
    before, after, room = (f"{number}{unit}" for number in numbers)
    assert read_sizes(f"[GC {before}->{after}({room}), 0.1 secs]".encode()) == {
        "heap": tuple(n * scale for n in numbers)
    }


def test_g1_areas_are_eden_and_survivors_and_the_rest():
    sizes = g1_sizes(b"   [Eden: 10.0M(12.0M)->0.0B(9.0M) Survivors: 2.0M->3.0M Heap: 40.0M(64.0M)->33.0M(64.0M)]")
    assert [x / 2**20 for x in sizes.young] == [12, 3, 12]
    assert [x / 2**20 for x in sizes.old] == [28, 30, 52]
    assert g1_sizes(b"   [Eden: many]") is None
