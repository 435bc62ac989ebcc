"""Access logs: each format as it is written in the field, what counts as failed, and broken files."""

import gzip
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, EvidenceError, SpecError
from analysis.sources.access_log import KINDS, read_access_log, sniff
from analysis.sources.lines import REQUEST_COLUMNS

START = "2026-11-22T18:04:30.250Z"
ENVOY = f'[{START}] "GET /api/pay?card=1 HTTP/1.1" 503 UF,URX 0 91 1500 - "-" "curl/8" "0b1c" "pay" "10.1.2.3:80"'
ISTIO = (
    f'[{START}] "POST /api/pay HTTP/2" 200 - via_upstream - "-" 12 345 250 249 "-" "okhttp/4" "7f" "pay:8080" '
    '"10.1.2.3:8080" inbound|8080|| 127.0.0.6:40000 10.1.2.3:8080 10.1.2.4:50000 outbound_.8080_._.pay default'
)
ISTIO_FAILED = (
    f'[{START}] "GET /a HTTP/1.1" 503 UF,URX upstream_reset_before_response_started{{connection_failure}} - '
    '"delayed connect error: 111" 0 157 12 - "-" "ua" "id" "pay" "10.0.0.1:80" outbound|80||pay - - - - default'
)
TCP = f'[{START}] "- - -" 0 - - - "-" 500 600 86400000 - "-" "-" "-" "-" "10.9.9.9:6379" outbound|6379||redis - - - - -'
NGINX = '10.0.0.1 - - [23/Nov/2026:03:04:30 +0900] "GET /pay?x=1 HTTP/1.1" 200 12 "-" "curl \\"8\\""'


def read(folder, text, kind, mapping=None, end="\n"):
    path = folder / "log"
    lines = [text] if isinstance(text, str) else text
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return read_access_log(path, kind, mapping)


def one(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_envoy_time_is_the_start_and_flags_are_passed_over(tmp_path):
    frame, report = read(tmp_path, ENVOY, "envoy")
    row = one(frame)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:31.750Z")
    assert (row.duration_seconds, row.failed, row.status, row.route, row.pod) == (1.5, True, "503", "/api/pay", "")
    assert report.notes == ()


def test_istio_with_its_inserted_fields(tmp_path):
    frame, report = read(tmp_path, [ISTIO, ISTIO_FAILED, TCP, "2026-11-22T18:00:00Z info xdsproxy connected"], "envoy")
    assert sorted(zip(frame["status"], frame["duration_seconds"], frame["failed"], strict=True)) == [
        ("200", 0.25, False),
        ("503", 0.012, True),
    ]
    assert report.notes == ("1 TCP connections left out: they are no requests",)
    assert (report.recognised, report.unrecognised) == (3, 1)
    assert "xdsproxy" in report.samples[0]


def test_the_pod_is_taken_from_the_prefix_of_kubectl_logs(tmp_path):
    frame, _ = read(tmp_path, f"[pod/pay-5d-x2k8p/istio-proxy] 2026-11-22T18:04:31.0Z {ISTIO}", "envoy")
    assert one(frame).pod == "pay-5d-x2k8p"


@pytest.mark.parametrize(
    ("status", "failed"), [("0", True), ("200", False), ("404", False), ("429", False), ("499", True), ("500", True)]
)
def test_one_rule_for_failed_in_all_formats(tmp_path, status, failed):
    lines = {
        "envoy": ISTIO.replace(" 200 - ", f" {status} DC "),
        "nginx": NGINX.replace(" 200 ", f" {status:0>3} "),
        "jsonl": json.dumps({"end": START, "status": int(status), "duration_seconds": 1}),
        "csv": f"end,status,duration_seconds\n{START},{status},1",
    }
    for kind, text in lines.items():
        assert bool(one(read(tmp_path, text, kind)[0]).failed) == failed, kind


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (" 0.123", 0.123),
        (' "0.123"', 0.123),
        (" rt=0.123", 0.123),
        (' rt="12.345" uct="0.001" urt="0.120"', 12.345),
        (" request_time=0.123 upstream_response_time=0.100", 0.123),
        (' "10.0.0.7" 0.123', 0.123),
        (" 512 0.123 [shop-pay-8080] [] 10.1.2.3:8080 12 0.100 200 0b1c", 0.123),
    ],
)
def test_request_times_of_nginx(tmp_path, tail, expected):
    frame, report = read(tmp_path, NGINX + tail, "nginx")
    assert one(frame).duration_seconds == expected
    assert report.notes == ("times are whole seconds",)


def test_nginx_without_request_time_says_that_slow_requests_cannot_be_seen(tmp_path):
    common = '10.0.0.1 - ann [22/Nov/2026:18:04:30 +0000] "-" 400 0'
    frame, report = read(tmp_path, [NGINX, common], "nginx")
    assert frame.index.unique().tolist() == [pd.Timestamp("2026-11-22T18:04:30Z")]
    assert frame["duration_seconds"].isna().all()
    assert frame["route"].tolist() == ["/pay", ""]
    assert report.notes[0] == "no request time in the log: slow requests cannot be seen"


