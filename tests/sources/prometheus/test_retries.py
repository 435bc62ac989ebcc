"""What is asked again, after how long; a server that does not answer is left alone."""

import threading
from email.utils import format_datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.retries import ONCE, Breaker, Patience, persist, retry_after, wait_before_next

SILENT = Failure("unavailable", "retry", None, text="connection refused")
SPLIT = Failure("timed_out", "split", 503)
WRONG = Failure("rejected", "none", 400)


def failing(*failures: Failure | None):
    """An attempt that fails so, one after the other, then brings 7; and how often it was made."""
    left, made = list(failures), []

    def attempt() -> int:
        made.append(1)
        if left and (failure := left.pop(0)):
            raise RequestError(failure)
        return 7

    return attempt, made


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def persisted(attempt, patience=None, draw=1.0, time=None):
    time = time or Time()
    return persist(attempt, patience or Patience(), sleep=time.sleep, clock=lambda: time.now, draw=lambda: draw), time


def test_it_is_tried_three_times_with_growing_jitter():
    attempt, made = failing(SILENT, SILENT)
    found, time = persisted(attempt)
    assert (found, len(made), time.waits) == (7, 3, [1.0, 2.0])


def test_the_third_failure_is_given_up_and_counted():
    attempt, made = failing(*[SILENT] * 5)
    with pytest.raises(RequestError, match="3 tries") as caught:
        persisted(attempt)
    assert (len(made), caught.value.tries) == (3, 3)


@pytest.mark.parametrize("failure", [SPLIT, WRONG, Failure("too_many_samples", "split", 422)])
def test_what_the_server_worked_on_is_not_asked_again(failure):
    attempt, made = failing(failure, failure)
    with pytest.raises(RequestError) as caught:
        persisted(attempt)
    assert len(made) == caught.value.tries == 1


def test_another_failure_ends_the_tries():
    attempt, made = failing(SILENT, SPLIT, SILENT)
    with pytest.raises(RequestError) as caught:
        persisted(attempt)
    assert (len(made), caught.value.tries, caught.value.failure) == (2, 2, SPLIT)


def test_retry_after_is_waited_out_up_to_a_cap():
    asked = Failure("unavailable", "retry", 429, wait_seconds=7.0)
    attempt, _ = failing(asked, Failure("unavailable", "retry", 429, wait_seconds=4_000.0))
    _, time = persisted(attempt, draw=0.5)
    assert time.waits == [7.5, 31.0]


def test_no_try_begins_after_the_budget():
    attempt, made = failing(*[Failure("unavailable", "retry", 429, wait_seconds=20.0)] * 9)
    with pytest.raises(RequestError):
        persisted(attempt, Patience(tries=9, budget_seconds=50.0), draw=0.0)
    assert len(made) == 3


def test_a_wrong_program_is_not_hidden():
    def attempt() -> int:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        persisted(attempt)


@given(
    st.sampled_from(["retry", "split", "none"]), st.integers(1, 6), st.floats(0, 1_000), st.floats(0, 1),
    st.none() | st.floats(0, 1e6),
)  # fmt: skip
def test_a_wait_is_within_its_limits(remedy, tries, elapsed, draw, asked):
    patience = Patience()
    wait = wait_before_next(
        Failure("unavailable", remedy, 503, wait_seconds=asked), tries, elapsed, patience, draw=draw
    )
    if wait is None:
        late = elapsed + min(asked or 0.0, 30.0) + draw * 2.0 ** (tries - 1) > 300.0
        assert remedy != "retry" or tries >= 3 or late
    else:
        assert remedy == "retry"
        assert 0 <= wait <= 2 * patience.longest_seconds
        assert wait >= min(asked or 0.0, 30.0)
        assert elapsed + wait <= patience.budget_seconds


@given(st.integers(0, 2_000_000_000), st.integers(0, 100_000))
def test_retry_after_as_a_date_is_the_seconds_until_then(now, ahead):
    date = format_datetime(pd.Timestamp(now + ahead, unit="s", tz="UTC").to_pydatetime(), usegmt=True)
    assert retry_after(date, float(now)) == ahead
    assert retry_after(date, float(now + ahead + 5)) == 0.0


@given(st.text())
def test_a_retry_after_that_is_none_says_nothing(text):
    found = retry_after(text, 0.0)
    assert found is None or found >= 0


@pytest.mark.parametrize("text", [None, "", "-5", "1.5", "²", "١٢", "soon", "Thu, 99 Foo 2020"])
def test_these_are_no_retry_after(text):
    assert retry_after(text, 0.0) is None


def test_three_questions_without_an_answer_open_the_breaker_for_good():
    breaker = Breaker()
    for failure in (SILENT, Failure("timed_out", "split", None, text="no answer"), Failure("truncated", "retry", 200)):
        breaker.check()
        breaker.note(failure)
    with pytest.raises(RequestError, match=r"unavailable \(no answer, not asked\): left alone after 3") as caught:
        breaker.check()
    assert caught.value.failure.remedy == "none"
    assert caught.value.next
    breaker.note(None)
    assert breaker.is_open


@pytest.mark.parametrize("answered", [None, SPLIT, WRONG, Failure("queue_full", "retry", 503)])
def test_an_answer_of_any_kind_begins_the_count_anew(answered):
    breaker = Breaker()
    for failure in (SILENT, SILENT, answered, SILENT, SILENT):
        breaker.note(failure)
    breaker.check()


def test_an_open_breaker_ends_the_tries_of_a_thread_that_waits():
    breaker = Breaker(after=1)
    time = Time()

    def attempt() -> int:
        breaker.check()
        breaker.note(SILENT)  # as another thread would
        raise RequestError(SILENT)

    with pytest.raises(RequestError, match="left alone") as caught:
        persist(attempt, Patience(), sleep=time.sleep)
    assert caught.value.tries == 1


def test_threads_share_a_breaker():
    breaker = Breaker(after=4_000)
    threads = [threading.Thread(target=lambda: [breaker.note(SILENT) for _ in range(1_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert breaker.is_open


def test_once_is_one_try():
    attempt, made = failing(SILENT)
    with pytest.raises(RequestError, match="1 try"):
        persisted(attempt, ONCE)
    assert len(made) == 1
