"""Logs spoiled on purpose: lines cut, doubled, swapped, flipped, blown up, interleaved, dressed otherwise."""

import gzip
import random
import re
from collections.abc import Callable
from pathlib import Path

from tests.conftest import A, B

Lines = list[bytes]
NUMBER = re.compile(rb"\d+(?:\.\d+)?")
HUGE = [b"0", b"9" * 30, b"1e400", b"99999999.9", b"-7", b"18446744073709551616", b"0.0000000", b"nan", b"4294967296"]
NOISE = [b"", b"\x00\x00", b"\xff\xfe\x80", b"[" * 300, b"(" * 300, b" " * 300, b"]" * 40, b"GC(" * 60, b"1," * 200]
OTHERS = [
    b"2026-11-22 18:04:31.750  INFO [some-api,,] c.e.App : Pause between retries 12.5ms",
    b"        at com.example.App.main(App.java:7)",
    b'{"level":"info","msg":"GC(7) Pause Young 12.5ms"}',
    b"",
]
PREFIXES = [
    b"2026-11-22T18:04:30.123456789Z ", b"gc-1 | ", b"2026-11-22T18:04:30.123456789Z stdout F ", b"\t", b"\xef\xbb\xbf",
]  # fmt: skip
JDK8 = b"""\
OpenJDK 64-Bit Server VM (25.302-b08) for linux-amd64 JRE (1.8.0_302-b08), built on Jul 20 2021 10:10:10 by "x" with gcc
Memory: 4k page, physical 8165432k(1234567k free), swap 0k(0k free)
CommandLine flags: -XX:InitialHeapSize=134217728 -XX:MaxHeapSize=536870912 -XX:+PrintGCDetails -XX:+UseConcMarkSweepGC
2026-03-04T05:06:07.089+0100: 1.234: [GC (Allocation Failure) 2026-03-04T05:06:07.089+0100: 1.234: [ParNew: 34567K->4321K(39321K), 0.0123456 secs] 45678K->15432K(126720K), 0.0124567 secs] [Times: user=0.03 sys=0.01, real=0.01 secs]
2026-03-04T05:06:07.102+0100: 1.247: Total time for which application threads were stopped: 0.0126789 seconds, Stopping threads took: 0.0000456 seconds
2026-03-04T05:06:08.102+0100: 2.247: [GC (CMS Initial Mark) [1 CMS-initial-mark: 61234K(87424K)] 65432K(126720K), 0.0012345 secs] [Times: user=0.00 sys=0.00, real=0.00 secs]
2026-03-04T05:06:08.103+0100: 2.248: [CMS-concurrent-mark-start]
2026-03-04T05:06:08.203+0100: 2.348: [CMS-concurrent-mark: 0.099/0.100 secs] [Times: user=0.12 sys=0.01, real=0.10 secs]
2026-03-04T05:06:08.203+0100: 2.348: [CMS-concurrent-preclean-start]
2026-03-04T05:06:08.204+0100: 2.349: [GC (Allocation Failure) 2026-03-04T05:06:08.204+0100: 2.349: [ParNew: 38765K->38765K(39321K), 0.0000234 secs]2026-03-04T05:06:08.204+0100: 2.349: [CMS2026-03-04T05:06:08.214+0100: 2.359: [CMS-concurrent-preclean: 0.009/0.011 secs] [Times: user=0.01 sys=0.00, real=0.01 secs]
 (concurrent mode failure): 61234K->34567K(87424K), 0.1234567 secs] 99999K->34567K(126720K), [Metaspace: 3456K->3456K(1056768K)], 0.1236789 secs] [Times: user=0.12 sys=0.00, real=0.12 secs]
2026-03-04T05:06:09.204+0100: 3.349: [Full GC (System.gc()) 2026-03-04T05:06:09.204+0100: 3.349: [CMS: 34567K->23456K(87424K), 0.0876543 secs] 45678K->23456K(126720K), [Metaspace: 3456K->3456K(1056768K)], 0.0878901 secs] [Times: user=0.09 sys=0.00, real=0.09 secs]
4.500: [GC pause (G1 Evacuation Pause) (young) (initial-mark), 0.0087654 secs]
   [Parallel Time: 6.5 ms, GC Workers: 4]
      [GC Worker Start (ms): Min: 4500.1, Avg: 4500.2, Max: 4500.3, Diff: 0.2]
   [Eden: 24.0M(24.0M)->0.0B(20.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(126.0M)->8345.6K(126.0M)]
 [Times: user=0.02 sys=0.00, real=0.01 secs]
4.510: [GC concurrent-root-region-scan-start]
4.515: [GC concurrent-root-region-scan-end, 0.0051234 secs]
5,600: [GC [PSYoungGen: 65536K->10748K(76288K)] 65536K->20748K(251392K), 0,0234567 secs] [Times: user=0,05 sys=0,01, real=0,02 secs]
6.700: [Full GC [PSYoungGen: 10748K->0K(76288K)] [ParOldGen: 150000K->90000K(175104K)] 160748K->90000K(251392K) [PSPermGen: 2600K->2600K(21504K)], 0.2345678 secs]
{Heap before GC invocations=3 (full 1):
 par new generation   total 39321K, used 38765K [0x00000000e0000000, 0x00000000e2aa0000, 0x00000000e2aa0000)
}
7.800: [GC 45678K->15432K(126720K), 0.0124567 secs]
""".splitlines()  # noqa: E501 - our own lines in the form of JDK 8


