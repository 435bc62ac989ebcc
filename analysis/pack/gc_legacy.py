"""Lines of the GC logs of JDK 8 and before for a pack: flags without texts, and no word that no collector says."""

from __future__ import annotations

import re

from analysis.pack.gc_words import GC_WORDS
from analysis.pack.scrub import Scrubber
from analysis.sources.gclog.legacy.facts import FLAGS, HEADER, VERSION

__all__ = ["kept_flags", "kept_legacy"]

FLAG = re.compile(r"-XX:(?:[+-]\w+|\w+=-?[\d.]+[kKmMgGtT]?)|-X(?:mx|ms|mn|ss)\d+[kKmMgG]?")
HISTOGRAM = re.compile(rb"\s*\d+: +\d+ +\d+ +\S")
WORD = re.compile(rb"[A-Za-z_$][A-Za-z_$]{2,}|[\x80-\xff]+")
HEX = re.compile(rb"0x[0-9a-fA-F]{6,16}")


def kept_flags(text: str) -> str:
    """Return flags of the JVM without those that hold texts: paths, system properties, agents.

    Examples
    --------
    >>> kept_flags("-XX:+UseG1GC -XX:MaxHeapSize=1048576 -XX:HeapDumpPath=/dumps/kim -Ddb.password=x")
    '-XX:+UseG1GC -XX:MaxHeapSize=1048576'
    """
    return " ".join(part for part in text.split() if FLAG.fullmatch(part))


def kept_legacy(line: bytes, scrub: Scrubber) -> bytes:
    """Return what may be kept of a line that is of the GC log; b"" where nothing may.

    Parameters
    ----------
    line : bytes
        Without its line end.
    scrub : Scrubber
        Of the pack.

    Examples
    --------
    >>> from analysis.pack.pseudonyms import Pseudonyms
    >>> scrub = Scrubber(Pseudonyms(bytes(32)))
    >>> kept_legacy(b"1.5: [GC kim 2048K->1024K(8192K), 0.25 secs]", scrub)
    b''
    """
    if flags := FLAGS.match(line):
        return b"CommandLine flags: " + kept_flags(flags[1].decode("utf-8", "replace")).encode()
    if HEADER.match(line) and (version := VERSION.search(line)):
        scrub.names.harmless.add(version[1].decode("utf-8", "replace"))
        return line[: line.find(b")", version.end()) + 1 or len(line)]
    if HISTOGRAM.match(line) or any(w.lower() not in GC_WORDS for w in WORD.findall(HEX.sub(b"", line))):
        return b""
    return scrub.text(line.decode("utf-8", "replace")).encode("utf-8")
