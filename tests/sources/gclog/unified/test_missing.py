"""What a chunk says of missing lines."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.unified.missing import begun_in, cut_of, latest_of, numbered, numbers_in

LINE = "[1.0s][gc] GC({}) {}\n"


def chunk(rows):
    data = "".join(LINE.format(n, text) for n, text in rows).encode()
    starts = np.concatenate([[0], np.flatnonzero(np.frombuffer(data, dtype="u1") == 10)[:-1] + 1])
    return data, starts


def test_pauses_that_begin_and_do_not_end():
    data, starts = chunk(
        [(1, "Pause Remark"), (1, "Pause Remark 1.0ms"), (2, "Pause Young (Normal)"), (1, "Pause Cleanup")]
    )
    begun = begun_in(data, starts)
    assert begun == [(0, (1,)), (2, (2,)), (3, (1,))]
    none = np.zeros(0, dtype="i8"), np.zeros(0, dtype="i8")
    assert cut_of(numbered(none, begun), numbered(none, [(1, (b"1", None))])) == [(2, (2,)), (3, (1,))]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(-1, 20))
def test_a_number_is_skipped_where_one_exceeds_all_before_by_more_than_one(gcids, latest):
    told = [(np.arange(len(gcids)), np.array(gcids))]
    skipped, highest = False, latest
    for gcid in gcids:
        skipped |= latest >= 0 and gcid > highest + 1
        highest = max(highest, gcid)
    assert latest_of(told, latest) == (highest, skipped)


def test_numbers_of_all_lines():
    assert numbers_in(chunk([(1, "a"), (3, "b"), (3, "c")])[0]) == {1, 3}
