"""A question as a request: everything in the body of a POST, with when the server should stop."""

from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.question import Question, call_of
from analysis.sources.prometheus.settings import Settings

SETTINGS = Settings("http://h/p", parameters={"partial_response": "false"}, encoding="gzip")


def asked(path="/api/v1/query_range", form=None, method="POST", body=b"", seconds=60.0):
    return call_of(Question(method, path, form or {}, body, {"X-A": "b"}, seconds), SETTINGS, None)


def test_a_question_stands_in_the_body_never_in_the_url():
    call = asked(form={"query": "rate(a[5m])"})
    assert (call.url, call.query) == ("http://h/p/api/v1/query_range", "")
    assert parse_qs(call.body.decode()) == {"query": ["rate(a[5m])"], "timeout": ["54"], "partial_response": ["false"]}
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.headers["Accept-Encoding"] == "gzip"
    assert call.headers["X-A"] == "b"
    assert call.timeout_seconds == (10.0, 60.0)


@pytest.mark.parametrize(("seconds", "stop"), [(1.0, "0.9"), (4.0, "3.6"), (60.0, "54"), (600.0, "590")])
def test_the_server_is_asked_to_stop_before_we_stop_waiting(seconds, stop):
    assert parse_qs(asked(seconds=seconds).body.decode())["timeout"] == [stop]


def test_only_work_has_an_end_and_an_own_one_is_kept():
    assert "timeout" not in parse_qs(asked("/api/v1/series").body.decode())
    assert parse_qs(asked(form={"timeout": "5"}).body.decode())["timeout"] == ["5"]
    assert parse_qs(asked(form={"partial_response": "true"}).body.decode())["partial_response"] == ["true"]


def test_a_sequence_is_repeated_and_a_get_or_a_body_leaves_the_form_to_the_url():
    assert "match%5B%5D=a&match%5B%5D=b" in asked("/api/v1/series", {"match[]": ["a", "b"]}).body.decode()
    call = asked("/api/v1/read", {"a": "b"}, body=b"\x00\x01")
    assert (call.body, call.query.endswith("a=b")) == (b"\x00\x01", True)
    assert asked("api/v1/x", {"a": "b"}, method="GET")[1:4] == (
        "http://h/p/api/v1/x",
        "partial_response=false&a=b",
        b"",
    )


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_arrives_as_it_is(text):
    assert parse_qs(asked(form={"query": text}).body.decode(), keep_blank_values=True)["query"] == [text]


def test_half_of_a_surrogate_pair_is_no_question():
    with pytest.raises(RequestError, match="not UTF-8") as caught:
        asked(form={"query": "\ud800"})
    assert caught.value.failure.kind == "rejected"
