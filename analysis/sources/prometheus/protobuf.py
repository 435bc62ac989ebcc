"""The wire form of protobuf, as much of it as remote_read needs: varints and length-delimited fields."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Malformed", "bytes_field", "fields", "int_field", "read_uvarint", "uvarint"]

MOST_VARINT_BYTES = 10


class Malformed(ValueError):  # noqa: N818
    """Bytes that are not what they should be; the text says which, without quoting them."""


def uvarint(number: int) -> bytes:
    """Return a number of 64 bits as a varint; a negative one as its two's complement (int64 and enum of protobuf).

    Examples
    --------
    >>> uvarint(300).hex(), len(uvarint(-1))
    ('ac02', 10)
    """
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def int_field(field: int, number: int) -> bytes:
    """Return a field of type int64 or enum; nothing for 0, the default of proto3.

    Examples
    --------
    >>> int_field(1, 300).hex(), int_field(1, 0)
    ('08ac02', b'')
    """
    return uvarint(field << 3) + uvarint(number) if number else b""


def bytes_field(field: int, content: bytes) -> bytes:
    """Return a field of type bytes, string or message; it stands there even if it is empty.

    Examples
    --------
    >>> bytes_field(2, b"up").hex()
    '12027570'
    """
    return uvarint(field << 3 | 2) + uvarint(len(content)) + content


def read_uvarint(data: bytes | bytearray, at: int, end: int) -> tuple[int, int]:
    """Return the varint at a place and where the next thing begins.

    Parameters
    ----------
    data : bytes
        Holds the varint.
    at, end : int
        Where it begins, and where the data that may be read ends.

    Raises
    ------
    Malformed
        If it does not end before `end` or has more than ten bytes.

    Examples
    --------
    >>> read_uvarint(bytes.fromhex("ac02ff"), 0, 3)
    (300, 2)
    """
    number = shift = 0
    for here in range(at, min(end, at + MOST_VARINT_BYTES)):
        byte = data[here]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (1 << 64) - 1, here + 1
        shift += 7
    raise Malformed("a varint does not end")


def fields(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Yield (field, first, last) of a message: a length-delimited field lies in data[first:last].

    Parameters
    ----------
    data : bytes
        Holds the message.
    at, end : int
        Where it begins and ends; all of `data` by default.

    Yields
    ------
    tuple of int
        The field's number, and where its content begins and ends; for a varint (`first` is -1) the number stands in
        place of `last`. Fields of fixed width are passed over.

    Raises
    ------
    Malformed
        If a length leads beyond the end, a varint does not end, or a type of wire is unknown.

    Notes
    -----
    Source: protobuf's encoding specification.

    Examples
    --------
    >>> message = int_field(1, 7) + bytes_field(2, b"up")
    >>> [(field, message[lo:hi] if lo >= 0 else hi) for field, lo, hi in fields(message)]
    [(1, 7), (2, b'up')]
    """
    end = len(data) if end is None else end
    while at < end:
        tag = data[at]
        at += 1
        if tag > 0x7F:
            tag, at = read_uvarint(data, at - 1, end)
        kind = tag & 7
        if kind in (0, 2):
            if at < end and data[at] < 0x80:
                number = data[at]
                at += 1
            elif at + 1 < end and data[at + 1] < 0x80:
                number = data[at] & 0x7F | data[at + 1] << 7
                at += 2
            else:
                number, at = read_uvarint(data, at, end)
            if kind == 0:
                yield tag >> 3, -1, number
                continue
            if number > end - at:
                raise Malformed(f"a field of {number} bytes where {end - at} are left")
            yield tag >> 3, at, at + number
            at += number
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
            if at > end:
                raise Malformed("a number of fixed width is cut")
        else:
            raise Malformed(f"wire type {kind} is not known")
