"""XOR chunks one bit at a time, as prometheus/tsdb/chunkenc/xor.go writes and reads them: slow, and plain to check."""

import struct

MASK = (1 << 64) - 1


def bits_of(value: float) -> int:
    return struct.unpack(">Q", struct.pack(">d", value))[0]


def uvarint(number: int) -> str:
    out = ""
    while number >= 0x80:
        out += f"{number & 0x7F | 0x80:08b}"
        number >>= 7
    return out + f"{number:08b}"


def encode(times_ms: list[int], patterns: list[int]) -> bytes:
    """Return the chunk of samples whose values are given as their 64 bits."""
    out, state = "", None
    for i, (time, value) in enumerate(zip(times_ms, patterns, strict=True)):
        if i == 0:
            out += uvarint((time << 1 ^ time >> 63) & MASK) + f"{value:064b}"
            continue
        delta = (time - times_ms[i - 1]) & MASK
        if i == 1:
            out += uvarint(delta)
        else:
            out += second_difference(signed(delta - (times_ms[i - 1] - times_ms[i - 2])))
        text, state = difference(value ^ patterns[i - 1], state)
        out += text
    out += "0" * (-len(out) % 8)
    return struct.pack(">H", len(times_ms)) + int("1" + out, 2).to_bytes(len(out) // 8 + 1, "big")[1:]


def signed(number: int) -> int:
    number &= MASK
    return number - (1 << 64) if number >> 63 else number


def second_difference(change: int) -> str:
    if change == 0:
        return "0"
    for prefix, width in (("10", 14), ("110", 17), ("1110", 20)):
        if -((1 << width - 1) - 1) <= change <= 1 << width - 1:
            return prefix + f"{change & (1 << width) - 1:0{width}b}"
    return "1111" + f"{change & MASK:064b}"


def difference(xor: int, state: tuple[int, int] | None) -> tuple[str, tuple[int, int] | None]:
    if xor == 0:
        return "0", state
    leading = min(64 - xor.bit_length(), 31)
    trailing = (xor & -xor).bit_length() - 1
    if state and leading >= state[0] and trailing >= state[1]:
        width = 64 - state[0] - state[1]
        return "10" + f"{xor >> state[1]:0{width}b}", state
    width = 64 - leading - trailing
    return "11" + f"{leading:05b}{width & 63:06b}{xor >> trailing:0{width}b}", (leading, trailing)


def decode(chunk: bytes) -> tuple[list[int], list[int]]:
    """Return times [ms] and values as 64 bits; IndexError or ValueError where the chunk is cut."""
    text, at = "".join(f"{b:08b}" for b in chunk[2:]), 0

    def take(n: int) -> int:
        nonlocal at
        if at + n > len(text):
            raise IndexError(n)
        at += n
        return int(text[at - n : at] or "0", 2)

    def varint() -> int:
        number = shift = 0
        while True:
            byte = take(8)
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number & MASK

    times, values, delta, leading, trailing = [], [], 0, 0, 0
    for i in range(struct.unpack(">H", chunk[:2])[0]):
        if i == 0:
            number = varint()
            times, values = [signed(number >> 1 ^ -(number & 1))], [take(64)]
            continue
        if i == 1:
            delta = varint()
        else:
            prefix = 0
            while prefix < 4 and take(1):
                prefix += 1
            width = (0, 14, 17, 20, 64)[prefix]
            number = take(width)
            delta += number - (1 << width) if width and number > 1 << width - 1 else number
        times.append(signed(times[-1] + delta))
        value = values[-1]
        if take(1):
            if take(1):
                leading = take(5)
                width = take(6) or 64
                trailing = 64 - leading - width
            value ^= take(64 - leading - trailing) << trailing
        values.append(value)
    return times, values
