"""Frames of a streamed answer: read wherever it is cut; an end within one, and an absurd length, are refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.frames import Ended, frames, words_in
from analysis.sources.prometheus.protobuf import Malformed, uvarint


def pieces(data, cuts):
    edges = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


CONTENTS = st.lists(st.binary(max_size=300), max_size=5)
CUTS = st.lists(st.integers(0, 2000), max_size=8)


@given(CONTENTS, CUTS)
def test_frames_are_what_was_written_wherever_the_answer_is_cut(contents, cuts):
    data = b"".join(uvarint(len(c)) + b"crc!" + c for c in contents)
    assert list(frames(pieces(data, cuts))) == contents


@given(CONTENTS.filter(bool), CUTS, st.integers(1, 2000))
def test_an_answer_that_ends_within_a_frame_is_refused(contents, cuts, back):
    data = b"".join(uvarint(len(c)) + b"crc!" + c for c in contents)
    last = len(uvarint(len(contents[-1]))) + 4 + len(contents[-1])
    short = data[: len(data) - 1 - back % (last - 1)] if last > 1 else data
    found = []
    with pytest.raises(Ended, match="ends within a frame"):
        found.extend(frames(pieces(short, cuts)))


@pytest.mark.parametrize("length", [100_000_001, 2**63])
def test_an_absurd_length_is_refused_before_it_is_waited_for(length):
    with pytest.raises(Malformed, match="a frame says that it has"):
        list(frames([uvarint(length)]))


def test_a_length_that_never_ends_is_refused():
    with pytest.raises(Malformed, match="does not end"):
        list(frames([b"\xff"] * 12))


def test_words_are_told_from_bytes():
    assert words_in(b"expanding series: context deadline exceeded\n") == "expanding series: context deadline exceeded"
    assert [words_in(b) for b in (b"", b"ab", b"\xff\xfe", b"\x00abcdef", b"\x1b[31mred")] == [""] * 5