def test_json_of_istio_and_its_connections(tmp_path):
    line = {
        "start_time": START, "duration": 250, "response_code": 0, "response_flags": "DC", "method": "GET",
        "path": "/a?b=c", "protocol": "HTTP/1.1", "kubernetes": {"pod_name": "pay-0"},
    }  # fmt: skip
    connection = {**line, "method": None, "path": None, "protocol": None}
    frame, report = read(tmp_path, [json.dumps(line), json.dumps(connection)], "jsonl")
    row = one(frame)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30.5Z")
    assert (row.duration_seconds, row.failed, row.status, row.route, row.pod) == (0.25, True, "0", "/a", "pay-0")
    assert report.notes == ("1 TCP connections left out: they are no requests",)


def test_json_of_envoy_without_method_is_not_taken_for_connections(tmp_path):
    line = {"start_time": START, "duration": "250", "response_code": "200"}
    assert one(read(tmp_path, json.dumps(line), "jsonl")[0]).duration_seconds == 0.25


@pytest.mark.parametrize(
    "time", [{"time_iso8601": "2026-11-22T18:04:30+00:00"}, {"time_local": "22/Nov/2026:18:04:30 +0000"},
             {"msec": "1795370670.000"}]
)  # fmt: skip
def test_json_of_nginx(tmp_path, time):
    line = {**time, "request_time": "0.250", "status": "499", "request_uri": "/a?b"}
    frame, _ = read(tmp_path, json.dumps(line), "jsonl")
    row = one(frame)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30Z")
    assert (row.duration_seconds, row.failed, row.route) == (0.25, True, "/a")


def test_a_mapping_for_any_json(tmp_path):
    line = {"ts": 1795370670123, "http": {"took": 250000, "code": 200}, "bad": "true", "where": "/a", "k8s.pod": "p-0"}
    mapping = {
        "time": "ts", "time_is": "start", "duration": "http.took", "duration_unit": "us", "status": "http.code",
        "failed": "bad", "route": "where", "pod": "k8s.pod",
    }  # fmt: skip
    frame, _ = read(tmp_path, json.dumps(line), "jsonl", mapping)
    row = one(frame)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30.373Z")
    assert tuple(row) == (0.25, True, "200", "/a", "p-0")


def test_a_mapping_adds_to_what_is_known(tmp_path):
    line = {"start_time": START, "duration": 250, "response_code": 200, "worker": "w-1"}
    row = one(read(tmp_path, json.dumps(line), "jsonl", {"pod": "worker"})[0])
    assert (row.pod, row.duration_seconds) == ("w-1", 0.25)


@pytest.mark.parametrize(("name", "value"), [("took_seconds", "0.25"), ("took_ms", "250"), ("took_us", "250000")])
def test_the_unit_is_seen_from_the_name(tmp_path, name, value):
    mapping = {"time": "at", "duration": name, "status": "code"}
    frame, _ = read(tmp_path, [f"at,{name},code", f"{START},{value},200"], "csv", mapping)
    assert one(frame).duration_seconds == 0.25


