"""The text of samples `[[seconds,"value"],...]` -> numbers, without an object a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa

__all__ = ["numbers_of"]

NOTHING = msgspec.Raw(b"[]")
BATCH_BYTES = 1_000_000
MOST_SECONDS = 9e12  # what int64 us can hold
QUOTE, COMMA, OPEN, CLOSE = b'",[]'
_PAIRS = msgspec.json.Decoder(list[tuple[float, float]], strict=False)


def numbers_of(texts: Sequence[msgspec.Raw]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return how many samples each text holds, and of all of them the times and the values.

    Numbers are cut out by the places of their quotes and read by Arrow (Eisel and Lemire's algorithm: the nearest
    float64, always). A text of any other form is left to msgspec, and so are its errors. What both misread is spelled
    anew before: "+Inf", and "-0" for msgspec. Measured on 1.2 M samples of 5,000 series: 0.21 CPU s; msgspec by series
    0.41 s, Arrow's CSV reader 0.36 s, Python's float 0.65 s, numpy's parser 0.9 s.

    Parameters
    ----------
    texts : sequence of Raw
        JSON of the samples of each series.

    Returns
    -------
    counts : ndarray of int64, shape (texts,)
    times : ndarray of int64, shape (samples,)
        [us], of whole milliseconds: `round(seconds * 1000)`, so that 15.123 is exact.
    values : ndarray of float64, shape (samples,)

    Raises
    ------
    msgspec.DecodeError
        If one holds anything but pairs of numbers.
    OverflowError
        If a time is none, or beyond int64.

    Examples
    --------
    >>> counts, times, values = numbers_of([msgspec.Raw(t) for t in (b'[[15.5,"+Inf"],[30,"-0"]]', b"[ ]")])
    >>> counts.tolist(), times.tolist(), values.tolist()
    ([2, 0], [15500000, 30000000], [inf, -0.0])
    """
    counts = np.zeros(len(texts), "i8")
    times, values = [np.zeros(0, "i8")], [np.zeros(0)]
    for rows in _batches(texts):
        some = [bytes(texts[row]) for row in rows]
        found = _by_places(some) or _by_parser(some)
        counts[rows] = found[0]
        times.append(_times_us(found[1]))
        values.append(found[2])
    return counts, np.concatenate(times), np.concatenate(values)


def _times_us(seconds: np.ndarray) -> np.ndarray:
    if not (np.abs(seconds) < MOST_SECONDS).all():  # NaN and infinities too
        raise OverflowError("a time that is no time")
    return np.asarray(np.rint(seconds * 1000).astype("i8") * 1000)


def _batches(texts: Sequence[msgspec.Raw]) -> Iterator[list[int]]:
    """Yield the rows of the texts with samples, some megabytes together: more only costs memory."""
    rows: list[int] = []
    size = 0
    for row, text in enumerate(texts):
        if text != NOTHING:
            rows.append(row)
            size += memoryview(text).nbytes
        if size > BATCH_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _by_parser(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts, flat = np.zeros(len(texts), "i8"), [np.zeros(0)]
    for i, text in enumerate(texts):
        pairs = _PAIRS.decode(text.replace(b'"+Inf"', b'"Inf"').replace(b'"-0"', b'"-0.0"'))
        counts[i] = len(pairs)
        flat.append(np.fromiter(chain.from_iterable(pairs), "f8", 2 * len(pairs)))
    both = np.concatenate(flat)
    return counts, both[0::2].copy(), both[1::2].copy()


def _by_places(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return the numbers of texts of exactly the form `[[1,"2"],[3,"4"]]`, each of one sample at least; else None."""
    if any(b'"+Inf"' in text for text in texts):
        texts = [text.replace(b'"+Inf"', b'"Inf"') for text in texts]
    whole = b"".join(texts)
    ends = np.cumsum([len(text) for text in texts])
    begins = np.concatenate([[0], ends[:-1]])
    at = np.frombuffer(whole, "u1")
    quotes = np.flatnonzero(at == QUOTE)
    opened, closed = quotes[0::2], quotes[1::2]
    last = np.searchsorted(opened, ends) - 1  # sample of each text
    counts = np.diff(last, prepend=-1)
    if len(quotes) % 2 or counts.min() < 1 or not _of_that_form(at, opened, closed, (begins, ends, last)):
        return None
    first = np.concatenate([[0], last[:-1] + 1])
    places = np.empty(4 * len(opened) + 1, "i4")  # of each sample: its time, `,"`, its value, `"],[`
    places[4::4] = closed + 4
    places[4 * first] = begins + 2
    places[1::4], places[2::4], places[3::4] = opened - 1, opened + 1, closed
    places[-1] = len(whole)
    pieces = pa.StringArray.from_buffers(len(places) - 1, pa.py_buffer(places), pa.py_buffer(whole))
    try:
        seconds, values = (
            pieces.take(pa.array(np.arange(k, len(places) - 1, 4))).cast(pa.float64()).to_numpy() for k in (0, 2)
        )
    except pa.ArrowInvalid:
        return None
    return counts, seconds, values


def _of_that_form(
    at: np.ndarray, opened: np.ndarray, closed: np.ndarray, texts: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> bool:
    """Whether all that stands between times and values is what should; then places ascend within the bytes."""
    begins, ends, last = texts
    if not (closed[last] + 3 == ends).all() or not (at[begins] == OPEN).all() or not (at[begins + 1] == OPEN).all():
        return False
    inner = np.ones(len(closed), dtype=bool)
    inner[last] = False
    within = closed[inner]
    return bool(
        (at[opened - 1] == COMMA).all()
        and (at[closed + 1] == CLOSE).all()
        and (at[closed[last] + 2] == CLOSE).all()
        and (at[within + 2] == COMMA).all()
        and (at[within + 3] == OPEN).all()
    )
