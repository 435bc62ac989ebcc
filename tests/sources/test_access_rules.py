"""The rules that all formats of access logs share."""

import json

import pytest

from analysis.sources.access_rules import LONGEST_LINE, end_of, line_text, nginx_us, request_route
from tests.sources.access_logs import ISTIO, NGINX, START, one, read


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


def test_routes_of_request_lines():
    requests = ("GET /pay?x=1 HTTP/1.1", "GET /pay", "-", "")
    assert [request_route(request) for request in requests] == ["/pay", "/pay", "", ""]


def test_an_unknown_duration_leaves_the_start():
    assert end_of(1_000_000, float("nan")) == 1_000_000
    assert end_of(1_000_000, 0.0000015) == 1_000_002


def test_times_of_nginx():
    assert nginx_us("23/Nov/2026:03:04:30 +0900") == nginx_us("22/Nov/2026:18:04:30 +0000")
    for text in ("", "22/Foo/2026:18:04:30 +0000", "22/Nov/2026:18:04:30", "31/Feb/2026:18:04:30 +0000"):
        with pytest.raises(ValueError, match=r"time of nginx|day"):
            nginx_us(text)


def test_a_line_is_bounded():
    assert len(line_text(b"x" * LONGEST_LINE)) == LONGEST_LINE
    with pytest.raises(ValueError, match="too long"):
        line_text(b"x" * (LONGEST_LINE + 1))
