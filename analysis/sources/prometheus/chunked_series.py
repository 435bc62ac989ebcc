"""Series that come as XOR chunks, a frame at a time: walked, gathered to batches, decoded, cut to the window."""

from __future__ import annotations

import re

import numpy as np

from analysis.sources.prometheus.protobuf import Malformed, fields, read_uvarint
from analysis.sources.prometheus.samples import SampleTable, table_of
from analysis.sources.prometheus.xor_chunks import decode_chunks

__all__ = ["BATCH_SAMPLES", "ChunkedSeries"]

BATCH_SAMPLES = 1_000_000  # long enough for numpy, short enough for the buffers of the connection
XOR = 1
NATIVE_HISTOGRAMS = (2, 3)  # of integers, of floats; others are later inventions
LABEL = 1 << 3 | 2  # how the field of a label begins
# a Chunk of less than 16 kB as Go's generated code writes it: its length, first and last time, XOR, and the length of
# what fills the rest; others are walked field by field
USUAL_CHUNK = re.compile(
    rb"\x12([\x80-\xff]?[\x00-\x7f])(?:\x08[\x80-\xff]{0,9}[\x00-\x7f])?(?:\x10[\x80-\xff]{0,9}[\x00-\x7f])?"
    rb"\x18\x01\x22[\x80-\xff]?[\x00-\x7f]"
)


class ChunkedSeries:
    """Series and samples so far. Times are in us since epoch, UTC; the window holds both of its ends.

    Parameters
    ----------
    start_us, end_us : int
        Samples outside are dropped: chunks are sent whole.

    Examples
    --------
    >>> ChunkedSeries(0, 10).table().labels
    ()
    """

    def __init__(self, start_us: int, end_us: int) -> None:
        self._window = start_us, end_us
        self._rows: dict[bytes, int] = {}
        self._labels: list[dict[str, str]] = []
        self._texts: dict[bytes, tuple[str, str]] = {}
        self._histograms: set[int] = set()
        self._data = bytearray()
        self._waiting = list[int]()  # of each chunk in turn: series, place in the batch, bytes
        self._samples = 0
        self._columns = {"i4": bytearray(), "i8": bytearray(), "f8": bytearray()}  # ids, times, values

    def add(self, frame: bytes) -> int:
        """Take a frame (a ChunkedReadResponse); return how many samples were decoded, 0 while the batch fills.

        Raises
        ------
        Malformed
            If it is not what the protocol says, or a chunk has an encoding that is not known.
        """
        base = len(self._data)
        self._data += frame
        for field, lo, hi in fields(frame):
            if field == 1 and lo >= 0:
                self._series(frame, lo, hi, base)
        return self.flush() if self._samples >= BATCH_SAMPLES else 0

    def flush(self) -> int:
        """Decode what waits; return how many samples that were, those outside of the window included.

        Raises
        ------
        Malformed
            If a chunk is.
        """
        if not self._waiting:
            return 0
        rows, starts, lengths = np.array(self._waiting, dtype="i8").reshape(-1, 3).T
        found = decode_chunks(self._data, starts, lengths)
        ids = np.repeat(rows.astype("i4"), found.counts)
        start, end = self._window
        times, values = found.times_us, found.values
        if len(times) and (times.min() < start or times.max() > end):
            inside = (times >= start) & (times <= end)
            ids, times, values = ids[inside], times[inside], values[inside]
        for column, part in zip(self._columns.values(), (ids, times, values), strict=True):
            column += np.ascontiguousarray(part).data.cast("B")
        self._data, self._waiting, self._samples = bytearray(), [], 0
        return int(found.counts.sum())

    def table(self) -> SampleTable:
        """Return what was decoded, sorted, once; series without a sample in the window are left out."""
        ids, times, values = (np.frombuffer(column, kind) for kind, column in self._columns.items())
        there = np.zeros(len(self._labels), dtype=bool)
        there[ids] = True
        if not there.all():
            ids = (np.cumsum(there) - 1).astype("i4")[ids]
        labels = [found for found, has in zip(self._labels, there, strict=True) if has]
        return table_of(labels, ids, times, values)

    def left_out(self) -> tuple[str, ...]:
        """Return what came and was not kept, in words."""
        count = len(self._histograms)
        if not count:
            return ()
        return (f"{count} series {'is a native histogram' if count == 1 else 'are native histograms'}, not kept",)

    def _series(self, frame: bytes, at: int, end: int, base: int) -> None:
        """Take a ChunkedSeries: labels, then chunks; the frame begins at `base` of the batch."""
        row, at = self._row(frame, at, end)
        usual, wait, samples = USUAL_CHUNK.match, self._waiting.append, 0
        while found := usual(frame, at, end):
            first = found.end()
            whole, inner = frame[at + 1], frame[first - 1]
            if whole > 0x7F:
                whole = whole & 0x7F | frame[at + 2] << 7
            if frame[first - 2] > 0x7F:
                inner = frame[first - 2] & 0x7F | inner << 7
            last = first + inner
            if found.end(1) + whole != last or inner < 2 or last > end:
                break
            wait(row)
            wait(base + first)
            wait(inner)
            samples += frame[first] << 8 | frame[first + 1]
            at = last
        self._samples += samples
        for field, lo, hi in fields(frame, at, end):
            if field == 2 and lo >= 0:
                self._chunk(frame, (lo, hi), row, base)
            elif field == 1:
                raise Malformed("a series has labels behind its chunks")

    def _chunk(self, frame: bytes, within: tuple[int, int], row: int, base: int) -> None:
        """Take any Chunk: its encoding and bytes; its times are of no use, as samples are cut to the window."""
        encoding = first = last = 0
        for field, lo, hi in fields(frame, *within):
            if field == 3 and lo < 0:
                encoding = hi
            elif field == 4 and lo >= 0:
                first, last = lo, hi
        if encoding in NATIVE_HISTOGRAMS:
            self._histograms.add(row)
        elif encoding != XOR:
            raise Malformed(f"a chunk has the encoding {encoding}, which is not known")
        elif last - first < 2:
            raise Malformed("a chunk has no bytes")
        else:
            self._waiting.extend((row, base + first, last - first))
            self._samples += frame[first] << 8 | frame[first + 1]

    def _row(self, frame: bytes, begin: int, end: int) -> tuple[int, int]:
        """Return the number of a series, the same in whichever frame its labels stand, and where these end."""
        at, texts = begin, []
        while at + 1 < end and frame[at] == LABEL:
            length, first = frame[at + 1], at + 2
            if length > 0x7F:
                length, first = read_uvarint(frame, at + 1, end)
            at = first + length
            texts.append(frame[first:at])
        if at > end:
            raise Malformed("a label is longer than its series")
        key = frame[begin:at]
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = len(self._labels)
            known = self._texts
            self._labels.append(dict([known.get(text) or self._text(text) for text in texts]))
        return row, at

    def _text(self, content: bytes) -> tuple[str, str]:
        """Return name and value of a Label, and remember them: most come back in many series."""
        found = self._texts[content] = _label(content)
        return found


def _label(content: bytes) -> tuple[str, str]:
    """Return name and value of a Label; proto3 leaves out what is empty."""
    texts = {1: "", 2: ""}
    for field, lo, hi in fields(content):
        if lo >= 0:
            try:
                texts[field] = content[lo:hi].decode()
            except UnicodeDecodeError:
                raise Malformed("a label is not UTF-8") from None
    return texts[1], texts[2]
