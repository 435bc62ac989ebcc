"""Text of many lines at once, eight bytes at a time: whole numbers and literals at places of a chunk, as columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Text", "has", "number_at", "number_before", "text_of"]

PAD = 1024  # line ends after the chunk: what is looked for behind its last line is not there
ZEROS = np.uint64(0x3030303030303030)  # eight times "0"
LOW, HIGH = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080)
NO_DIGIT = np.uint64(0x7676767676767676)  # lifts what is more than nine to the highest bit of its byte
PAIRS, FOURS, EIGHT = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF), np.uint64(0xFFFFFFFF)
WIDTH = 8


class Text(NamedTuple):
    """A chunk: its bytes, `letters` (n,) one by one, `words` (n,): the eight bytes from each place on, as a number."""

    data: bytes
    letters: np.ndarray
    words: np.ndarray


def text_of(data: bytes) -> Text:
    """Return a chunk as columns; places up to a kibibyte behind it are line ends.

    Examples
    --------
    >>> text_of(b"GC(7)").letters[2], len(text_of(b"GC(7)").words) > 5
    (np.uint8(40), True)
    """
    padded = data + b"\n" * PAD
    words = np.ndarray(len(padded) - WIDTH + 1, dtype="<u8", buffer=padded, strides=(1,))
    return Text(data, np.frombuffer(padded, dtype="u1"), words)


def has(text: Text, at: np.ndarray, literal: bytes) -> np.ndarray:
    """Return at which places (n,) a literal stands.

    Examples
    --------
    >>> has(text_of(b"Pause Young, Pause Full"), np.array([0, 7, 13]), b"Pause Full").tolist()
    [False, False, True]
    """
    if len(literal) == 1:
        alone: np.ndarray = text.letters[at] == literal[0]
        return alone
    found: np.ndarray | None = None
    for i in (*range(0, len(literal) - WIDTH, WIDTH), max(len(literal) - WIDTH, 0)):  # the last may overlap
        part = literal[i : i + WIDTH]
        word = text.words[at + i]
        if len(part) < WIDTH:
            word &= np.uint64((1 << 8 * len(part)) - 1)
        same = word == np.uint64(int.from_bytes(part, "little"))
        found = same if found is None else found & same
    assert found is not None
    return found


def number_at(text: Text, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole numbers that begin at places, and where they end: where they begin if there is none.

    Parameters
    ----------
    text : Text
        A chunk.
    at : ndarray of int64, shape (n,)
        Places in it.

    Notes
    -----
    Of more than sixteen digits the first sixteen are read: a digit stands where the number ends. Eight digits are put
    together in three steps, pairs, fours, eight (D. Lemire, "Number parsing at a gigabyte per second", 2021).

    Examples
    --------
    >>> values, ends = number_at(text_of(b"12->1234567890(x)"), np.array([0, 4, 15]))
    >>> values.tolist(), ends.tolist()
    ([12, 1234567890, 0], [2, 14, 15])
    """
    value, size = _leading(text.words[at])
    long = np.flatnonzero(size == WIDTH)
    if len(long):
        more, length = _leading(text.words[at[long] + WIDTH])
        value[long] = value[long] * 10**length + more
        size[long] += length
    return value, at + size


def number_before(text: Text, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole numbers that end before places, and where they begin: where they end if there is none.

    Of more than eight digits the last eight are read: a digit stands before where the number begins.

    Examples
    --------
    >>> values, starts = number_before(text_of(b"(a) 6M->128M"), np.array([11, 12]))
    >>> values.tolist(), starts.tolist()
    ([128, 0], [8, 12])
    """
    word = text.words[np.maximum(ends - WIDTH, 0)]
    size = _digits(word.byteswap())
    gone = ((WIDTH - size) * 8).astype("u8")
    return _value(((word ^ ZEROS) >> gone) << gone), ends - size


def _leading(word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the value of the digits at the beginning of words, and how many there are."""
    size = _digits(word)
    return _value((word ^ ZEROS) << ((WIDTH - size) * 8).astype("u8")), size


def _digits(word: np.ndarray) -> np.ndarray:
    """Return with how many digits words begin: the first byte, the lowest, that is none ends them."""
    cells = word ^ ZEROS
    stop = (((cells & LOW) + NO_DIGIT) | cells) & HIGH
    size: np.ndarray = (np.bitwise_count((stop & (~stop + np.uint64(1))) - np.uint64(1)) >> 3).astype("i8")
    return size


def _value(digits: np.ndarray) -> np.ndarray:
    """Return the number that eight digits make, the first in the lowest byte."""
    pairs = (digits * np.uint64(10) + (digits >> np.uint64(8))) & PAIRS
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & FOURS
    value: np.ndarray = ((fours * np.uint64(10000) + (fours >> np.uint64(32))) & EIGHT).astype("i8")
    return value
