"""A whole answer within a limit, its end, and the words of one that failed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.reply import LARGEST_ERROR_BYTES, ended_early, failed, whole
from analysis.sources.prometheus.secrets import Secret, masked


def test_an_answer_over_the_limit_is_to_be_split():
    assert whole(iter([b"ab", b"c"]), 3) == b"abc"
    with pytest.raises(RequestError, match="larger than 3 bytes") as caught:
        whole(iter([b"ab", b"cd", b"never read"]), 3)
    assert caught.value.failure.remedy == "split"


@given(st.dictionaries(st.text(), st.lists(st.dictionaries(st.text(), st.text()))), st.integers(1, 1_000))
def test_a_document_that_ends_early_is_seen_wherever_it_ends(document, left):
    content = json.dumps(document).encode()
    assert ended_early({}, content) is None
    assert ended_early({}, content[: left % len(content)]) is not None
    assert ended_early({"Transfer-Encoding": "Chunked"}, content[:-1]) is None


def test_words_and_retry_after_of_a_failed_answer():
    failure = failed(503, {"Content-Type": "text/html", "Retry-After": "3"}, iter([b"<title>A", b"</title>"]), hide=str)
    assert failure == Failure("unavailable", "retry", 503, "", "A", 3.0)


def test_a_failed_answer_that_breaks_off_is_still_classified():
    def chunks():
        yield b"Forbidden"
        raise RequestError(Failure("truncated", "retry", 403))

    assert failed(403, {}, chunks(), hide=str).kind == "unauthorised"


def test_a_long_page_is_read_in_part_and_no_half_of_a_secret_is_left():
    secret = Secret("0123456789abcdef")
    page = b"<" + b"a" * (LARGEST_ERROR_BYTES - 10) + b">" + secret.reveal().encode()
    read = []

    def chunks():
        for start in range(0, len(page), LARGEST_ERROR_BYTES - 5):
            read.append(start)
            yield page[start : start + LARGEST_ERROR_BYTES - 5]
        while True:
            read.append(0)
            yield bytes(1_000)

    failure = failed(502, {}, chunks(), hide=lambda text: masked(text, [secret]))
    assert len(read) < 4
    assert "012" not in failure.text
