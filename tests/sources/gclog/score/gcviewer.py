"""GCViewer's unit tests: events by index, sums and counts; sizes in kB of 1024 bytes."""

import math
import re

from tests.sources.gclog.score.answers import Answer, NotCompared, Row
from tests.sources.gclog.score.gcviewer_events import STOPPED, Event, events
from tests.sources.gclog.score.reads import Read
from tests.sources.gclog.score.values import number, tolerance_of, words

EVENT = re.compile(r"event\[(\d+)\][ \w]*\.(.+)")
TYPES = {
    "young": "UJL_PAUSE_YOUNG", "full": "UJL_PAUSE_FULL", "initial_mark": "UJL_PAUSE_INITIAL_MARK",
    "remark": "UJL_PAUSE_REMARK", "cleanup": "UJL_G1_PAUSE_CLEANUP", "mixed": "UJL_G1_PAUSE_MIXED",
    "young_concurrent_start": "UJL_PAUSE_YOUNG", "young_prepare_mixed": "UJL_PAUSE_YOUNG",
    "reset": "UJL_SHEN_CONCURRENT_RESET", "marking": "UJL_SHEN_CONCURRENT_MARKING",
    "precleaning": "UJL_SHEN_CONCURRENT_PRECLEANING", "evacuation": "UJL_SHEN_CONCURRENT_EVACUATION",
    "update references": "UJL_SHEN_CONCURRENT_UPDATE_REFS", "cleanup_": "UJL_SHEN_CONCURRENT_CLEANUP",
}  # fmt: skip
LABELS = {
    "young": "Pause Young", "full": "Pause Full", "initial_mark": "Pause Initial Mark", "remark": "Pause Remark",
    "mixed": "Pause Mixed", "cleanup": "Pause Cleanup", "young_concurrent_start": "Pause Young",
    "young_prepare_mixed": "Pause Young",
}  # fmt: skip
INTERNAL = {
    "n_phase_types": "counts phases inside pauses, which our tables do not hold",
    "is_concurrency_helper": "a flag of JRockit's",
}
YOUNG = ("young", "young_concurrent_start", "young_prepare_mixed")


def answer(row: Row, read: Read, rows: list[Row]) -> Answer | NotCompared:
    """Answer one row of GCViewer's tests."""
    text, tolerance = tolerance_of(row.value)
    found = EVENT.fullmatch(row.quantity)
    if not found:
        return whole(row.quantity, text, tolerance, events(read))
    listed, index = events(read), int(found[1])
    if index >= len(listed):
        return Answer(None, text)
    event = listed[index]
    return of_event(found[2], text, tolerance, event)._replace(line=int(event.row["line"]))


def of_event(what: str, text: str, tolerance: float, event: Event) -> Answer:
    sizes = {"heap_before_kb": "before", "heap_after_kb": "after", "heap_total_kb": "committed"}
    flags = {
        "full": event.kind == "full", "is_full": event.kind == "full",
        "is_concurrent": event.family in ("begin", "end", "once"),
        "is_initial_mark": event.kind in ("initial_mark", "young_concurrent_start"),
        "is_remark": event.kind == "remark", "isSystem()": str(event.row.get("cause", "")).startswith("System"),
        "isConcurrentCollectionStart()": starts_a_cycle(event), "isConcurrentCollectionEnd()": ends_a_cycle(event),
    }  # fmt: skip
    if what in sizes:
        return Answer(size_kb(event, f"heap_{sizes[what]}_bytes"), number(text), 0.5)
    if what in flags:
        return Answer(flags[what], text == "true")
    if what == "pause_s":
        return Answer(event.pause, number(text), tolerance)
    if what == "uptime_s":
        return Answer(event.at, number(text), max(tolerance, 5e-4))
    if what == "generation":
        generation = "YOUNG" if event.kind in YOUNG else "ALL" if event.kind == "full" else "TENURED"
        return Answer(generation, words(text))
    if what == "type":
        return Answer(TYPES.get(first_words(event)), words(text))
    if what == "type_string":
        return typed(event, words(text))
    if what == "details().next().getPreUsed()":
        return Answer(size_kb(event, "young_before_bytes"), number(text), 0.5)
    return Answer(None, text)


def size_kb(event: Event, column: str) -> float:
    """Return a size [kB]; GCViewer shows 0 where there is none."""
    value = event.row.get(column, math.nan)
    return 0.0 if math.isnan(value) else value / 1024


def first_words(event: Event) -> str:
    return re.sub(r" ?\(.*", "", event.kind)


