"""A body piece by piece: gzip of any cutting gives the same bytes, an early end is noticed, a trickle is given up."""

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError, ReadTimeoutError, SSLError

from analysis.sources.prometheus.body import pieces
from analysis.sources.prometheus.failures import RequestError


class Pieces:
    """Gives what it was made of, an error where one stands."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self.parts = list(parts)

    def read1(self, amt=None, decode_content=None):
        assert decode_content is False
        part = self.parts.pop(0) if self.parts else b""
        if isinstance(part, Exception):
            raise part
        return part


def read(*parts, encoding="", clock=lambda: 0.0, counted=None):
    counted = [] if counted is None else counted
    found = pieces(
        Pieces(*parts), status=200, encoding=encoding, patience_seconds=5.0, count=counted.append, clock=clock
    )
    return b"".join(found)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    joints = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
    return [data[a:b] for a, b in pairwise(joints)]


@given(st.binary(), st.lists(st.integers(0, 10_000), max_size=8), st.integers(0, 3))
def test_gzip_cut_anywhere_and_in_several_streams_is_the_same(data, cuts, more):
    packed = b"".join(gzip.compress(data) for _ in range(more + 1))
    counted: list[int] = []
    assert read(*split(packed, cuts), encoding="gzip", counted=counted) == data * (more + 1)
    assert sum(counted) == len(packed)
    assert read(*split(data, cuts)) == data


@given(st.binary(min_size=1), st.integers(1, 10_000))
def test_gzip_that_ends_early_is_truncated(data, left):
    packed = gzip.compress(data)
    with pytest.raises(RequestError) as caught:
        read(packed[: 1 + left % (len(packed) - 1)], encoding="gzip")
    assert (caught.value.failure.kind, caught.value.failure.remedy) == ("truncated", "retry")


def test_a_large_answer_is_inflated_in_bounded_parts():
    packed = gzip.compress(bytes(50_000_000))
    found = pieces(
        Pieces(packed), status=200, encoding="gzip", patience_seconds=5.0, count=lambda n: None, clock=lambda: 0.0
    )
    sizes = [len(piece) for piece in found]
    assert (sum(sizes), max(sizes) <= 1_048_576) == (50_000_000, True)


@pytest.mark.parametrize(
    ("error", "kind", "remedy"),
    [
        (ProtocolError("s3cret"), "truncated", "retry"),
        (ReadTimeoutError(None, "s3cret", "s3cret"), "timed_out", "split"),
        (SSLError("s3cret"), "truncated", "retry"),
        (OSError("s3cret"), "truncated", "retry"),
    ],
)
def test_a_broken_body_is_a_failure_in_our_words(error, kind, remedy):
    with pytest.raises(RequestError) as caught:
        read(b"abc", error)
    assert (caught.value.failure.kind, caught.value.failure.remedy) == (kind, remedy)
    assert caught.value.__context__ is None
    assert "s3cret" not in str(caught.value)


def test_what_says_gzip_and_is_none_and_another_encoding():
    for encoding, kind in (("gzip", "truncated"), ("br", "not_understood"), ("zstd", "not_understood")):
        with pytest.raises(RequestError) as caught:
            read(b"{}", encoding=encoding)
        assert caught.value.failure.kind == kind


def ticking(step: float):
    now = [0.0]

    def clock() -> float:
        now[0] += step
        return now[0]

    return clock


def test_a_trickle_is_given_up_and_a_slow_large_answer_is_not():
    with pytest.raises(RequestError) as caught:
        read(*[b"x"] * 100, clock=ticking(1.0))
    assert caught.value.failure.kind == "timed_out"
    assert len(read(*[bytes(2_000)] * 100, clock=ticking(1.0))) == 200_000
    assert read(*[b"x"] * 4, clock=ticking(1.0)) == b"xxxx"
