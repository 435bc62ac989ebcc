"""Server logs spoiled on purpose, of our own story in every form and, where it is there, of our own recording."""

import random
from pathlib import Path

from tests.sources.gclog.mutations import NUMBER, behead, cut, double, drop, interleave, shuffle, swap
from tests.sources.pglog.forms import FORMS

Lines = list[bytes]
HUGE = [b"0", b"9" * 30, b"1e400", b"99999999.9", b"-7", b"18446744073709551616", b"0.0000000", b"nan", b"4294967296"]
NOISE = [
    b"", b"\x00\x00", b"\xff\xfe\x80", b'"' * 31, b"'" * 31, b"(" * 300,
    b" " * 300, b"\t" * 40, b"LOG:  " * 60, b"1," * 200,
    b"{" * 200, b"\x1e1\x1f2\x1f3\x1f4", b"cp: cannot stat 'x'", b"2026-03-04 10:00:01.000 CET [7] LOG:  x",
    b"2026-99-99 99:99:99.999 UTC [7] LOG:  duration: 1.0 ms  statement: select 1", b"LOG:  duration: 5.0 ms",
    b'{"error_severity":7,"message":[1],"pid":1e99}', b"\t continued \xc3\xa9\xff", b"#012#011", b"/*" * 40,
]  # fmt: skip


def own_logs(corpus: Path | None = None) -> list[Lines]:
    """Return the lines of our story in every form, and some of our recording where the corpus is."""
    logs = [data.splitlines() for data in FORMS.values()]
    if corpus is not None:
        from analysis.sources.chunks import chunks

        for name in ("log", "csv", "json"):
            path = corpus / "db" / "recorded" / f"postgresql.{name}.zst"
            lines: Lines = []
            for chunk in chunks(path, unwrap=False):
                lines += chunk.data.splitlines()
                if len(lines) > 20_000:
                    break
            logs.append(lines)
    return logs


def _at(lines: Lines, rng: random.Random, change) -> Lines:
    i = rng.randrange(len(lines))
    return [*lines[:i], *change(lines[i]), *lines[i + 1 :]]


def flip(lines: Lines, rng: random.Random) -> Lines:
    def flipped(line: bytes) -> Lines:
        data = bytearray(line)
        for _ in range(rng.randint(1, 8) if data else 0):
            data[rng.randrange(len(data))] = rng.choice(b"\x00\t []().,:-+'\"\\/*{}0123456789UTCLOGms\xff\x1e\x1f")
        return [bytes(data)]

    return _at(lines, rng, flipped)


def blow_up(lines: Lines, rng: random.Random) -> Lines:
    def blown(line: bytes) -> Lines:
        numbers = list(NUMBER.finditer(line))
        if not numbers:
            return [line]
        hit = rng.choice(numbers)
        return [line[: hit.start()] + rng.choice(HUGE) + line[hit.end() :]]

    return _at(lines, rng, blown)


def insert(lines: Lines, rng: random.Random) -> Lines:
    return _at(lines, rng, lambda line: [line, rng.choice(NOISE)])


def dress(lines: Lines, rng: random.Random) -> Lines:
    kind = rng.randrange(4)
    if kind == 0:
        return [line.replace(b"\t", b"        ") for line in lines]
    if kind == 1:
        return [line + b"\r" for line in lines]
    if kind == 2:
        return [line.replace(b" UTC", rng.choice([b" CET", b"", b"+01", b" +03", b"Z", b" -0330"])) for line in lines]
    return [b"2026-03-04T10:00:00.1Z " + line for line in lines]


OPERATIONS = [cut, behead, double, drop, swap, flip, flip, blow_up, blow_up, insert, insert, interleave, dress, shuffle]


def spoiled(logs: list[Lines], rng: random.Random) -> bytes:
    """Return the bytes of a spoiled log: a window of one or two logs after up to eight operations."""
    lines: Lines = []
    for _ in range(1 + (rng.random() < 0.2)):
        log = rng.choice(logs)
        first = 0 if rng.random() < 0.6 else rng.randrange(len(log))
        lines += log[first : first + rng.randint(1, 60)]
    for _ in range(rng.randint(1, 8)):
        if lines:
            lines = rng.choice(OPERATIONS)(lines, rng)
    return b"\n".join(lines) + rng.choice([b"\n", b"", b"\n\n"])
