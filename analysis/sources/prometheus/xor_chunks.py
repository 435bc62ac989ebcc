"""Prometheus' XOR chunks -> times and values: many chunks in lockstep, sample i of all of them at once, in numpy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.sources.prometheus.protobuf import Malformed

__all__ = ["Decoded", "decode_chunks"]

# by the four bits that a delta of deltas begins with: how many bits are its number (0xxx stands for 0), and how many it
# takes in all (from bit 8 on); 1111 announces 64 bits, which are read apart
_WIDTHS = np.array([1 << 8] * 8 + [14 | 16 << 8] * 4 + [17 | 20 << 8] * 2 + [20 | 24 << 8, 0], dtype="i8")
_WHOLE = 0b1111
_SPARE_WORDS = 5  # what a step may read beyond the end of a chunk before that is noticed
_MOST_MS = (1 << 63) // 1000 - 1
_CUT = "a chunk is cut, or its samples are more than its bytes hold"


class Decoded(NamedTuple):
    """Samples of many chunks, one chunk after the other.

    Parameters
    ----------
    counts : ndarray of int64, shape (chunks,)
        Samples of each chunk.
    times_us : ndarray of int64, shape (samples,)
        Times [us since epoch, UTC].
    values : ndarray of float64, shape (samples,)
        Values, bit for bit as they were written: stale markers keep the payload of their NaN.
    """

    counts: np.ndarray
    times_us: np.ndarray
    values: np.ndarray


def decode_chunks(data: bytes | bytearray, starts: np.ndarray, lengths: np.ndarray) -> Decoded:
    """Decode chunks that lie anywhere in a buffer.

    Parameters
    ----------
    data : bytes
        Holds the chunks.
    starts, lengths : ndarray of int64, shape (chunks,)
        Where each chunk begins and how many bytes it has.

    Returns
    -------
    Decoded
        In the order of the chunks. The order of times within a chunk is as written.

    Raises
    ------
    Malformed
        If a chunk leaves the buffer, says that it has more samples than it has bytes for, has a value of more than 64
        bits, or a time that microseconds cannot hold.

    Notes
    -----
    Format: prometheus, tsdb/docs/format/chunks.md and tsdb/chunkenc/xor.go, after T. Pelkonen et al., Gorilla: a fast,
    scalable, in-memory time series database, VLDB 2015. A word of 64 bits is read at any bit of any chunk by two
    gathers from the buffer seen as big-endian words.

    Examples
    --------
    >>> one = bytes.fromhex("0001" + "02" + "3ff0000000000000")
    >>> found = decode_chunks(one, np.array([0]), np.array([len(one)]))
    >>> found.times_us.tolist(), found.values.tolist()
    ([1000], [1.0])
    """
    starts, lengths = starts.astype("i8"), lengths.astype("i8")
    if len(starts) and (starts.min() < 0 or lengths.min() < 2 or (starts + lengths).max() > len(data)):
        raise Malformed("a chunk leaves the answer that it stands in")
    raw = np.frombuffer(data, dtype="u1")
    words = np.zeros(len(raw) // 8 + 1 + _SPARE_WORDS, dtype=">u8")
    words.view("u1")[: len(raw)] = raw
    bits = _Bits(words.astype("u8"))
    counts = raw[starts].astype("i8") << 8 | raw[starts + 1]
    least_bits = np.where(counts > 0, 72, 0) + np.where(counts > 1, 9, 0) + 2 * np.maximum(counts - 2, 0)
    if (least_bits > 8 * (lengths - 2)).any():
        raise Malformed(_CUT)
    order = np.argsort(-counts, kind="stable")
    places = (np.cumsum(counts) - counts)[order]
    times, values = np.empty(int(counts.sum()), "i8"), np.empty(int(counts.sum()), "u8")
    steps = _steps(raw, bits, starts[order] + 2, (starts + lengths)[order] * 8, counts[order])
    for step, (time, value) in enumerate(steps):
        here = places[: len(time)] + step
        times[here], values[here] = time, value
    if len(times) and (times.max() > _MOST_MS or times.min() < -_MOST_MS):
        raise Malformed("a chunk holds a time that cannot be")
    return Decoded(counts, np.multiply(times, 1000, out=times), values.view("f8"))


@dataclass(frozen=True)
class _Bits:
    """A buffer as words of 64 bits; reads at any bit."""

    words: np.ndarray

    def at(self, places: np.ndarray) -> np.ndarray:
        """Return the 64 bits from each place on."""
        index, offset = places >> 6, (places & 63).view("u8")
        first, second = self.words.take(index), self.words[1:].take(index)
        both: np.ndarray = first << offset | second >> (np.uint64(64) - offset)  # a shift by 64 gives 0 in numpy
        return both


def _steps(
    raw: np.ndarray, bits: _Bits, begins: np.ndarray, ends: np.ndarray, counts: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield times [ms] and bits of the values of sample 0, 1, 2 ... of the chunks that have as many (descending)."""
    alive = int(np.count_nonzero(counts > 0))
    if not alive:
        return
    number, place = _uvarints(raw, begins[:alive])
    time = (number >> np.uint64(1)).view("i8") ^ -(number & np.uint64(1)).view("i8")
    value = bits.at(place << 3)
    place = place + 8
    if (place << 3 > ends[:alive]).any():
        raise Malformed(_CUT)
    yield time, value
    alive = int(np.count_nonzero(counts > 1))
    number, place = _uvarints(raw, place[:alive])
    delta, time, place = number.view("i8"), time[:alive] + number.view("i8"), place << 3
    width, shift = np.full(alive, 64, "i8"), np.zeros(alive, "i8")
    value = value[:alive]
    below = np.searchsorted(-counts, -np.arange(1, 2 + int(counts.max())), side="right")  # chunks with that many
    for step in range(1, int(counts.max())):
        alive = int(below[step])
        time, delta, place = time[:alive], delta[:alive], place[:alive]
        value, width, shift = value[:alive], width[:alive], shift[:alive]
        if step > 1:
            seen, used, place, change = _second_difference(bits, place)
            if change is not None:
                delta = delta + change
            time = time + delta
        else:
            seen, used = bits.at(place), np.zeros(alive, "i8")
        value, width, shift, used = _value(bits, (place, seen, used), (value, width, shift))
        place = place + used
        if (place > ends[:alive]).any():
            raise Malformed(_CUT)
        yield time, value