@pytest.mark.parametrize(
    ("mapping", "kind", "said"),
    [
        ({"time": "t", "duration": "took", "status": "s"}, "jsonl", "unit of 'took' is not evident"),
        ({"tiem": "t"}, "jsonl", "unknown key 'tiem'"),
        ({"time_is": "middle"}, "csv", "write start or end"),
        ({"duration_unit": "h"}, "csv", "write s, ms or us"),
        ({"time": "t"}, "envoy", "fixed format"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path, mapping, kind, said):
    with pytest.raises(SpecError, match=said):
        read(tmp_path, "{}", kind, mapping)


def test_fields_that_are_not_understood_are_named_with_what_to_write(tmp_path):
    for kind, text in (("jsonl", '{"ts":1,"took":2}'), ("csv", "ts,took\n1,2")):
        with pytest.raises(SpecError) as caught:
            read(tmp_path, text, kind)
        assert "'ts', 'took'" in str(caught.value)
        assert "sources.requests.mapping" in str(caught.value)
    with pytest.raises(SpecError, match="status: code"):
        read(tmp_path, "at\n1795370670", "csv", {"time": "at", "status": "code"})
    with pytest.raises(SpecError, match="unknown kind"):
        read(tmp_path, "", "apache")
    with pytest.raises(EvidenceError, match="no JSON objects"):
        read(tmp_path, "plain text", "jsonl")


def test_naive_times_are_refused_one_by_one_or_all_at_once(tmp_path):
    head, naive, good = "end,status", "2026-11-22 18:04:30,200", f"{START},200"
    frame, report = read(tmp_path, [head, naive, good], "csv")
    assert len(frame) == 1
    assert "1 records have a time without an offset" in report.notes[0]
    with pytest.raises(SpecError, match="'end'"):
        read(tmp_path, [head, naive, naive], "csv")
    with pytest.raises(SpecError, match="START_TIME"):
        read(tmp_path, ENVOY.replace("Z]", "]"), "envoy")


def test_canonical_csv(tmp_path):
    rows = ["end;duration_seconds;failed;route;pod", f'{START};0.25;false;"/a;b";p-0', f"{START};;true;/b;", "a;b"]
    frame, report = read(tmp_path, rows, "csv")
    assert frame["route"].tolist() == ["/a;b", "/b"]
    assert frame["failed"].tolist() == [False, True]
    assert frame["status"].tolist() == ["", ""]
    assert report.notes == ("1 requests have no usable duration",)
    assert report.samples == ("line 4: a;b",)


def test_a_start_without_duration_is_noted(tmp_path):
    frame, report = read(tmp_path, ["start,duration_seconds,status", f"{START},,200", f"{START},1,200"], "csv")
    assert frame.index[0] == pd.Timestamp(START)
    assert any("only a start" in note for note in report.notes)


def test_a_cut_last_line_is_seen(tmp_path):
    _, report = read(tmp_path, [ISTIO, ISTIO[:80]], "envoy", end="")
    assert report.truncated
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress("\n".join([ISTIO] * 5000).encode())[:-20])
    frame, report = read_access_log(path, "envoy")
    assert report.truncated
    assert 1000 < len(frame) < 5000


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_gives_an_empty_frame_and_a_note(tmp_path, kind):
    frame, report = read(tmp_path, "", kind)
    assert frame.empty
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == REQUEST_COLUMNS
    assert report.notes


HOSTILE = [
    b"[" * 10_000_000,
    b"1" * 10_000_000,
    b'[2026-11-22T18:04:30Z] "' + b"GET / " * 40_000,
    b'[2026-11-22T18:04:30Z] "GET / HTTP/1.1" 200 - ' + b"1 " * 100_000,
    b'1 - - [22/Nov/2026:18:04:30 +0000] "' + b'\\"' * 100_000,
    b"\x00\xff\xfe<script>",
    b'{"end":"' + b"9" * 1_000_000 + b'","status":' + b"9" * 5000 + b"}",
]


def test_hostile_lines_do_not_stop_the_reading(tmp_path):
    path = tmp_path / "log"
    html = '/<img src=x onerror="alert(1)">'
    good = {
        "envoy": (ISTIO.replace("/api/pay", "/<b>\x00"), "/<b>\x00"),
        "nginx": (NGINX.replace("/pay", "/<b>\x00"), "/<b>\x00"),
        "jsonl": (json.dumps({"end": START, "status": 200, "route": html}), html),
        "csv": (f"{START},200,<script>\x00", "<script>\x00"),
    }
    for kind, (line, route) in good.items():
        first = [b"end,status,route"] if kind == "csv" else []
        path.write_bytes(b"\n".join([*first, line.encode(), *HOSTILE, line.encode(), b""]))
        frame, report = read_access_log(path, kind)
        assert frame["route"].tolist() == [route, route]
        assert report.unrecognised == len(HOSTILE)
        assert sniff(path) == kind


def test_sniff_knows_each_kind_and_nothing_else(tmp_path):
    contents = {
        "k6-json": '{"type":"Metric","data":{"name":"vus"},"metric":"vus"}',
        "k6-csv": "metric_name,timestamp,metric_value,check\nvus,1795370252,1.0,",
        "envoy": f"some start line\n{ISTIO}\n{ENVOY}",
        "nginx": NGINX,
        "jsonl": json.dumps({"start_time": START, "response_code": 200}),
        "csv": f"end,duration_seconds,status\n{START},1,200",
        None: '{"kind":"List","items":[]}\nstarted_at,namespace,deployment\n[2026-11-22] app started',
    }
    path = tmp_path / "log"
    for kind, text in contents.items():
        path.write_bytes(text.encode())
        assert sniff(path) == kind
        path.write_bytes(gzip.compress(text.encode()))
        assert sniff(path) == kind
    for data in (b"", b"\n\n", b"\x1f\x8b\x08", b"PK\x03\x04"):
        path.write_bytes(data)
        assert sniff(path) is None
    assert sniff(tmp_path / "absent") is None


SOUP = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([ENVOY, ISTIO, TCP, NGINX, "end,status,route", f"{START},200,/a"]).flatmap(
            lambda t: st.integers(0, len(t)).map(lambda n: t[:n].encode())
        ),
        st.dictionaries(
            st.sampled_from(["end", "start_time", "response_code", "status", "duration", "method", "x"]),
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(START),
                      st.lists(st.integers(), max_size=2)),
        ).map(lambda d: json.dumps(d).encode()),
    ),
    max_size=6,
)  # fmt: skip


@given(SOUP, st.sampled_from(KINDS), st.sampled_from([None, {"time": "x", "status": "end"}]))
@settings(max_examples=200, deadline=None)
def test_byte_soup_never_raises_anything_else(tmp_path_factory, lines, kind, mapping):
    path = tmp_path_factory.mktemp("soup") / "log"
    path.write_bytes(b"\n".join(lines))
    sniff(path)
    try:
        frame, report = read_access_log(path, kind, mapping)
    except AnalysisError:
        return
    assert report.records == report.recognised + report.unrecognised
    assert len(frame) <= report.recognised
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == REQUEST_COLUMNS
