"""Series that come in frames: joined, cut to the window, sorted; odd forms are read, absurd ones refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sources.prometheus import chunked_series
from analysis.sources.prometheus.chunked_series import ChunkedSeries
from analysis.sources.prometheus.protobuf import Malformed, bytes_field, int_field
from analysis.sources.prometheus.samples import STALE
from tests.oracles_xor import bits_of, encode
from tests.sources.prometheus.remote_answers import chunk, series

ONE = bits_of(1.0)
WHOLE = (0, 10**15)


def content(*many):
    return b"".join(bytes_field(1, one) for one in many)


def read(frames, window=WHOLE):
    found = ChunkedSeries(*window)
    for one in frames:
        found.add(one)
    found.flush()
    return found


def rows(table):
    return [
        (tuple(sorted(table.labels[i].items())), t, v)
        for i, t, v in zip(table.ids.tolist(), table.times.tolist(), table.values.view("u8").tolist(), strict=True)
    ]


LABELS = st.dictionaries(
    st.text("abc_é", max_size=3), st.text(st.characters(exclude_categories=["Cs"]), max_size=150), max_size=3
)
SAMPLES = st.lists(st.integers(0, 40), min_size=1, max_size=6, unique=True).map(sorted)
PATTERNS = st.sampled_from([ONE, 0, bits_of(-0.0), int(STALE), bits_of(float("inf")), 0x7FF8000000000000])


@st.composite
def answers(draw):
    """Frames of series of a few label sets, which may come back, with chunks that may overlap."""
    sets = draw(st.lists(LABELS, min_size=1, max_size=3))
    made = []
    for _ in range(draw(st.integers(0, 5))):
        labels = draw(st.sampled_from(sets))
        chunks = [(times, [draw(PATTERNS) for _ in times]) for times in draw(st.lists(SAMPLES, max_size=3))]
        made.append((labels, chunks, draw(st.booleans())))
    return made


@settings(max_examples=150)
@given(answers(), st.integers(0, 40), st.integers(0, 40), st.sampled_from([1, 3, 1000]))
def test_whatever_comes_is_sorted_cut_and_joined(made, lo, hi, batch):
    expected = {}
    frames = []
    for labels, chunks, usual in made:
        frames.append(content(series(labels, [chunk(*one, usual=usual) for one in chunks])))
        for times, values in chunks:
            for time, value in zip(times, values, strict=True):
                if lo <= time <= hi:
                    expected[tuple(sorted(labels.items())), time * 1000] = value
    before, chunked_series.BATCH_SAMPLES = chunked_series.BATCH_SAMPLES, batch
    try:
        table = read(frames, (lo * 1000, hi * 1000)).table()
    finally:
        chunked_series.BATCH_SAMPLES = before
    assert rows(table) == [(*key, value) for key, value in sorted(expected.items())]
    assert {tuple(sorted(found.items())) for found in table.labels} == {key[0] for key in expected}
    assert (table.ids.dtype, table.times.dtype, table.values.dtype) == ("int32", "int64", "float64")


def test_a_window_between_milliseconds_cuts_exactly():
    frames = [content(series({"a": "1"}, [chunk([1, 2, 3], [ONE] * 3)]))]
    assert read(frames, (1001, 2999)).table().times.tolist() == [2000]
    assert read(frames, (2000, 3000)).table().times.tolist() == [2000, 3000]


def test_large_chunks_and_long_labels_take_the_long_way():
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.integers(1, 10**9, 5000)).tolist()
    patterns = rng.integers(0, 2**63, 5000).tolist()
    assert len(encode(times, patterns)) > 16384
    labels = {"a": "x" * 20_000, "__name__": "big"}
    table = read([content(series(labels, [chunk(times, patterns)]))], (0, 2**62)).table()
    assert table.labels == (labels,)
    assert table.values.view("u8").tolist() == patterns


def test_native_histograms_are_counted_once_a_series_and_floats_beside_them_are_kept():
    histogram = bytes_field(2, int_field(3, 2) + bytes_field(4, b"\0\1xyz"))
    floats = series({"a": "1"}, [chunk([1], [ONE])])
    found = read([content(floats + histogram * 2, series({"a": "2"}, []) + histogram.replace(b"\x18\2", b"\x18\3"))])
    assert found.left_out() == ("2 series are native histograms, not kept",)
    assert found.table().labels == ({"a": "1"},)
    assert read([content(series({}, []) + histogram)]).left_out() == ("1 series is a native histogram, not kept",)
    assert read([]).left_out() == ()


@pytest.mark.parametrize(("bad", "says"), [
    (series({}, [chunk([1], [ONE], encoding=7)]), "the encoding 7, which is not known"),
    (series({}, [chunk([1], [ONE], encoding=0)]), "the encoding 0, which is not known"),
    (series({}, [int_field(3, 1)]), "a chunk has no bytes"),
    (series({}, [int_field(3, 1) + bytes_field(4, b"\0")]), "a chunk has no bytes"),
    (series({}, [int_field(3, 1) + bytes_field(4, b"\0\5")]), "more than its bytes hold"),
    (series({}, [chunk([1], [ONE])]) + bytes_field(1, b""), "labels behind its chunks"),
    (bytes_field(1, bytes_field(1, b"\xff")), "a label is not UTF-8"),
    (b"\x0a\x7fabc", "a label is longer than its series"),
    (b"\x12\x7fabc", "a field of 127 bytes where 3 are left"),
])  # fmt: skip
def test_what_the_protocol_does_not_have_is_refused(bad, says):
    with pytest.raises(Malformed, match=says):
        read([content(bad)])


@settings(max_examples=300)
@given(answers(), st.data())
def test_bytes_that_were_changed_are_refused_or_read_as_something_whole(made, data):
    whole = content(*(series(labels, [chunk(*one) for one in chunks]) for labels, chunks, _ in made))
    if not whole:
        return
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    try:
        table = read([changed]).table()
    except Malformed as error:
        assert str(error)
        return
    assert (np.diff(table.ids) >= 0).all()
    assert (np.diff(table.times)[np.diff(table.ids) == 0] > 0).all()
