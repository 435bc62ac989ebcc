"""What other threads print into a GC log of JDK 8 and before, be it inside the text of a pause: cut out whole."""

from __future__ import annotations

import re
from typing import NamedTuple

from analysis.sources.gclog.legacy.stamps import BEFORE, NUMBER, Stamp, read_stamp, seconds

__all__ = ["ATOM", "Atom", "cut_atoms", "has_atoms", "read_atom"]

TIMES = rb"(?:\s?\[Times: [^][]{1,80}\])?"
ATOM = re.compile(
    # `[CMS-concurrent-mark-start]`, `[CMS-concurrent-mark: 1.2/3.4 secs]`, `[GC concurrent-mark-end, 0.1 secs]`
    rb"\[(?:GC |AS)?(CMS-)?concurrent-([a-z-]{2,40})(?:: %b/(%b) secs|, (?:[^][]{1,160}, )?(%b)(?: secs?)?)?\]%b|"
    rb"Total time for which application threads were stopped: (%b) seconds"
    rb"(?:, Stopping threads took: (%b) seconds)?|"
    rb"Application time: (%b) seconds|"
    rb"\[G1Ergonomics [^][]*\]|\[Unloading class [^]]{0,400}\]|CMS: abort preclean due to (?:time|loop)|"
    rb"size\[[0-9]{1,9}\] : (?:demand: .*new_desired: [0-9]+)?"
    % (NUMBER, NUMBER, NUMBER, TIMES, NUMBER, NUMBER, NUMBER)
)
# a phase of the concurrent thread that a pause cut in two: `[Preclean SoftReferences1.5: [GC 1.5: [CMS, 0.1 secs]`
TORN = re.compile(rb"\[Preclean [A-Z][A-Za-z]{2,30}+(?!, )([^\n]{1,400}?\[(?:ParNew|DefNew|CMS)), %b secs\]" % NUMBER)
STAMPS = 96


class Atom(NamedTuple):
    """`what` is "cms" or "g1" (a concurrent phase `name`), "stopped", "running" or "" (nothing to keep).

    `took` [s] is how long it was, NaN if not told; `reaching` [s] how long the threads took to stop.
    """

    what: str
    name: str
    took: float
    reaching: float
    stamp: Stamp


def has_atoms(text: bytes) -> bool:
    """Return whether it is worth to look for atoms in a text.

    Examples
    --------
    >>> has_atoms(b"1.000: [GC 9K->1K(9K), 0.1 secs]")
    False
    """
    if b"concurrent-" in text or b"pplication t" in text or b"[G1Erg" in text:
        return True
    return b"[Unload" in text or b"abort pre" in text or b"size[" in text or b"[Preclean " in text


def read_atom(found: re.Match[bytes], stamp: Stamp) -> Atom:
    """Return what a match of `ATOM` says, printed at `stamp`.

    Raises
    ------
    ValueError
        If a number is broken.

    Examples
    --------
    >>> stamp = Stamp(0, 7.5)
    >>> read_atom(ATOM.match(b"[CMS-concurrent-sweep: 0.5/1.5 secs]"), stamp)[:3]
    ('cms', 'sweep', 1.5)
    """
    cms, name, wall, took, stopped, reaching, running = found.groups()
    if name is not None:
        length = wall or took
        return Atom("cms" if cms else "g1", name.decode(), seconds(length) if length else float("nan"), 0.0, stamp)
    if stopped is not None:
        return Atom("stopped", "", seconds(stopped), seconds(reaching) if reaching else float("nan"), stamp)
    if running is not None:
        return Atom("running", "", seconds(running, longest=1e9), 0.0, stamp)
    return Atom("", "", 0.0, 0.0, stamp)


def cut_atoms(text: bytes) -> tuple[bytes, list[Atom]]:
    """Return a text without its atoms and the stamps before them, and the atoms.

    Raises
    ------
    ValueError
        If a number is broken.

    Examples
    --------
    >>> rest, (atom,) = cut_atoms(b"1.000: [GC 1.000: [ParNew2.000: [CMS-concurrent-mark: 1.0/2.0 secs]")
    >>> rest, atom.stamp.uptime_seconds
    (b'1.000: [GC 1.000: [ParNew', 2.0)
    """
    parts, atoms, at = [], [], 0
    if b"[Preclean " in text:
        text = TORN.sub(rb"\1", text)
    for found in ATOM.finditer(text):
        before = BEFORE.search(text, max(at, found.start() - STAMPS), found.start())
        start, stamp = (before.start(), read_stamp(before)) if before else (found.start(), Stamp())
        parts.append(text[at:start])
        atoms.append(read_atom(found, stamp))
        at = found.end()
    return b"".join([*parts, text[at:]]), atoms
