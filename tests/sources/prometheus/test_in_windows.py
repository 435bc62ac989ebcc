import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.in_windows import Extent, in_windows

SPLIT = RequestError(Failure("timed_out", "split", 503))
CUT = RequestError(Failure("truncated", "retry", 200))
FATAL = RequestError(Failure("rejected", "none", 400))


class Asked:
    """A server whose units hold `density(unit)` samples, and that fails as `fail(lo, hi)` says."""

    def __init__(self, density=lambda unit: 1, fail=lambda lo, hi: None):
        self.density, self.fail = density, fail
        self.windows, self.taken, self.samples = [], [], []
        self.running = self.most_running = 0
        self.lock = threading.Lock()

    def ask(self, lo, hi):
        with self.lock:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            self.windows.append((lo, hi))
        try:
            error = self.fail(lo, hi)
            if error:
                raise error
            return b"x"
        finally:
            with self.lock:
                self.running -= 1

    def take(self, lo, hi, body):
        assert threading.current_thread() is threading.main_thread()
        self.taken.append((lo, hi))
        self.samples.append(sum(self.density(unit) for unit in range(lo, hi)))
        return self.samples[-1]

    def units(self):
        return sorted(unit for lo, hi in self.taken for unit in range(lo, hi))


@given(
    st.integers(1, 800), st.integers(1, 400), st.integers(1, 900), st.integers(1, 5000), st.integers(0, 40),
    st.integers(3, 500),
)  # fmt: skip
def test_every_unit_comes_once_whatever_a_server_can_do(units, first, most, samples, density, can):
    server = Asked(lambda unit: density * (unit % 7 > 2), lambda lo, hi: SPLIT if hi - lo > can else None)
    splits = in_windows(server.ask, server.take, Extent(units, min(first, most), most, 2, samples))
    assert server.units() == list(range(units))
    assert max(hi - lo for lo, hi in server.taken) <= min(most, max(can, 1))
    assert server.most_running <= 2
    assert splits <= 2 * 12
    assert (splits == 0) == (len(server.windows) == len(server.taken))


def test_lengths_follow_what_the_first_window_brings():
    server = Asked(lambda unit: 100)
    in_windows(server.ask, server.take, Extent(10_000, 240, 9_000, 16, 60_000))
    assert server.taken[0] == (0, 239)  # equal parts, none above 240
    assert max(server.samples) <= 60_000
    assert len(server.taken) <= 20


def test_nothing_at_first_does_not_lead_to_a_huge_window():
    server = Asked(lambda unit: 0 if unit < 300 else 5_000)
    in_windows(server.ask, server.take, Extent(10_000, 240, 10_000, 16, 1_500_000))
    assert max(server.samples) <= 4 * 1_500_000


def test_a_window_that_cannot_be_halved_fails_and_nothing_is_left_running():
    server = Asked(fail=lambda lo, hi: SPLIT if lo <= 500 < hi else time.sleep(0.01))
    with pytest.raises(RequestError, match="timed out"):
        in_windows(server.ask, server.take, Extent(1_000, 100, 100, 16, 10**6))
    assert server.running == 0
    assert min(hi - lo for lo, hi in server.windows) >= 8


def test_what_has_no_remedy_fails_at_once():
    server = Asked(fail=lambda lo, hi: FATAL)
    with pytest.raises(RequestError, match="rejected"):
        in_windows(server.ask, server.take, Extent(1_000, 100, 100, 16, 10**6))
    assert len(server.windows) == 1


def test_a_cut_body_is_asked_for_once_more_and_then_is_an_error():
    for times, good in ((1, True), (2, False)):
        left = {(0, 100): times}
        server = Asked()

        def take(lo, hi, body, server=server, left=left):
            if left.get((lo, hi), 0):
                left[lo, hi] -= 1
                raise CUT
            return server.take(lo, hi, body)

        if good:
            assert in_windows(server.ask, take, Extent(200, 100, 100, 16, 10**6)) == 0
            assert server.units() == list(range(200))
        else:
            with pytest.raises(RequestError, match="truncated"):
                in_windows(server.ask, take, Extent(200, 100, 100, 16, 10**6))


def test_what_was_retried_enough_is_not_asked_again():
    given_up = RequestError(CUT.failure, 3)
    server = Asked(fail=lambda lo, hi: given_up)
    with pytest.raises(RequestError):
        in_windows(server.ask, server.take, Extent(10, 10, 10, 16, 10**6))
    assert len(server.windows) == 1


def test_an_error_of_another_kind_comes_out_as_it_is():
    server = Asked(fail=lambda lo, hi: ZeroDivisionError("x") if lo else None)
    with pytest.raises(ZeroDivisionError):
        in_windows(server.ask, server.take, Extent(1_000, 100, 100, 16, 10**6))
    with pytest.raises(KeyError):
        in_windows(lambda lo, hi: b"", lambda lo, hi, body: {}["x"], Extent(1_000, 100, 100, 16, 10**6))
    assert server.running == 0


def test_a_sick_server_is_not_asked_for_long_windows_again():
    server = Asked(fail=lambda lo, hi: SPLIT if hi - lo > 100 else None)
    assert in_windows(server.ask, server.take, Extent(100_000, 10_000, 10_000, 16, 10**9)) <= 9
    assert server.units() == list(range(100_000))
