"""GCViewer's list of events, rebuilt from our tables: pauses, concurrent begins and ends, and stops of the VM.

Its conventions (model/GCModel.java): an event is what a line says; a stop ("Total time for which ...") counts what it
lasted beyond the stop-the-world event just before it; the concurrent cycle of G1 and the phases of CMS are two events,
begin and end, those of ZGC and Shenandoah one; nested pauses are counted twice; a cycle of ZGC is an event of its own.
"""

import functools
import math
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from tests.sources.gclog.score.reads import Begin, Read, uptimes

STOPPED = "Total time for which application threads were stopped"
ONCE = {"Shenandoah", "GenShenandoah", "ZGC", "GenZGC"}  # collectors whose concurrent phases are one event


class Event(NamedTuple):
    """An event of GCViewer; `row` is that of the table it comes from, sizes are in it."""

    order: tuple[float, ...]
    family: str  # "pause", "stop", "begin", "end", "once", "cycle"
    kind: str
    at: float  # uptime that GCViewer shows [s]
    pause: float  # [s]
    row: pd.Series


@functools.lru_cache(maxsize=4)
def events(read: Read) -> list[Event]:
    """Return all events in GCViewer's order; the pauses of stops are already reduced."""
    found = [*pauses(read), *stops(read), *concurrent(read)]
    return reduced(sorted(said_within(found) if read.legacy else found, key=lambda e: e.order))


def reduced(found: list[Event]) -> list[Event]:
    """Take off each stop the stop-the-world event just before it, as GCModel.adjustPause does."""
    out: list[Event] = []
    last: Event | None = None
    for event in found:
        if event.family == "stop" and last is not None and last.family == "pause" and event.pause > last.pause:
            event = event._replace(pause=event.pause - last.pause)
        if event.family in ("stop", "pause"):
            last = event
        out.append(event)
    return out


def rows_of(read: Read, name: str) -> pd.DataFrame:
    """Return a table with its ends as a column and the uptimes of start and end."""
    table = getattr(read.log, name)
    frame = table.reset_index()
    frame["up_start"] = uptimes(read.log, frame["start"], frame["life"])
    frame["up_end"] = uptimes(read.log, frame["end"], frame["life"])
    if "uptime_seconds" in frame:  # as logged, which a wall clock that was set does not touch
        length = frame["duration_seconds"]
        ended, began = (length, 0.0) if read.legacy else (0.0, -length)
        frame["up_end"] = (frame["uptime_seconds"] + ended).fillna(frame["up_end"])
        frame["up_start"] = (frame["uptime_seconds"] + began).round(6).fillna(frame["up_start"])
    return frame


def pauses(read: Read) -> list[Event]:
    """Return the pauses; in JDK 8 a nested one comes first, and is taken off the one around it."""
    frame = rows_of(read, "pauses")
    at = frame["up_start" if read.legacy else "up_end"]
    found = {
        i: Event((float(row["line"]), 1.0), "pause", row["kind"], at[i], row["duration_seconds"], row)
        for i, row in frame.iterrows()
    }
    for i in frame.index[frame["nested"]] if read.legacy else ():
        inner = found[i]
        outer = [
            j for j, e in found.items()
            if not e.row["nested"] and e.row["start"] <= inner.row["start"] and e.row["end"] >= inner.row["end"]
        ]  # fmt: skip
        for j in outer[:1]:
            found[i] = inner._replace(order=(found[j].order[0], 0.5))
            found[j] = found[j]._replace(pause=found[j].pause - inner.pause)
    return [*found.values(), *exhausted(found.values(), legacy=read.legacy)]


def exhausted(found: Iterable[Event], *, legacy: bool) -> list[Event]:
    """Return the lines "To-space exhausted" that are events: where no begin of the pause is logged, nor CPU times."""
    return [
        e._replace(order=(e.order[0], 0.9), kind="to_space_exhausted", pause=0.0)
        for e in found
        if e.row["evacuation_failure"] == "to_space_exhausted" and math.isnan(e.row["real_seconds"]) and not legacy
    ]


def said_within(listed: list[Event]) -> list[Event]:
    """Put what is said of concurrent work inside the text of a pause before it, as a pause is told when it is over."""
    pauses_ = [e for e in listed if e.family == "pause"]
    out = []
    for event in listed:
        if event.family in ("begin", "end"):
            around = [p for p in pauses_ if p.order[0] <= event.order[0] and is_within(event, p)]
            event = event._replace(order=(around[0].order[0], 0.2)) if around else event
        out.append(event)
    return out


def is_within(event: Event, pause: Event) -> bool:
    """Return whether an event happened during a pause; of a begin only the uptime is known."""
    if event.family == "end":
        return bool(pause.row["start"] <= event.row["end"] < pause.row["end"])
    return pause.at <= event.at < pause.at + pause.pause


def stops(read: Read) -> list[Event]:
    """Return the stops as JDK 12 and before print them; those of later versions, GCViewer does not read."""
    return [
        Event((float(row["line"]), 2.0), "stop", "stop", row["up_end"], row["total_seconds"], row)
        for _, row in rows_of(read, "safepoints").iterrows()
        if math.isnan(row["at_seconds"])
    ]


def concurrent(read: Read) -> list[Event]:
    """Return the events of concurrent work: begins are counted in the text, since our tables keep ends."""
    collectors = set(read.log.lives["collector"])
    cycles_only = not read.legacy and "G1" in collectors
    once = not cycles_only and bool(collectors & ONCE)
    out: list[Event] = []
    for _, row in rows_of(read, "cycles" if cycles_only else "phases").iterrows():
        name = "Concurrent Cycle" if cycles_only else row["name"]
        family = "once" if once else "end"
        out.append(Event((float(row["line"]), 1.0), family, name, row["up_end"], row["duration_seconds"], row))
    if not once:
        out += [begun(b, legacy=read.legacy) for b in read.begins if b.name.endswith("Cycle") or not cycles_only]
    if collectors & {"ZGC", "GenZGC"}:
        out += [
            Event((float(row["line"]), 4.0), "cycle", row["kind"], row["up_end"], 0.0, row)
            for _, row in rows_of(read, "cycles").iterrows()
        ]
    return out


def begun(begin: Begin, *, legacy: bool) -> Event:
    """Return the event of a begin: in JDK 8 of a type of its own."""
    row = pd.Series({"line": begin.line, "cycle": begin.name.endswith("Cycle")})
    name = f"{begin.name}-start" if legacy else "Concurrent Cycle" if row["cycle"] else begin.name
    return Event((float(begin.line), 3.0), "begin", name, begin.uptime, 0.0, row)
