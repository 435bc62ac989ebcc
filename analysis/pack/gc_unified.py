"""Lines of unified logging for a pack: stamps, tags and what tells of collections stay, all else goes."""

from __future__ import annotations

import re

from analysis.pack.scrub import Scrubber
from analysis.sources.gclog.decorations import DECORATED, LONGEST_PREFIX, STAMP_OR_TAG, decorations
from analysis.sources.gclog.unified.areas import AREA
from analysis.sources.gclog.unified.concurrent import stall_of, told_by
from analysis.sources.gclog.unified.init import facts_of
from analysis.sources.gclog.unified.lines import OF_OTHER, SLOW
from analysis.sources.gclog.unified.pause import loose_pause
from analysis.sources.gclog.unified.safepoint import one_safepoint

__all__ = ["kept_unified"]

BRACKET = re.compile(rb"\[([^\[\]]{0,255})\] ?")
STAMP = re.compile(  # a decoration that is no name of a host
    rb"\d{4}-\d\d-\d\dT[0-9:.,]{8,18}(?:Z|[+-]\d\d:?\d\d)?|\d{1,10}[.,]\d{1,9}s *|\d{1,19}[mn]s *|\d{1,10} *"
    rb"|(?:error|warning|info|debug|trace|develop) *|(?:[a-z]+,)*(?:gc|safepoint)(?:,[a-z0-9]+)* *"
)
NUMBERED = re.compile(rb"GC\(\d{1,9}\) (?:[yYO]: )?")
BEGINS = re.compile(rb"Pause [A-Z][A-Za-z ]{0,60}(?: \([A-Za-z0-9 .,_/()-]{1,80}\)){0,4}\s*")
PLAIN_TOLD = re.compile(rb"[A-Z][A-Za-z -]{1,60}(?: ?\([\d., ms]{1,60}\))?")
FACT = re.compile(
    rb"[A-Za-z][A-Za-z :]{1,60}[\w.+:-]{0,60}(?: \w+, \d+ available| total, \d+ available|, \d+ available| total)?"
)
OPERATION = re.compile(rb"Entering safepoint region: [A-Za-z0-9_ ]{1,60}")
NOTHING = b"Other ?"  # a detail that tells of no event


def kept_unified(line: bytes, scrub: Scrubber) -> bytes | None:
    """Return a line without names of hosts and what a collector put before it; None if it is not of the GC log.

    What is not known to tell of an event, a size or the JVM is a question mark behind its stamps and tags: that it was
    logged, and when, is part of the evidence.

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
    >>> kept_unified(b"app-host-7 | [1.5s][info][gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms", scrub)
    b'[1.5s][info][gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms'
    >>> kept_unified(b"[1.5s][info][gc,init] kim was here", scrub), kept_unified(b"kim was here", scrub)
    (b'[1.5s][info][gc,init] ?', None)
    """
    told = decorations(line)
    if not told.is_gc:
        return None
    first = STAMP_OR_TAG.search(line, 0, LONGEST_PREFIX)
    at = first.start() if first else max(line.find(b"[", 0, LONGEST_PREFIX), 0)
    found = DECORATED.match(line, at)
    if found is None or found.end() == at:  # no decorations, or only the time of a collector
        head = told.clock + b" " if told.collected else b""
    else:
        head = told.clock + b" " if told.collected else b""
        shown = [m[0] for m in BRACKET.finditer(line, at, found.end()) if STAMP.fullmatch(m[1])]
        head += b"".join(shown).rstrip(b" ") + b" "
    return head + _told(told.text, scrub)


def _told(text: bytes, scrub: Scrubber) -> bytes:
    numbered = NUMBERED.match(text)
    if numbered is None:
        return _unnumbered(text.rstrip(), scrub)
    rest = text[numbered.end() :]
    found = SLOW.match(text)
    if found is not None and found.lastindex not in (None, OF_OTHER):
        return found[0] if found.end() < len(text.rstrip()) else text.rstrip()
    if AREA.match(b"] " + text) or BEGINS.fullmatch(rest):
        return text.rstrip()
    if rest.startswith((b"User=", b"Pause ")) and (rest.startswith(b"User=") or loose_pause(rest) is not None):
        return numbered[0] + _scrubbed(rest, scrub)
    if stall_of(rest) is not None:
        return numbered[0] + _scrubbed(rest, scrub)
    try:
        known = told_by(rest)
    except ValueError:
        known = None
    if known is None:
        return numbered[0] + NOTHING
    if known.kind == "plain" and (word := PLAIN_TOLD.match(rest)):
        short = word[0].rstrip()
        return numbered[0] + (short if told_by(short) == known else _scrubbed(rest, scrub))
    return numbered[0] + _scrubbed(rest, scrub)


def _unnumbered(text: bytes, scrub: Scrubber) -> bytes:
    if text.startswith((b'Safepoint "', b"Total time for which")):
        try:
            one_safepoint(text, b"")
        except ValueError:
            return b"?"
        return _scrubbed(text, scrub)
    if stall_of(text) is not None:
        return _scrubbed(text, scrub)
    if OPERATION.fullmatch(text):
        return text
    if facts_of(text):
        shown = found[0] if (found := FACT.match(text)) else text
        if text.startswith(b"Version: "):
            shown = b" ".join(text.split()[:2]) + b" (release)"
            scrub.names.harmless.add(text.split()[1].decode("utf-8", "replace").split("+")[0])
        return shown if facts_of(shown) == facts_of(text) else _scrubbed(text, scrub)
    return b"?"


def _scrubbed(text: bytes, scrub: Scrubber) -> bytes:
    return scrub.text(text.decode("utf-8", "replace")).encode("utf-8").rstrip()
