"""k6 results: the recording, the two formats against each other, and broken files."""

import gzip
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, EvidenceError
from analysis.sources.k6 import read_k6_csv, read_k6_json
from analysis.sources.request_rows import REQUEST_COLUMNS

TIME = "2026-11-22T18:04:30.123456789Z"
HEADER = "metric_name,timestamp,metric_value,error_code,expected_response,name,status,url"


@pytest.fixture(scope="module")
def recorded(corpus):
    folder = corpus / "lab" / "A-sidecar-throttle"
    return read_k6_json(folder / "k6_results.json.gz"), read_k6_csv(folder / "k6_results.csv.gz")


def point(metric="http_req_duration", value=250.0, time=TIME, order=("metric", "type", "data"), **tags):
    full = {"metric": metric, "type": "Point", "data": {"time": time, "value": value, "tags": tags or None}}
    return json.dumps({key: full[key] for key in order})


def read(folder, *lines, end="\n", reader=read_k6_json):
    path = folder / "k6"
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return reader(path)


def test_the_recording_has_the_requests_that_were_sent(recorded):
    for frame, report in recorded:
        assert len(frame) == 13_921
        inside = frame[(frame.index > "2026-11-22T18:04:30Z") & (frame.index <= "2026-11-22T18:07:00Z")]
        slow = ~inside["failed"] & (inside["duration_seconds"] > 1.5)
        assert (len(inside), int(inside["failed"].sum()), int(slow.sum())) == (2400, 1159, 663)
        assert report.unrecognised == 0
        assert not report.truncated


def test_json_and_csv_of_the_recording_agree(recorded):
    (one, _), (two, report) = recorded
    assert int(one["failed"].sum()) == int(two["failed"].sum())
    left, right = (frame["duration_seconds"].sort_values().to_numpy() for frame in (one, two))
    assert abs(left - right).max() < 1e-9
    assert sorted(one["status"]) == sorted(two["status"])
    assert sorted(one["route"]) == sorted(two["route"])
    assert (one.index.floor("s") == two.index).all()
    assert report.notes == ("times are whole seconds",)


