"""The whole table of what servers answer, with the bodies that were measured; words are kept, secrets are not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.answers import LONGEST_TEXT, classify, is_json, shortened, warnings_of
from analysis.sources.prometheus.secrets import Secret, masked

JSON, HTML, TEXT = "application/json", "text/html; charset=UTF-8", "text/plain; charset=utf-8"


def body(error_type: str, error: str) -> bytes:
    return json.dumps({"status": "error", "errorType": error_type, "error": error}).encode()


TABLE = [
    # Prometheus
    (400, JSON, body("bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
                     "query resolution (?step=XX)"), "too_many_points", "split"),
    (422, JSON, body("execution", "query processing would load too many samples into memory in query execution"),
     "too_many_samples", "split"),
    (422, JSON, body("execution", "expanding series: context deadline exceeded"), "timed_out", "split"),
    (503, JSON, body("timeout", "query timed out in expression evaluation"), "timed_out", "split"),
    (503, JSON, body("timeout", "query timed out in query queue"), "queue_full", "retry"),
    (503, JSON, body("timeout", "words of another version"), "timed_out", "split"),
    (400, JSON, body("bad_data", "1:11: parse error: unclosed left parenthesis"), "rejected", "none"),
    (422, JSON, body("execution", 'found duplicate series for the match group {namespace="ns0"} on the right hand-side '
                     "of the operation: [...];many-to-many matching not allowed: ..."), "rejected", "none"),
    (422, JSON, body("execution", "vector cannot contain metrics with the same labelset"), "rejected", "none"),
    (400, JSON, body("bad_data", 'invalid expression type "range vector" for range query, must be Scalar or instant '
                     "Vector"), "rejected", "none"),
    (400, JSON, body("bad_data", 'invalid parameter "end": end timestamp must not be before start time'),
     "rejected", "none"),
    (503, JSON, body("execution", "words of a store"), "rejected", "none"),
    (503, JSON, body("unavailable", "TSDB not ready"), "unavailable", "retry"),
    (503, JSON, body("canceled", "query was canceled in expression evaluation"), "unavailable", "retry"),
    (500, JSON, body("internal", "a chunk is broken"), "unavailable", "none"),
    (404, JSON, body("not_found", "no such rule"), "not_offered", "none"),
    (503, TEXT, b"Service Unavailable", "unavailable", "retry"),
    # VictoriaMetrics
    (422, JSON, body("422", "too many points for the given step=1000, start=1 and end=2: 121601; cannot exceed "
                     "-search.maxPointsPerTimeseries=30000"), "too_many_points", "split"),
    (422, JSON, body("422", "timeout exceeded during query execution: 0.100 seconds (elapsed 1.705 seconds)"),
     "timed_out", "split"),
    (422, JSON, body("422", 'cannot evaluate "default_rollup(a)": timeout exceeded before starting the query '
                     "processing: 0.050 seconds (elapsed 5.207 seconds)"), "timed_out", "split"),
    (422, JSON, body("422", 'error when parsing query "sum(": unexpected end'), "rejected", "none"),
    (422, JSON, body("422", "cannot select more than -search.maxSamplesPerQuery=1000000000 samples"),
     "too_many_samples", "split"),
    (422, JSON, body("422", 'error when executing query="a" on the time range (start=1, end=2, step=1000): cannot '
                     "execute query: the number of matching timeseries exceeds 30; either narrow down the search"),
     "too_many_samples", "none"),
    (422, JSON, body("422", 'error when executing query="{a=\\"query timed out in query queue\\"}": cannot parse'),
     "rejected", "none"),
    (503, JSON, body("503", "cannot handle more than 4 concurrent search requests during 10s"), "queue_full", "retry"),
    (400, TEXT, b'unsupported path requested: "/api/v1/read"', "not_offered", "none"),
    # Mimir, Thanos (documents)
    (422, JSON, body("execution", "the query exceeded the maximum number of chunks (err-mimir-max-chunks-per-query)"),
     "too_many_samples", "split"),
    (429, JSON, body("bad_data", "too many outstanding requests"), "queue_full", "retry"),
    # what stands between
    (404, TEXT, b"404 page not found", "not_offered", "none"),
    (405, TEXT, b"Method Not Allowed", "not_offered", "none"),
    (501, TEXT, b"", "not_offered", "none"),
    (502, HTML, b"<html><head><title>502 Bad Gateway</title></head></html>", "unavailable", "retry"),
    (503, HTML, b"<h1>no healthy upstream</h1>", "unavailable", "retry"),
    (504, HTML, b"<title>504 Gateway Time-out</title>", "unavailable", "retry"),
    (504, TEXT, b"context deadline exceeded", "unavailable", "retry"),
    (503, JSON, b'{"message":"no healthy upstream"}', "unavailable", "retry"),
    (429, TEXT, b"slow down", "unavailable", "retry"),
    (408, TEXT, b"", "unavailable", "retry"),
    (401, TEXT, b"Unauthorized", "unauthorised", "none"),
    (403, HTML, b"<title>403 Forbidden</title>", "unauthorised", "none"),
    (403, JSON, body("timeout", "query timed out in query queue"), "unauthorised", "none"),
    (407, HTML, b"", "unauthorised", "none"),
    (413, HTML, b"<title>413 Request Entity Too Large</title>", "rejected", "none"),
    (500, HTML, b"<title>Oops</title>", "unavailable", "none"),
    (302, HTML, b"<a href=/login>Found</a>", "not_understood", "none"),
    (204, "", b"", "not_understood", "none"),
    (200, HTML, b"<title>Sign in</title>", "not_understood", "none"),
    (200, "", b"", "not_understood", "none"),
    (200, JSON, b"", "truncated", "retry"),
    (200, JSON, b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{', "truncated", "retry"),
    (200, JSON, body("timeout", "query timed out in expression evaluation"), "timed_out", "split"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind_of", "content", "kind", "remedy"), TABLE)
def test_an_answer_is_what_the_table_says(status, kind_of, content, kind, remedy):
    failure = classify(status, kind_of, content)
    assert (failure.kind, failure.remedy, failure.http) == (kind, remedy, status)
    assert "<" not in failure.text
    if content.startswith(b'{"status": "error"'):
        document = json.loads(content)
        assert failure.text == document["error"]
        assert failure.error_type == document["errorType"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"status":"success","data":{"resultType":"matrix","result":[]}}\n',
        b'{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["remote_read: refused"]}',
        b'{"status":"success","isPartial":true,"data":{}}',
        b'{"status":"success","data":{"a":"\\"status\\":\\"error\\""}}',
        b'{"data":{}}',
    ],
)
@pytest.mark.parametrize("kind_of", [JSON, "application/json; charset=utf-8", "Application/JSON"])
def test_a_good_answer_is_no_failure(content, kind_of):
    assert classify(200, kind_of, content) is None


def test_words_of_a_page_are_its_title_or_its_first_words():
    page = b"<!DOCTYPE html><HTML><head><TITLE lang=en>A &amp; B\n</TITLE><style>x{}</style></head><body>more</body>"
    assert classify(502, HTML, page).text == "A & B"
    page = b"<html><style>x{}</style><script>let a = '<b>'</script><!-- <p> --><h1>Sorry,</h1> <p>down &lt; 5 min"
    assert classify(502, "", page).text == "Sorry, down < 5 min"


def test_of_long_words_the_cause_at_their_end_is_kept():
    text = "error when executing " + "sum(a) + " * 9_000 + ": timeout exceeded during query execution: 0.050 seconds"
    failure = classify(422, JSON, body("422", text))
    assert (failure.kind, len(failure.text)) == ("timed_out", LONGEST_TEXT)
    assert failure.text.startswith("error when")
    assert failure.text.endswith(": 0.050 seconds")


def test_json_under_another_content_type_is_read():
    failure = classify(422, TEXT, body("execution", "expanding series: context deadline exceeded"))
    assert (failure.kind, failure.text) == ("timed_out", "expanding series: context deadline exceeded")


def test_a_page_under_http_200_says_what_it_is():
    assert classify(200, HTML, b"<title>Sign in</title>").text == "text/html instead of JSON: Sign in"


def test_a_secret_is_taken_out_before_the_text_is_cut():
    secret = Secret("0123456789ABCDEF")
    for before in range(LONGEST_TEXT - 20, LONGEST_TEXT + 20):
        for text in ("x" * before + secret.reveal(), "x" * (before // 2) + secret.reveal() + "x" * before):
            for kind_of, content in ((JSON, body("bad_data", text)), (TEXT, text.encode())):
                shown = classify(400, kind_of, content, hide=lambda t: masked(t, [secret])).text
                assert not any(c in shown for c in secret.reveal())


@given(st.integers(100, 599), st.sampled_from([JSON, HTML, TEXT, "", ";", "application/json;;"]), st.binary())
def test_garbage_is_classified_and_short(status, kind_of, content):
    failure = classify(status, kind_of, content)
    if status != 200:
        assert failure is not None
    if failure is not None:
        assert len(failure.text) <= LONGEST_TEXT
        assert failure.text.isprintable() or not failure.text.isascii()
        failure.text.encode()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(
    st.sampled_from(["status", "error", "errorType", "warnings", "infos", "isPartial"]), s)))  # fmt: skip
def test_any_json_is_classified(document):
    content = json.dumps(document).encode()
    assert classify(503, JSON, content) is not None
    classify(200, JSON, content)
    if isinstance(document, dict):
        partial, advice = warnings_of(document)
        assert all(isinstance(text, str) for text in (*partial, *advice))


def test_deep_json_is_no_crash():
    assert classify(503, JSON, b'{"a":' * 100_000).kind == "unavailable"


def test_warnings_are_partial_unless_they_are_of_the_engine():
    document = {
        "warnings": [
            'PromQL warning: encountered a mix of histograms and floats for metric name "x" (1:6)',
            'remote_read: error sending request: Post "http://u:s3cret@store/read": connect: connection refused',
            "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket",
            "No StoreAPIs matched for this query", "No StoreAPIs matched for this query",
            "something about PromQL warning",
        ],
        "infos": ["PromQL info: input to histogram_quantile needed to be fixed"],
    }  # fmt: skip
    partial, advice = warnings_of(document)
    assert [text.split(":")[0] for text in partial] == [
        "remote_read", "No StoreAPIs matched for this query", "something about PromQL warning",
    ]  # fmt: skip
    assert len(advice) == 3
    assert "s3cret" not in str(partial)


def test_a_partial_answer_of_a_cluster_is_partial():
    assert len(warnings_of({"isPartial": True})[0]) == 1
    assert warnings_of({"isPartial": False}) == warnings_of({"warnings": None}) == ((), ())


def test_a_warning_of_another_form_is_not_lost():
    assert warnings_of({"warnings": "one text"})[0] == ("one text",)
    assert warnings_of({"warnings": [{"code": 7}]})[0] == ("{'code': 7}",)


def test_json_is_a_content_type_by_name():
    assert is_json("application/json")
    assert not is_json("application/json-seq")


@given(st.text(st.characters(codec=None)))
def test_a_shortened_text_is_one_line(text):
    short = shortened(text)
    assert len(short.splitlines()) <= 1
    assert len(short) <= LONGEST_TEXT
    short.encode()
