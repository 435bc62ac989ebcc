"""Jifa's unit tests: times in milliseconds, sizes in bytes, causes as names of an enum."""

import math
import re
from typing import Any

import pandas as pd

from tests.sources.gclog.score.answers import Answer, NotCompared, Row
from tests.sources.gclog.score.jifa_events import PHASE_KINDS, Event, events, part
from tests.sources.gclog.score.reads import Read
from tests.sources.gclog.score.values import number, words

GRAIN = 1.0 + 1e-6  # stamps are rounded to a millisecond, so that a start is known to one
EVENT = re.compile(r"event\[(\d+)\]\.(.+)")
ITEM = re.compile(r"new GCMemoryItem\((\w+), (.+)\)")
CAUSES = {"Metadata GC Threshold": "METADATA_GENERATION_THRESHOLD", "System.gc()": "SYSTEM_GC"}
CPU = re.compile(r"getCpuTime\(\)\.get(Real|User|Sys)\(\)")
PHASES_OF_PAUSES = "phases inside a pause, which our tables do not hold"


def answer(row: Row, read: Read, rows: list[Row]) -> Answer | NotCompared:
    """Answer one row of Jifa's tests."""
    found = EVENT.fullmatch(row.quantity)
    if not found:
        return whole(row.quantity, row.value, read)
    listed, index = events(read), int(found[1])
    if index >= len(listed):
        return NotCompared(PHASES_OF_PAUSES) if "Phase" in found[2] else Answer(None, row.value)
    event = listed[index]
    got = of_event(found[2], row.value, event)
    return got._replace(line=int(event.row["line"])) if isinstance(got, Answer) else got


def of_event(what: str, text: str, event: Event) -> Answer | NotCompared:
    row = event.row
    failure = str(row.get("evacuation_failure", ""))
    simple: dict[str, tuple[Any, float]] = {
        "getGcid()": (row["gcid"], 0), "getStartTime()": (event.start, GRAIN),
        "getDuration()": (event.duration, took(row)), "getEndTime()": (row["end_ms"], GRAIN),
        "getPause()": (event.pause, 1e-3),
    }  # fmt: skip
    if what in simple:
        return Answer(
            simple[what][0], number(text), simple[what][1] if simple[what][0] != event.duration else took(row)
        )
    if what == "getEventType()":
        return Answer(event.type, words(text))
    if what == "getCause()":
        return Answer("PROMOTION_FAILED" if failure == "promotion_failed" else cause(row["cause"]), words(text))
    if what in ("isTrue(TO_SPACE_EXHAUSTED)", 'toString().contains("To-space Exhausted")'):
        return Answer(failure == "to_space_exhausted", text == "true")
    if what == "isTrue(YOUNG_GC_BECOME_FULL_GC)":
        return Answer(row["kind"] == "full" and failure == "promotion_failed", text == "true")
    if "Phase" in what:
        return of_phases(what, text, event)
    return of_row(what, text, row)


def took(row: pd.Series) -> float:
    """Return how exactly a duration is known [ms]: a cycle of ZGC only from its stamps."""
    return GRAIN if row["collector"] == "ZGC" and "aborted" in row else 1e-3


def cause(text: str) -> str:
    return CAUSES.get(text) or re.sub(r"\W+", "_", text).strip("_").upper()


def of_row(what: str, text: str, row: pd.Series) -> Answer | NotCompared:
    """Answer what a pause itself says: CPU time and memory."""
    if found := CPU.fullmatch(what):
        column = f"{found[1].lower()}_seconds"
        return Answer(row[column] * 1e3, number(text), 1e-3) if column in row else NotCompared("CPU time of a phase")
    if what.startswith("getMemoryItem("):
        return memory(text, row)
    return NotCompared("an estimate of Jifa's, or a part of its own classes")


def memory(text: str, row: pd.Series) -> Answer | NotCompared:
    """Compare before, after and size of an area; of ZGC's five arguments before and after; -1 is unknown to Jifa."""
    found = ITEM.fullmatch(text)
    area, arguments = (found[1].lower(), found[2].split(",")) if found else ("", [])
    if f"{area}_before_bytes" not in row:
        return NotCompared(f"the area {area}")
    wanted = [number(a) for a in arguments]
    names = ["before", "after", "committed"] if len(wanted) == 3 else ["before", "", "after", ""]
    known = [(n, w) for n, w in zip(names, wanted, strict=True) if n and w >= 0]
    if area == "old" and row["collector"] == "G1":
        known = [(n, w) for n, w in known if n != "committed"]  # Jifa's own difference: the log gives old no size
    return Answer(tuple(row[f"{area}_{n}_bytes"] for n, _ in known), tuple(w for _, w in known), 0.5)