def test_a_cut_recording_keeps_what_was_read(recorded, recording, tmp_path):
    packed = (recording / "k6_results.json.gz").read_bytes()
    path = tmp_path / "k6.json.gz"
    path.write_bytes(packed[: len(packed) // 2])
    frame, report = read_k6_json(path)
    assert report.truncated
    assert 4000 < len(frame) < 13_921


@pytest.mark.parametrize("order", [("metric", "type", "data"), ("type", "data", "metric"), ("data", "metric", "type")])
def test_the_order_of_keys_does_not_matter(tmp_path, order):
    frame, report = read(tmp_path, point(order=order, expected_response="true", status="200", url="http://a/b"))
    assert frame["duration_seconds"].tolist() == [0.25]
    assert frame["route"].tolist() == ["http://a/b"]
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30.123456Z")
    assert report.recognised == 1


@pytest.mark.parametrize(
    ("tags", "failed"),
    [
        ({"expected_response": "false", "status": "200"}, True),
        ({"expected_response": "true", "status": "404"}, False),
        ({"status": "0", "error_code": "1050"}, True),
        ({"status": "404"}, True),
        ({"status": "399"}, False),
        ({"error_code": "1050"}, True),
    ],
)
def test_what_counts_as_failed(tmp_path, tags, failed):
    assert read(tmp_path, point(**tags))[0]["failed"].tolist() == [failed]
    cells = [tags.get(name, "") for name in HEADER.split(",")[3:]]
    line = ",".join(["http_req_duration", "1795370670", "250.0", *cells])
    assert read(tmp_path, HEADER, line, reader=read_k6_csv)[0]["failed"].tolist() == [failed]


def test_http_req_failed_decides_when_durations_do_not_say_it(tmp_path):
    lines = []
    for status, failed in (("404", 0), ("404", 1), ("200", 0)):
        lines += [point(status=status, name="/a"), point("http_req_failed", failed, status=status, name="/a")]
    assert read(tmp_path, *lines)[0]["failed"].tolist() == [False, True, False]


def test_requests_that_say_nothing_are_noted(tmp_path):
    frame, report = read(tmp_path, point())
    assert frame["failed"].tolist() == [False]
    assert "say neither status nor failure" in report.notes[0]


def test_dropped_iterations_are_noted(tmp_path):
    _, report = read(tmp_path, point(status="200"), point("dropped_iterations", 3), point("dropped_iterations", 4))
    assert "7 iterations dropped: the load generator was saturated" in report.notes
    rows = ["http_req_duration,1795370670123,1,,true,/a,200,", "dropped_iterations,1795370670123,7,,,,,"]
    _, report = read(tmp_path, HEADER, *rows, reader=read_k6_csv)
    assert report.notes == ("7 iterations dropped: the load generator was saturated",)


def test_broken_lines_are_counted_and_a_cut_end_is_seen(tmp_path):
    good, other = point(status="200"), '{"metric":"vus","type":"Point","data":{}}'
    frame, report = read(tmp_path, good, "{broken", "", other, '{"metric":"vus","type":"Odd"}', good[:50], end="")
    assert len(frame) == 1
    assert (report.records, report.recognised, report.unrecognised) == (5, 2, 3)
    assert report.samples[0] == "line 2: {broken"
    assert report.truncated


def test_points_with_a_naive_time_are_refused_and_noted(tmp_path):
    frame, report = read(tmp_path, point(status="200", time="2026-11-22T18:04:30"))
    assert (len(frame), report.unrecognised) == (0, 1)
    assert "without an offset" in report.notes[0]


def test_an_empty_file_gives_an_empty_frame(tmp_path):
    for reader in (read_k6_json, read_k6_csv):
        frame, report = read(tmp_path, reader=reader)
        assert frame.empty
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == REQUEST_COLUMNS
        assert report.notes


def test_other_metrics_alone_are_recognised_but_noted(tmp_path):
    frame, report = read(tmp_path, point("vus", 1))
    assert frame.empty
    assert report.recognised == 1
    assert "no requests" in report.notes[0]


@pytest.mark.parametrize(
    ("text", "micro", "whole"),
    [
        ("1795370670", 0, True),
        ("1795370670123", 123000, False),
        ("1795370670123456", 123456, False),
        ("1795370670123456789", 123456, False),
        ("2026-11-22T18:04:30.123456789Z", 123456, False),
        ("2026-11-23T03:04:30+09:00", 0, True),
    ],
)
def test_every_time_format_of_the_csv(tmp_path, text, micro, whole):
    frame, report = read(tmp_path, HEADER, f"http_req_duration,{text},1,,true,/a,200,", reader=read_k6_csv)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30Z") + pd.Timedelta(microseconds=micro)
    assert (report.notes == ("times are whole seconds",)) == whole


def test_a_csv_of_something_else_names_what_it_has(tmp_path):
    with pytest.raises(EvidenceError, match="metric_name") as caught:
        read(tmp_path, "a,b", "1,2", reader=read_k6_csv)
    assert "a, b" in str(caught.value)


def test_hostile_lines_do_not_stop_the_reading(tmp_path):
    route = "<script>alert(1)</script>\u0000\u202e"
    path = tmp_path / "k6.json"
    long = b'{"metric":"http_req_duration","type":"Point","data":' + b"[" * 10_000_000
    lines = [point(status="200", name=route).encode(), b"\x00\xff\xfe", long, point(status="200").encode()]
    path.write_bytes(b"\n".join(lines))
    frame, report = read_k6_json(path)
    assert frame["route"].tolist() == [route, ""]
    assert report.unrecognised == 2


SOUP = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([point(status="200").encode(), point().encode()[:40], HEADER.encode()]),
        st.text(max_size=20).map(lambda t: ("http_req_duration," + t).encode("utf-8", "replace")),
    ),
    max_size=6,
)


@given(SOUP, st.booleans())
@settings(max_examples=100, deadline=None)
def test_byte_soup_never_raises_anything_else(tmp_path_factory, lines, packed):
    path = tmp_path_factory.mktemp("soup") / "k6"
    data = b"\n".join(lines)
    path.write_bytes(gzip.compress(data) if packed else data)
    for reader in (read_k6_json, read_k6_csv):
        try:
            frame, report = reader(path)
        except AnalysisError:
            continue
        assert report.records == report.recognised + report.unrecognised
        assert len(frame) <= report.recognised


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**7), st.booleans()), max_size=10))
@settings(max_examples=50, deadline=None)
def test_json_and_csv_of_the_same_requests_agree(tmp_path_factory, requests):
    folder = tmp_path_factory.mktemp("agree")
    start = 1_795_370_670_000_000
    lines, rows = [], [HEADER]
    for offset, value, failed in requests:
        stamp = pd.Timestamp(start + offset, unit="us", tz="UTC").isoformat()
        expected, status = ("false", "0") if failed else ("true", "200")
        lines.append(point(value=value / 1000, time=stamp, expected_response=expected, status=status, name="/a"))
        rows.append(f"http_req_duration,{start + offset},{value / 1000},,{expected},/a,{status},")
    one = read(folder, *lines)[0]
    two = read(folder, *rows, reader=read_k6_csv)[0]
    pd.testing.assert_frame_equal(one, two)
