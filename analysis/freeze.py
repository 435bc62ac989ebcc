"""Samples into raw/: the union of what was there and what is new, with its manifest, as one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis.series import iso
from analysis.sources.prometheus import SampleTable
from analysis.sources.prometheus.stored import EMPTY_STORED, Stored, merge_captures, read_stored, write_stored
from analysis.store import SAMPLES, SERIES, WORK, Entry, Manifest, digest, publish, replace_atomically

__all__ = ["New", "freeze_samples", "set_aside", "tool_versions", "typical_step_seconds"]


def tool_versions() -> tuple[tuple[str, str], ...]:
    """Return the versions that stand in a manifest."""
    return tuple((name, version(name)) for name in ("pandas", "postmortem-toolkit", "prometheus-api-client", "pyarrow"))


class New(NamedTuple):
    """What a capture adds.

    Parameters
    ----------
    beside : tuple of Stored
        Where what is there has another value at the same moment, that one holds.
    instead : tuple of Stored
        These hold: what is there was partial, or was asked again.
    reworded : frozenset of str
        Questions that ask something else now: what is there of them is set aside under another name.
    """

    beside: tuple[Stored, ...] = ()
    instead: tuple[Stored, ...] = ()
    reworded: frozenset[str] = frozenset()


def freeze_samples(
    raw: Path, new: New, made: Callable[[Manifest], Manifest], manifest: Manifest, *, entry: Entry
) -> Manifest:
    """Add samples to raw/series.parquet and raw/samples.parquet and write the manifest, all or nothing.

    Parameters
    ----------
    raw : Path
        The folder of the evidence.
    new : New
        What was captured; without any, what is there stays as it is, byte for byte.
    made : callable
        Gets the manifest with the two files, returns the one to write.
    manifest : Manifest
        What is there.
    entry : Entry
        Source and time of the capture; the rest is filled in here.

    Returns
    -------
    Manifest
        As it was written.
    """
    there = manifest.entry(SAMPLES) is not None and (raw / SERIES).is_file() and (raw / SAMPLES).is_file()
    if not any(new):
        return publish(raw, {}, lambda _: made(manifest))
    kept = read_stored(raw / SERIES, raw / SAMPLES) if there else EMPTY_STORED
    kept = set_aside(kept, new.reworded, entry.fetched_at)
    stored = merge_captures(EMPTY_STORED, *new.instead, kept, *new.beside)
    work = raw / WORK
    series, samples = work / SERIES, work / SAMPLES
    replace_atomically(series, lambda s: replace_atomically(samples, lambda v: write_stored(stored, s, v)))
    detail = _detail(stored)

    def complete(waiting: Path) -> Manifest:
        entries = tuple(
            replace(entry, path=name, kind=kind, sha256=digest(waiting / name), bytes=(waiting / name).stat().st_size,
                    detail=detail)
            for name, kind in ((SERIES, "prometheus-series"), (SAMPLES, "prometheus-samples"))
        )  # fmt: skip
        others = (e for e in manifest.entries if e.path not in (SERIES, SAMPLES))
        return made(replace(manifest, entries=(*others, *entries)))

    return publish(raw, {SERIES: series, SAMPLES: samples}, complete)


def set_aside(stored: Stored, questions: frozenset[str], until: str) -> Stored:
    """Return the store in which series of some questions have names that say until when they were asked so.

    Parameters
    ----------
    stored : Stored
        What is there.
    questions : frozenset of str
        Ids of questions that are worded otherwise now. Samples of a selector keep their metric's name: they are what
        they are, whoever asked.
    until : str
        Time of the capture [ISO-8601 UTC].
    """
    labels, ids = list(stored.table.labels), list(stored.query_ids)
    for row, (name, found) in enumerate(zip(stored.query_ids, stored.table.labels, strict=True)):
        if name in questions and ":" in found.get("__name__", ""):
            labels[row] = {**found, "__name__": f"{found['__name__']} until {until}"}
            ids[row] = f"{name} until {until}"
    table = stored.table
    renamed = SampleTable(tuple(labels), table.ids, table.times, table.values)
    return replace(stored, table=renamed, query_ids=tuple(ids))


def _detail(stored: Stored) -> dict[str, Any]:
    table = stored.table
    span = table.span
    return {
        "query": "raw samples as recorded" if set(stored.modes) <= {"raw"} else "as listed under queries",
        "status": "ok" if span else "empty",
        "series": len({tuple(sorted(found.items())) for found in table.labels}),
        "samples": len(table.times),
        "start": iso(span[0]) if span else None,
        "end": iso(span[1]) if span else None,
        "step_seconds": typical_step_seconds(table),
    }


def typical_step_seconds(table: SampleTable) -> float | None:
    """Return the median distance of the samples of `up` [s], over its series; None if there are too few.

    Examples
    --------
    >>> from analysis.sources.prometheus import SampleTable
    >>> times = np.array([0, 5_000_000, 10_000_000])
    >>> typical_step_seconds(SampleTable(({"__name__": "up"},), np.zeros(3, "i4"), times, np.ones(3)))
    5.0
    """
    steps = sorted(float(np.median(np.diff(s.times))) / 1e6 for s in table.named("up") if len(s.times) > 1)
    return round(steps[len(steps) // 2], 3) if steps else None
