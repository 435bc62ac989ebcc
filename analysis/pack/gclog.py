"""GC logs for a pack: the lines that our reader reads, at their places; the rest is a blank line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pandas as pd

from analysis.pack.files import CannotRedactError, differences, write_as_named
from analysis.pack.gc_legacy import kept_flags, kept_legacy
from analysis.pack.gc_unified import kept_unified
from analysis.pack.scrub import Scrubber
from analysis.sources.chunks import chunks
from analysis.sources.gclog.files import opened
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.legacy.records import parted
from analysis.sources.gclog.reader import read_gc_log, read_rows

__all__ = ["pack_gc_log"]

COUNTS = ("lines", "recognised", "unrecognised")


def pack_gc_log(
    source: Path, target: Path, scrub: Scrubber, *, jvm_start: pd.Timestamp | None = None
) -> tuple[str, ...]:
    """Write a GC log without lines of others, names of hosts, properties and paths; return what was left out.

    Parameters
    ----------
    source, target : Path
        Of one compression; the same name, as the frames hold it.
    scrub : Scrubber
        Of the pack.
    jvm_start : Timestamp, optional
        As of `read_gc_log`.

    Raises
    ------
    EvidenceError
        If it is no GC log.
    CannotRedactError
        If the copy would not read the same.
    """
    file = opened(source, source.name)
    rows = read_rows([file], areas=False)
    dropped = set(rows.foreign) | set(rows.unrecognised)
    legacy, made, blanked = file.kind == "legacy", list[bytes](), 0
    for number, line in enumerate(_lines(source, parts=legacy), 1):
        if number in dropped:
            made.append(b"")
            continue
        kept = kept_legacy(line, scrub) if legacy else kept_unified(line, scrub)
        blanked += bool(line.strip()) and not kept
        made.append(kept or b"")
    end = b"" if file.open_end else b"\n"  # a last line that was cut stays one
    write_as_named(target, b"\n".join(made) + end)
    before, _ = read_gc_log(source, jvm_start=jvm_start)
    after, _ = read_gc_log(target, jvm_start=jvm_start)
    if wrong := list(_differences(before, after, scrub)):
        raise CannotRedactError(f"the copy would not read the same: {', '.join(wrong)}")
    lost = len(dropped) + blanked
    return (f"{lost} lines of others, or with words that no collector says",) if lost else ()


def _lines(path: Path, *, parts: bool) -> Iterator[bytes]:
    """Yield lines as the readers number them: a line of JDK 8 with carriage returns in it is several."""
    for chunk in chunks(path):
        lines = chunk.data.split(b"\n")
        for line in lines[:-1] if not lines[-1] else lines:
            text = line.rstrip()
            if parts and b"\r" in text:
                yield from parted(text)
            else:
                yield text


def _differences(before: GcLog, after: GcLog, scrub: Scrubber) -> Iterator[str]:
    for field in fields(GcLog):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if isinstance(old, pd.DataFrame):
            texts = {name: scrub.text for name in old.columns if name in ("thread", "cause", "name")}
            for wrong in differences(old, new, texts | {"flags": kept_flags}, passed_over=COUNTS):
                yield f"{field.name}: {wrong}"
