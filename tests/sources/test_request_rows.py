"""The frame of requests."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sources.request_rows import REQUEST_COLUMNS, RequestRows, Work, requests_frame


@given(st.lists(st.tuples(st.integers(10**15, 2 * 10**15), st.floats(0, 10), st.booleans(), st.text(max_size=5))))
@settings(max_examples=50, deadline=None)
def test_the_frame_keeps_its_contract(rows):
    texts = [t.encode("utf-8", "replace").decode() for *_, t in rows]
    frame = requests_frame(
        [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], texts, texts, [""] * len(rows)
    )
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert frame.index.name == "end"
    assert frame.index.is_monotonic_increasing
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == REQUEST_COLUMNS
    assert sorted(frame["duration_seconds"]) == sorted(r[1] for r in rows)


@pytest.mark.parametrize(("ends", "whole"), [((), False), ((1_000_000, 2_000_000), True), ((1_000_000, 1), False)])
def test_whole_seconds_are_seen(ends, whole):
    rows = RequestRows()
    for end in ends:
        rows.add(end, 0.5, "200", "/a", "", failed=False)
    assert rows.whole_seconds == whole
    assert rows.frame().index.is_monotonic_increasing


def test_what_requests_did_in_the_database_follows_them_through_the_sorting():
    rows = RequestRows()
    for end, statements in ((3, 7.0), (1, None), (2, 4.0)):
        rows.add(end, 0.5, "200", "/a", "", failed=False)
        if statements is not None:
            rows.worked(Work(statements=statements, request_id=f"id {end}"))
    frame = rows.frame()
    assert frame["statements"].isna().tolist() == [True, False, False]
    assert frame["statements"].tolist()[1:] == [4.0, 7.0]
    assert frame["request_id"].tolist() == ["", "id 2", "id 3"]
    assert frame["rows"].isna().all()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == REQUEST_COLUMNS
