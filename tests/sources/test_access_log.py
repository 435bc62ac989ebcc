"""Access logs: Envoy, Istio and nginx as they are written in the field, what each file is, and broken files."""

import gzip
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, SpecError
from analysis.sources.access_log import KINDS, read_access_log, sniff
from analysis.sources.request_rows import REQUEST_COLUMNS
from tests.sources.access_logs import ENVOY, ISTIO, ISTIO_FAILED, NGINX, START, TCP, one, read


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


def test_naive_times_are_refused_one_by_one_or_all_at_once(tmp_path):
    head, naive, good = "end,status", "2026-11-22 18:04:30,200", f"{START},200"
    frame, report = read(tmp_path, [head, naive, good], "csv")
    assert len(frame) == 1
    assert "1 records have a time without an offset" in report.notes[0]
    with pytest.raises(SpecError, match="'end'"):
        read(tmp_path, [head, naive, naive], "csv")
    with pytest.raises(SpecError, match="START_TIME"):
        read(tmp_path, ENVOY.replace("Z]", "]"), "envoy")


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
