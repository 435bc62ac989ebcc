"""Samples of Prometheus: what is refused, what is kept, and that nothing changes between write and read."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.prometheus import EMPTY, SampleTable, merge, read_lab_samples, read_samples, write_samples
from analysis.sources.prometheus.samples import STALE, settled, stale_markers, table_of, without_stale

T0 = 1_795_370_400_000_000  # us


def lab(path, rows, *, unit="us", zone="UTC", **replace):
    """Write rows of (us, metric, labels, value) as a lab does."""
    columns = {
        "timestamp": pa.array([r[0] for r in rows], pa.int64()).cast(pa.timestamp(unit, tz=zone)),
        "metric": pa.array([r[1] for r in rows], pa.string()),
        "labels": pa.array([r[2] if isinstance(r[2], str | None) else json.dumps(r[2]) for r in rows], pa.string()),
        "value": pa.array([r[3] for r in rows], pa.float64()),
    }
    columns.update(replace)
    pq.write_table(pa.table({k: v for k, v in columns.items() if v is not None}), path)
    return path


def rows_of(table):
    return [
        (tuple(sorted(table.labels[i].items())), int(t), float(v))
        for i, t, v in zip(table.ids, table.times, table.values, strict=True)
    ]


def test_series_are_told_apart_by_name_and_labels_in_any_order(tmp_path):
    path = lab(tmp_path / "s.parquet", [
        (T0 + 5, "up", '{"b": "2", "a": "1"}', 1.0),
        (T0, "up", '{"a": "1", "b": "2"}', 0.0),
        (T0, "down", {"a": "1", "b": "2"}, 7.0),
        (T0, "up", {}, 3.0),
    ])  # fmt: skip
    table = read_lab_samples(path)
    assert len(table.labels) == 3
    assert table.names == {"up", "down"}
    (both,) = table.named("up", a="1", b="2")
    assert (both.times.tolist(), both.values.tolist()) == ([T0, T0 + 5], [0.0, 1.0])
    assert [s.values.tolist() for s in table.named("up", a="9")] == []
    assert both.label("zone", "b") == "2"
    assert both.label("zone") == ""
    assert [s.labels for s in table.named("down")] == [{"__name__": "down", "a": "1", "b": "2"}]


def test_the_order_of_the_rows_is_no_matter(tmp_path):
    rows = [(T0 + i, f"m{i % 3}", {"pod": f"p{i % 2}"}, float(i)) for i in range(30)]
    one = read_lab_samples(lab(tmp_path / "a.parquet", rows))
    two = read_lab_samples(lab(tmp_path / "b.parquet", rows[::-1]))
    assert one.labels == two.labels
    assert rows_of(one) == rows_of(two)
    assert (np.diff(one.ids) >= 0).all()


def test_a_sample_that_stands_twice_counts_once_and_the_last_one_holds(tmp_path):
    rows = [(T0, "up", {}, 1.0), (T0, "up", {}, 1.0), (T0 + 5, "up", {}, 2.0), (T0 + 5, "up", {}, 3.0)]
    table = read_lab_samples(lab(tmp_path / "s.parquet", rows))
    assert (table.times.tolist(), table.values.tolist()) == ([T0, T0 + 5], [1.0, 3.0])


def test_nan_inf_and_an_empty_cell_of_values_are_kept(tmp_path):
    rows = [(T0 + i, "up", {}, v) for i, v in enumerate([float("nan"), float("inf"), None, 0.0])]
    values = read_lab_samples(lab(tmp_path / "s.parquet", rows)).values
    assert len(values) == 4
    assert np.isnan(values[[0, 2]]).all()
    assert values[1] == np.inf
    assert values[3] == 0.0


def test_whole_numbers_are_values_too(tmp_path):
    path = lab(tmp_path / "s.parquet", [(T0, "up", {}, 1.0)], value=pa.array([7], pa.int64()))
    assert read_lab_samples(path).values.tolist() == [7.0]


@pytest.mark.parametrize(("unit", "zone"), [("ms", "UTC"), ("us", "Asia/Seoul"), ("ns", "+09:00")])
def test_times_of_any_unit_and_zone_become_utc_us(tmp_path, unit, zone):
    scale = {"ms": 1_000, "us": 1, "ns": 1 / 1000}[unit]
    path = lab(tmp_path / "s.parquet", [(round(T0 / scale), "up", {}, 1.0)], unit=unit, zone=zone)
    table = read_lab_samples(path)
    assert table.times.tolist() == [T0]
    assert table.span == (pd.Timestamp(T0, unit="us", tz="UTC"),) * 2


def test_an_empty_file_is_an_empty_table(tmp_path):
    table = read_lab_samples(lab(tmp_path / "s.parquet", []))
    assert (table.labels, table.span, len(table.times)) == ((), None, 0)
    assert EMPTY.span is None


def test_missing_columns_are_named_with_those_that_are_there(tmp_path):
    path = lab(tmp_path / "s.parquet", [(T0, "up", {}, 1.0)], value=None, labels=None)
    with pytest.raises(EvidenceError, match="columns are missing: labels, value") as caught:
        read_lab_samples(path)
    assert caught.value.where == "s.parquet"
    assert "timestamp, metric" in caught.value.next


@pytest.mark.parametrize("zone", [None])
def test_naive_times_are_refused(tmp_path, zone):
    with pytest.raises(EvidenceError, match=r"sample times are timestamp\[us\]"):
        read_lab_samples(lab(tmp_path / "s.parquet", [(T0, "up", {}, 1.0)], zone=zone))


def test_numbers_are_no_times(tmp_path):
    with pytest.raises(EvidenceError, match="sample times are int64"):
        read_lab_samples(lab(tmp_path / "s.parquet", [(T0, "up", {}, 1.0)], timestamp=pa.array([T0])))


@pytest.mark.parametrize("text", ["", "{", "[]", '"pod"', '{"a": 1}', '{"a": {"b": "c"}}', '{"a": null}', "pod=a"])
def test_labels_that_are_no_flat_object_of_text_are_refused(tmp_path, text):
    path = lab(tmp_path / "s.parquet", [(T0, "up", {}, 1.0), (T0, "up", text, 1.0)])
    with pytest.raises(EvidenceError, match="labels are not a JSON object of text") as caught:
        read_lab_samples(path)
    assert caught.value.where == "s.parquet, column labels"


@pytest.mark.parametrize("column", ["timestamp", "metric", "labels"])
def test_an_empty_cell_is_refused_by_column(tmp_path, column):
    row = {"timestamp": T0, "metric": "up", "labels": "{}"} | {column: None}
    path = lab(tmp_path / "s.parquet", [(row["timestamp"], row["metric"], row["labels"], 1.0)])
    with pytest.raises(EvidenceError, match=f"empty cells in {column}"):
        read_lab_samples(path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all", None])
def test_what_is_no_parquet_is_refused_by_name(tmp_path, content):
    path = tmp_path / "s.parquet"
    if content is None:
        lab(path, [(T0 + i, "up", {}, 1.0) for i in range(100)])
        content = path.read_bytes()[:-20]
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match="not readable as Parquet") as caught:
        read_lab_samples(path)
    assert caught.value.where == "s.parquet"


def test_an_unreadable_half_of_the_pair_is_refused(tmp_path):
    series, samples = tmp_path / "series.parquet", tmp_path / "samples.parquet"
    table = read_lab_samples(lab(tmp_path / "s.parquet", [(T0, "up", {"pod": "a"}, 1.0), (T0, "down", {}, 2.0)]))
    write_samples(table, series, samples)
    write_samples(EMPTY, series, tmp_path / "other")
    with pytest.raises(EvidenceError, match="name a series that is not there"):
        read_samples(series, samples)
    samples.write_bytes(samples.read_bytes()[:50])
    with pytest.raises(EvidenceError, match="not readable"):
        read_samples(series, samples)


TEXT = st.text(max_size=12).filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t))
LABELS = st.dictionaries(
    st.sampled_from(["value", "time", "labels", "key", "metric", "query_id", "le", "서비스", 'a"b', ""]),
    TEXT,
    max_size=4,
)
ROW = st.tuples(st.integers(0, 30), st.sampled_from(["up", "value", "m:rate5m"]), LABELS, st.floats(allow_nan=False))


def both(folder, rows):
    return read_lab_samples(lab(folder / "s.parquet", [(T0 + r[0], *r[1:]) for r in rows]))


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, max_size=25))
def test_read_returns_what_was_written_whatever_the_labels(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("s")
    table = both(folder, rows)
    expected = {(tuple(sorted({**found, "__name__": m}.items())), T0 + t): v for t, m, found, v in rows}
    assert {r[:2]: r[2] for r in rows_of(table)} == expected
    write_samples(table, folder / "series", folder / "samples")
    again = read_samples(folder / "series", folder / "samples")
    assert again.labels == table.labels
    assert rows_of(again) == rows_of(table)


def test_odd_label_text_survives(tmp_path):
    odd = {"value": 'quo"te', "path": "a\\b\n{}=,", "emoji": "💥", "ko": "결제", "empty": ""}
    table = read_lab_samples(lab(tmp_path / "s.parquet", [(T0, "up", odd, float("nan"))]))
    write_samples(table, tmp_path / "series", tmp_path / "samples")
    again = read_samples(tmp_path / "series", tmp_path / "samples")
    assert again.labels == ({"__name__": "up", **odd},)
    assert np.isnan(again.values).all()
    assert (again.ids.dtype, again.times.dtype, again.values.dtype) == ("int32", "int64", "float64")


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, max_size=15), st.lists(ROW, max_size=15))
def test_merge_is_the_union_and_the_second_holds(tmp_path_factory, first, second):
    folder = tmp_path_factory.mktemp("s")
    one, two = both(folder, first), both(folder, second)
    union = {r[:2]: r[2] for r in rows_of(one)} | {r[:2]: r[2] for r in rows_of(two)}
    found = merge(one, two)
    assert {r[:2]: r[2] for r in rows_of(found)} == union
    assert len(found.times) == len(union)
    assert rows_of(merge(found, two)) == rows_of(found)
    assert rows_of(merge(one, EMPTY)) == rows_of(one) == rows_of(merge(EMPTY, one))


def test_a_series_without_samples_is_not_yielded():
    table = SampleTable(({"__name__": "up", "a": "1"}, {"__name__": "up", "a": "2"}), np.array([1], "i4"),
                        np.array([T0]), np.array([1.0]))  # fmt: skip
    assert [s.labels["a"] for s in table.named("up")] == ["2"]


ANY = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(0, 99)), max_size=30)
NAMES = [{"__name__": "b"}, {"__name__": "a", "x": "1"}, {"x": "1", "__name__": "a"}, {}]  # the middle two are equal


def arrays(rows):
    ids, times, values = (np.array([r[i] for r in rows]) for i in range(3))
    return ids.astype("i8"), times.astype("i8"), values.astype("f8")


def by_dict(rows):
    return {(tuple(sorted(NAMES[i].items())), t): float(v) for i, t, v in rows}


@settings(max_examples=200)
@given(ANY)
def test_table_of_is_a_dictionary_sorted(rows):
    columns = arrays(rows)
    kept = [c.copy() for c in columns]
    table = table_of(NAMES, *columns)
    assert {r[:2]: r[2] for r in rows_of(table)} == by_dict(rows)
    assert [r[:2] for r in rows_of(table)] == sorted(by_dict(rows))
    assert all((a == b).all() for a, b in zip(columns, kept, strict=True))  # what was given is not altered
    again = table_of(table.labels, table.ids, table.times, table.values)
    assert again.times is table.times  # what is sorted is not copied
    assert again.labels == table.labels


@settings(max_examples=200)
@given(ANY, ANY)
def test_merge_of_any_tables_is_the_union_of_dictionaries(first, second):
    one, two = table_of(NAMES, *arrays(first)), table_of(NAMES[:2], *arrays([r for r in second if r[0] < 2]))
    found = merge(one, two)
    assert {r[:2]: r[2] for r in rows_of(found)} == by_dict(first) | by_dict([r for r in second if r[0] < 2])
    assert [r[:2] for r in rows_of(found)] == sorted(r[:2] for r in rows_of(found))


@settings(max_examples=100)
@given(ANY)
def test_settled_keeps_the_first_or_the_last(rows):
    rows = sorted(rows, key=lambda r: r[0])
    for keep, order in (("first", rows[::-1]), ("last", rows)):
        ids, times, values = settled(*arrays(rows), keep=keep)
        found = dict(zip(zip(ids.tolist(), times.tolist(), strict=True), values.tolist(), strict=True))
        assert found == {(i, t): float(v) for i, t, v in order}
        assert list(found) == sorted(found)


def test_stale_markers_are_found_and_taken_out_and_other_nan_stay():
    values = np.array([1, STALE, 0x7FF8000000000000, 0x7FF0000000000003], "u8").view("f8")
    table = SampleTable(({"a": "1"}, {"a": "2"}), np.array([0, 0, 1, 1], "i4"), np.arange(4), values)
    assert stale_markers(table) == [({"a": "1"}, 1)]
    assert without_stale(table).times.tolist() == [0, 2, 3]
    assert without_stale(without_stale(table)) is not table
    clean = without_stale(table)
    assert without_stale(clean) is clean
    assert without_stale(EMPTY) is EMPTY
    assert merge(table, EMPTY).values.view("u8").tolist() == values.view("u8").tolist()


def test_tables_that_are_sorted_take_little_memory_to_merge():
    n, points = 2000, 200
    ids = np.repeat(np.arange(n, dtype="i4"), points)
    labels = tuple({"__name__": "m", "i": f"{i:06d}"} for i in range(n))
    first = SampleTable(labels, ids, np.tile(np.arange(points), n), np.ones(n * points))
    second = SampleTable(labels, ids, np.tile(np.arange(points) + points, n), np.ones(n * points))
    both_bytes = 2 * 20 * n * points
    tracemalloc.start()
    try:
        merged = merge(first, second)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(merged.times) == 2 * n * points
    assert most < 2.5 * both_bytes