def of_phases(what: str, text: str, event: Event) -> Answer | NotCompared:
    """Answer what is asked of the parts of a cycle; those of a pause are not in our tables."""
    if "aborted" not in event.row:
        return NotCompared(PHASES_OF_PAUSES)
    if what == "getPhases().size()":
        return Answer(len(event.inner), number(text))
    if found := re.fullmatch(r"getPhases\(\)\.get\((\d+)\)\.(.+)", what):
        return of_phase(found[2], text, event.inner.iloc[[int(found[1])]])
    if found := re.fullmatch(r"getLastPhaseOfType\(GCEventType\.(\w+)\)\.(.+)", what):
        return of_phase(found[2], text, typed(event.inner, found[1]).tail(1))
    return NotCompared("a part of Jifa's own classes")


def typed(inner: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the pauses or concurrent phases of a type."""
    if name in PHASE_KINDS:
        return inner.loc[inner["kind"] == PHASE_KINDS[name]]
    return inner.loc[inner["name"].map(enum).eq(re.sub(r"^(CMS|G1|ZGC)_CONCURRENT_", "", name))]


def enum(name: Any) -> str:
    text = re.sub(r"\W+", "_", str(name)).upper()
    return {"ROOT_REGION_SCAN": "SCAN_ROOT_REGIONS"}.get(text, re.sub(r"^(CMS_)?CONCURRENT_", "", text))


def of_phase(what: str, text: str, phase: pd.DataFrame) -> Answer | NotCompared:
    if phase.empty:
        return Answer(None, text)
    row = phase.iloc[0]
    if what == "getDuration()":
        return Answer(row["took_ms"], number(text), 1e-3)
    if what == "getStartTime()":
        return Answer(row["start_ms"], number(text), GRAIN)
    if what == "getEventType()":
        return Answer(enum(row["name"]), re.sub(r"^(CMS|G1|ZGC)_CONCURRENT_", "", words(text)))
    if pd.isna(row.get("kind")):
        return NotCompared("CPU time or memory of a concurrent phase")
    return of_row(what, text, row)


def whole(quantity: str, text: str, read: Read) -> Answer | NotCompared:
    """Answer what is asked of the whole log."""
    log = read.log
    if found := re.fullmatch(r"model\.getLastEventOfType\(GCEventType\.(\w+)\)\.(.+)", quantity):
        return last_event(found[1], found[2], text, read)
    listed = events(read)
    safepoint = part(read, "safepoints").iloc[:1]
    first = {name: (safepoint[name].iloc[0] if len(safepoint) else None) for name in ("start_ms", "took_ms")}
    reaching = log.safepoints["reaching_seconds"].iloc[:1].mul(1e3)
    real = log.pauses.loc[~log.pauses["nested"], "duration_seconds"] * 1e3
    figures: dict[str, tuple[Any, float]] = {
        "n_events": (len(listed), 0), "n_safepoints": (len(log.safepoints), 0),
        "model.getAllEvents().size()": (len(listed) + sum(len(e.inner) for e in listed), 0),
        "model.getHeapRegionSize()": (fact(log.lives, "region_bytes"), 0),
        "model.getParallelThread()": (fact(log.lives, "workers"), 0),
        "model.getSafepoints().get(0).getStartTime()": (first["start_ms"], 1e-3),
        "model.getSafepoints().get(0).getDuration()": (first["took_ms"], 1e-3),
        "model.getSafepoints().get(0).getTimeToEnter()": (reaching.iloc[0] if len(reaching) else None, 1e-3),
        "model.getEndTime()": (last_uptime(read), GRAIN), "pause.getPauseAvg()": (real.mean(), 1e-3),
    }  # fmt: skip
    if quantity in figures:
        return Answer(figures[quantity][0], number(text), figures[quantity][1])
    if quantity == "model.getCollectorType()":
        return Answer(str(fact(log.lives, "collector")).upper(), words(text))
    if quantity in ("event.getStartTime() > 0", "event.getDuration() > 0"):
        values = [e.start if "Start" in quantity else e.duration for e in listed]
        return Answer(all(v > 0 for v in values if not math.isnan(v)), text == "true")
    return NotCompared(PHASES_OF_PAUSES if "hase" in quantity + text else "a part of Jifa's own classes")


def fact(lives: pd.DataFrame, column: str) -> Any:
    return lives[column].iloc[0] if len(lives) else None


def last_uptime(read: Read) -> float | None:
    lives = read.log.lives
    if lives.empty:
        return None
    life = lives.iloc[-1]
    return float((life["uptime_seconds"] + (life["end"] - life["start"]).total_seconds()) * 1e3)


def last_event(name: str, what: str, text: str, read: Read) -> Answer | NotCompared:
    """Answer what the last event or phase of a type says of itself."""
    pauses, phases = part(read, "pauses"), part(read, "phases")
    if name in ("YOUNG_GC", "FULL_GC"):
        kinds = {"YOUNG_GC": ["young", "young_concurrent_start", "young_prepare_mixed"], "FULL_GC": ["full"]}[name]
        return of_phase(what, text, pauses.loc[pauses["kind"].isin(kinds)].tail(1))
    return of_phase(what, text, typed(pd.concat([pauses, phases]), name).tail(1))