def _second_difference(bits: _Bits, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Read deltas of deltas: return 64 bits, how many are used, where these begin, and the changes (None: all 0)."""
    seen = bits.at(place)
    kind = (seen >> np.uint64(60)).view("i8")
    if kind.max() < 8:
        return seen, np.ones(len(place), "i8"), place, None
    packed = _WIDTHS.take(kind)
    used, width = packed >> 8, packed & 255
    found = (seen << (used - width).view("u8") >> (64 - width).view("u8")).view("i8")
    span = np.left_shift(1, width)
    change = found - (((span >> 1) - found) >> 63 & span)  # the upper half of the range stands for negative numbers
    whole = kind == _WHOLE
    if whole.any():
        change[whole] = bits.at(place[whole] + 4).view("i8")
        place = place + np.where(whole, 68, 0)
        seen = bits.at(place)
    return seen, used, place, change


def _value(
    bits: _Bits,
    window: tuple[np.ndarray, np.ndarray, np.ndarray],
    state: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read values: return them, the width and place of what differed, and how many bits of the window are used.

    The window is a place, the 64 bits there, and how many of them are used: at most 37 where the differing bits begin.
    Width and place of what differed are altered.
    """
    (place, seen, used), (value, width, shift) = window, state
    control = seen << used.view("u8")
    kind = (control >> np.uint64(62)).view("i8")  # 0, 1: the same; 2: other bits in the same place; 3: elsewhere
    changed = kind >> 1
    if not changed.any():
        return value, width, shift, used + 1
    used = used + 1 + changed
    renewed = np.flatnonzero(kind == 3)
    if len(renewed):
        told = control[renewed].view("i8")
        wide = ((told >> 51) - 1 & 63) + 1  # 0 stands for 64
        width[renewed], shift[renewed] = wide, 64 - (told >> 57 & 31) - wide
        used[renewed] += 11
        if shift.min() < 0:
            raise Malformed("a chunk holds a value of more than 64 bits")
    size = width * changed
    payload = seen << used.view("u8")
    beyond = np.flatnonzero(used + size > 64)
    if len(beyond):
        payload[beyond] = bits.at(place[beyond] + used[beyond])
    return value ^ (payload >> (64 - size).view("u8") << shift.view("u8")), width, shift, used + size


def _uvarints(raw: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read a varint at each place: return the numbers, and where the next thing begins."""
    number, more = np.zeros(len(place), "u8"), np.ones(len(place), bool)
    for shift in range(0, 70, 7):
        byte = raw.take(place, mode="clip")  # beyond the end of the data: noticed by the caller
        number |= np.where(more, byte & 0x7F, 0).astype("u8") << np.uint64(shift)
        place = place + more
        more &= byte > 0x7F
        if not more.any():
            return number, place
    raise Malformed("a varint does not end")
