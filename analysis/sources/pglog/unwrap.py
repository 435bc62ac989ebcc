"""Chunks of wrapped lines to chunks of the server's own lines, pieces of one message put together again."""

from __future__ import annotations

from collections.abc import Callable

from analysis.sources.pglog.prefix import HEAD_OF_WRAPPED
from analysis.sources.pglog.records import Counts
from analysis.sources.pglog.wrappers import Piece, piece_of

__all__ = ["Unwrapped", "rendered"]

MOST_OPEN = 5_000  # messages of which more pieces may come
MOST_PIECES = 20_000  # of one message


def rendered(number: int, piece: Piece) -> bytes:
    r"""Return a piece as lines for `stderr.Heads`; lines inside it are no lines of the file.

    Examples
    --------
    >>> rendered(7, Piece(b"", b"12", b"LOG:  a" + bytes([10]) + b"b"))
    b'\x1e7\x1f\x1f12\x1fLOG:  a\n\tb'
    """
    head = HEAD_OF_WRAPPED % (number, piece.stamp, piece.pid)
    if b"\n" not in piece.text:
        return head + piece.text
    first, *more = piece.text.split(b"\n")
    return b"\n".join([head + first, *(line if line[:1] in b"\t " and line else b"\t" + line for line in more)])


class Unwrapped:
    """Takes lines out of their wrapper.

    Parameters
    ----------
    wrapper : str
        One of `wrappers.WRAPPERS`.
    counts : Counts
        Where lines are counted; those of other programs are counted here.
    starts : callable, optional
        Whether a line, rendered, is the head of a record; None where what is inside has no prefix (csvlog, jsonlog).
    """

    def __init__(self, wrapper: str, counts: Counts, starts: Callable[[bytes], object] | None) -> None:
        self._wrapper, self._counts, self._starts = wrapper, counts, starts
        self._line = 0
        self._open: dict[bytes, list[bytes]] = {}
        self._numbers: dict[bytes, bytes] = {}
        self._partial: Piece | None = None

    def lines(self, data: bytes, *, last: bool = False) -> bytes:
        """Return the lines that are complete with these."""
        out: list[bytes] = []
        lines = data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for line in lines:
            self._line += 1
            piece = piece_of(self._wrapper, line)
            if piece is not None:
                self._take(piece, out)
            elif line.strip():
                self._counts.foreign += 1
        self._counts.lines += len(lines)
        if last or len(self._open) > MOST_OPEN:
            for key in list(self._open):
                self._close(key, out)
        if last and self._partial is not None:
            out.append(self._shown(self._partial))
            self._partial = None
        return b"".join(line + b"\n" for line in out)

    def _take(self, piece: Piece, out: list[bytes]) -> None:
        if self._partial is not None:
            self._counts.recognised += 1
            piece = self._partial._replace(text=self._partial.text + piece.text, open=piece.open)
            self._partial = None
        if piece.open:
            self._partial = piece
        elif not piece.text.strip():
            self._counts.recognised += 1
        elif not piece.part or self._starts is None:
            out.append(self._shown(piece))
        else:
            self._join(piece, out)

    def _shown(self, piece: Piece) -> bytes:
        if self._starts is None:
            return piece.text.replace(b"\n", b" ")
        text = rendered(self._line, piece)
        if b"\n" in text:  # DETAIL and the like of one message that is escaped into one line
            first, *more = text.split(b"\n")
            head = HEAD_OF_WRAPPED % (0, piece.stamp, piece.pid)
            heads = [head + line.lstrip(b"\t") for line in more]
            return b"\n".join([first, *(h if self._starts(h) else m for h, m in zip(heads, more, strict=True))])
        return text

    def _join(self, piece: Piece, out: list[bytes]) -> None:
        key = piece.pid
        kept = self._open.get(key)
        if kept is not None and (piece.part == 1 or self._numbers[key] != piece.number or len(kept) > MOST_PIECES):
            self._close(key, out)
            kept = None
        bare = piece._replace(text=piece.text.lstrip(b" "))
        head = self._starts is not None and bool(self._starts(rendered(self._line, bare)))
        shown = self._shown(bare if head else piece)
        if kept is None:
            self._open[key], self._numbers[key] = [shown], piece.number
        elif head or piece.text[:1] == b"\t" or piece.text[:2] in (b"  ", b" \t"):
            kept.append(shown)
        else:
            self._counts.recognised += 1
            kept[-1] += piece.text.replace(b"\n", b"\n\t")

    def _close(self, key: bytes, out: list[bytes]) -> None:
        out.extend(self._open.pop(key))
        del self._numbers[key]