def starts_a_cycle(event: Event) -> bool:
    """CMS: when marking ended; G1: the begin of the cycle; Shenandoah: the reset."""
    if event.family == "begin":
        return bool(event.row["cycle"])
    return (event.family, event.kind.lower()) in {("end", "mark"), ("once", "reset")}


def ends_a_cycle(event: Event) -> bool:
    name = event.kind.lower()
    return event.family == "end" and ("name" not in event.row or name == "reset")


def typed(event: Event, wanted: str) -> Answer:
    """Compare the label of an event; names of the unified log are compared by their beginning."""
    if event.family == "stop":
        return Answer(STOPPED, wanted)
    if wanted.startswith("UJL_PAUSE") or wanted.startswith("UJL_"):  # an enum's name for the label's beginning
        if wanted.startswith("UJL_G1_CONCURRENT_CYCLE"):
            return Answer(event.family in ("begin", "end"), True)
        return Answer(TYPES.get(event.kind), wanted.split(".")[0])
    if event.family in ("begin", "end", "once"):
        return Answer(normal(event.kind), normal(wanted))
    return Answer(any(label.startswith(wanted) for label in labels(event)), True)


def normal(name: str) -> str:
    """Return a phase's name without who runs it: "CMS-concurrent-mark" and "Concurrent Mark" are one."""
    return re.sub(r"^(?:cms |gc )?(?:concurrent )?", "", re.sub(r"[\s-]+", " ", name.lower())).strip()


def labels(event: Event) -> list[str]:
    """Return how GCViewer may write the type of a pause, with its cause: of the unified log and of JDK 8."""
    cause = f" ({event.row['cause']})" if event.row["cause"] else ""
    unified = LABELS.get(event.kind, "?") + cause
    if event.kind == "full":
        return [unified, f"Full GC{cause}"]
    kinds = {"young": " (young)", "mixed": " (mixed)", "young_concurrent_start": " (young) (initial-mark)"}
    kind = kinds.get(event.kind, "")
    return [unified, f"GC pause{cause}{kind}", f"GC{cause}"]


def whole(quantity: str, text: str, tolerance: float, listed: list[Event]) -> Answer | NotCompared:
    """Answer what is asked of the whole log."""
    stopping = [e for e in listed if e.family in ("pause", "stop")]
    full = [e for e in listed if e.family == "pause" and e.kind == "full"]
    other = [e for e in listed if e.family == "pause" and e.kind != "full"]
    heap = [size_kb(e, "heap_committed_bytes") for e in listed if e.family == "pause"]
    figures = {
        "n_events": len(listed), "n_all_pauses": len(stopping), "n_full_gc": len(full), "n_gc_pauses": len(other),
        "n_vm_operation_pauses": len(stopping) - len(full) - len(other),
        "sum_all_pauses_s": sum(e.pause for e in stopping), "sum_full_gc_s": sum(e.pause for e in full),
        "sum_gc_pauses_s": sum(e.pause for e in other), "max_pause_s": max((e.pause for e in stopping), default=0.0),
        "heap_allocated_max_kb": max(heap, default=0.0), "footprint_kb": max(heap, default=0.0),
        "n_gc_pause_types": kinds_of(other), "n_full_gc_types": kinds_of(full),
        "n_concurrent_event_types": len({normal(e.kind) for e in listed if e.family in ("begin", "end", "once")}),
        "throughput_pct": throughput(listed, stopping),
    }  # fmt: skip
    if quantity not in figures:
        return NotCompared(INTERNAL.get(quantity, "a quantity of GCViewer's that our tables do not claim to hold"))
    if text == "not(0)":
        return Answer(figures[quantity] > 0, True)
    if quantity == "throughput_pct":
        tolerance = max(tolerance, grain_of_throughput(listed, figures["sum_all_pauses_s"]))
    return Answer(figures[quantity], number(text), tolerance)


def grain_of_throughput(listed: list[Event], stopped: float) -> float:
    """Return what two stamps rounded to a millisecond, those of the first and the last event, may change [%]."""
    at = [e.at for e in listed]
    running = max(at) - min(at)
    return 100 * stopped * 2e-3 / running**2 if running else 0.0


def kinds_of(listed: list[Event]) -> int:
    return len({(e.kind, e.row["cause"]) for e in listed})


def throughput(listed: list[Event], stopping: list[Event]) -> float:
    """Return GCModel.getThroughput: time between the first and the last event, and the last pause."""
    if not stopping:
        return math.nan
    at = [round(e.at, 3) for e in listed]
    running = max(at) - min(at) + stopping[-1].pause
    return 100 * (running - sum(e.pause for e in stopping)) / running if running else math.nan
