"""What was packed, in lines for a terminal."""

from __future__ import annotations

from analysis.pack.packed import Packed

__all__ = ["packed_lines"]

MOST_LINES = 20


def packed_lines(packed: Packed) -> list[str]:
    """Return the result as lines: where it is, what was changed, what is not in it, what to look at.

    Examples
    --------
    >>> from pathlib import Path
    >>> packed_lines(Packed(Path("x.zip"), 2048, (), (), (), ("report/ can be made again",), published=False))
    ['0 files, 2.0 kB: x.zip (the same was there already)', 'note: report/ can be made again']
    """
    size = f"{packed.bytes / 1e6:.1f} MB" if packed.bytes >= 1e6 else f"{packed.bytes / 1e3:.1f} kB"
    same = "" if packed.published else " (the same was there already)"
    lines = [f"{len(packed.files)} files, {size}: {packed.output}{same}"]
    lines += [f"replaced: {count:,} x {rule}" for rule, count in sorted(packed.changed.items())]
    parts = [f"left out of {file.path}: {what}" for file in packed.files for what in file.left_out]
    lines += _some(parts + [f"left out: {entry.path}: {entry.reason}" for entry in packed.left_out])
    lines += [f"accepted: {found}" for found in packed.suspicions]
    return lines + [f"note: {note}" for note in packed.notes]


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"and {more} more, in raw/manifest.json of the pack"]
