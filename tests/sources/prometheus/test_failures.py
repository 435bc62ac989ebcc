"""A failure says what, how often, where and what to do; it goes from one process to another."""

import pickle

import pytest

from analysis.sources.prometheus.failures import Failure, RequestError


@pytest.mark.parametrize(
    ("failure", "tries", "words"),
    [
        (Failure("queue_full", "retry", 503, text="in queue"), 3, "queue full (HTTP 503, 3 tries): in queue"),
        (Failure("unavailable", "retry"), 1, "unavailable (no answer, 1 try)"),
        (Failure("unavailable", "none"), 0, "unavailable (no answer, not asked)"),
    ],
)
def test_a_failure_is_said_in_one_line(failure, tries, words):
    error = RequestError(failure, tries)
    assert (error.what, error.where, error.exit_code) == (words, "prometheus", 3)


def test_an_error_survives_a_pickle():
    error = RequestError(Failure("timed_out", "split", 503, "timeout", "late", 2.0), 2, where="http://h", next="wait")
    back = pickle.loads(pickle.dumps(error))
    assert (back.failure, back.tries, str(back)) == (error.failure, 2, str(error))