def own_logs(corpus: Path | None = None) -> list[Lines]:
    """Return the lines of our own recordings: the bundled ones, the form of JDK 8, and those of the corpus."""
    paths = sorted(p for folder in (A, B) for p in (folder / "raw" / "gc").glob("*.log*"))
    paths += sorted((corpus / "gc" / "generated").glob("jdk*.log*")) if corpus else []
    return [JDK8, *(lines_of(p) for p in paths)]


def lines_of(path: Path) -> Lines:
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).splitlines()


def window(lines: Lines, rng: random.Random, most: int = 60) -> Lines:
    """Return some consecutive lines; half of the time from the beginning, where the JVM introduces itself."""
    size = rng.randint(1, most)
    first = 0 if rng.random() < 0.5 else rng.randrange(max(1, len(lines) - size))
    return lines[first : first + size]


def cut(lines: Lines, rng: random.Random) -> Lines:
    return at(lines, rng, lambda line: [line[: rng.randint(0, len(line))]])


def behead(lines: Lines, rng: random.Random) -> Lines:
    return at(lines, rng, lambda line: [line[rng.randint(0, len(line)) :]])


def double(lines: Lines, rng: random.Random) -> Lines:
    return at(lines, rng, lambda line: [line] * rng.randint(2, 4))


def drop(lines: Lines, rng: random.Random) -> Lines:
    return at(lines, rng, lambda line: [])


def swap(lines: Lines, rng: random.Random) -> Lines:
    out = list(lines)
    i, j = rng.randrange(len(out)), rng.randrange(len(out))
    out[i], out[j] = out[j], out[i]
    return out


def flip(lines: Lines, rng: random.Random) -> Lines:
    def flipped(line: bytes) -> Lines:
        data = bytearray(line)
        for _ in range(rng.randint(1, 8) if data else 0):
            data[rng.randrange(len(data))] = rng.choice(b"\x00\t []().,:->KMGs0123456789GCPausetn\xff")
        return [bytes(data)]

    return at(lines, rng, flipped)


def blow_up(lines: Lines, rng: random.Random) -> Lines:
    def blown(line: bytes) -> Lines:
        numbers = list(NUMBER.finditer(line))
        if not numbers:
            return [line]
        hit = rng.choice(numbers)
        return [line[: hit.start()] + rng.choice(HUGE) + line[hit.end() :]]

    return at(lines, rng, blown)


def insert(lines: Lines, rng: random.Random) -> Lines:
    return at(lines, rng, lambda line: [line, rng.choice(NOISE + OTHERS)])


def interleave(lines: Lines, rng: random.Random) -> Lines:
    """Write a line into the middle of another, as two threads do."""
    other = rng.choice(lines)

    def mixed(line: bytes) -> Lines:
        i = rng.randint(0, len(line))
        return [line[:i] + other + rng.choice([b"", b"\n"]) + line[i:]]

    return at(lines, rng, mixed)


def dress(lines: Lines, rng: random.Random) -> Lines:
    """Give every line other decorations: a prefix, fewer brackets, a decimal comma, Windows line ends."""
    kind = rng.randrange(5)
    if kind == 0:
        prefix = rng.choice(PREFIXES)
        return [prefix + line for line in lines]
    if kind == 1:
        return [re.sub(rb"^\[[^\]]*\]", b"", line) for line in lines]
    if kind == 2:
        return [re.sub(rb"(\d)\.(\d)", rb"\1,\2", line) for line in lines]
    if kind == 3:
        return [line + b"\r" for line in lines]
    return [b'{"log":"' + line.replace(b'"', b'\\"') + b'\\n","stream":"stdout"}' for line in lines]


def join(lines: Lines, rng: random.Random) -> Lines:
    """Lose a line end."""
    i = rng.randrange(len(lines))
    return [*lines[:i], b"".join(lines[i : i + 2]), *lines[i + 2 :]]


def weave(lines: Lines, rng: random.Random) -> Lines:
    """Mix the lines with those of another JVM, which are the same an hour later."""
    later = [re.sub(rb"(?<=T)\d\d(?=:)", b"%02d" % rng.randrange(24), line) for line in lines]
    return [line for pair in zip(lines, later, strict=True) for line in pair]


def repeat(lines: Lines, rng: random.Random) -> Lines:
    """Send a stretch again."""
    first, last = sorted((rng.randint(0, len(lines)), rng.randint(0, len(lines))))
    return [*lines[:last], *lines[first:]]


def shuffle(lines: Lines, rng: random.Random) -> Lines:
    out = list(lines)
    rng.shuffle(out)
    return out


def at(lines: Lines, rng: random.Random, change: Callable[[bytes], Lines]) -> Lines:
    """Replace one line."""
    i = rng.randrange(len(lines))
    return [*lines[:i], *change(lines[i]), *lines[i + 1 :]]


OPERATIONS = [
    cut,
    behead,
    double,
    drop,
    swap,
    flip,
    flip,
    blow_up,
    blow_up,
    insert,
    interleave,
    dress,
    join,
    weave,
    repeat,
    shuffle,
]


def spoiled(logs: list[Lines], rng: random.Random) -> bytes:
    """Return the bytes of a spoiled log: a window of one or two recordings after up to eight operations."""
    lines = window(rng.choice(logs), rng)
    if rng.random() < 0.2:
        lines = lines + window(rng.choice(logs), rng)
    for _ in range(rng.randint(1, 8)):
        if lines:
            lines = rng.choice(OPERATIONS)(lines, rng)
    return b"\n".join(lines) + rng.choice([b"\n", b"", b"\n\n"])
