"""Our own recordings, counted by another program: every row must be exact."""

import re

import pandas as pd

from tests.sources.gclog.score.answers import Answer, NotCompared, Row
from tests.sources.gclog.score.reads import Read

KINDS = {
    "Pause Full": "full", "Pause Remark": "remark", "Pause Cleanup": "cleanup", "Pause Initial Mark": "initial_mark",
    "Pause Young": "young", "Pause Young (Normal)": "young", "Pause Young (Mixed)": "mixed",
    "Pause Young (Concurrent Start)": "young_concurrent_start", "Pause Young (Prepare Mixed)": "young_prepare_mixed",
    "Pause Mark Start": "z_mark_start", "Pause Mark End": "z_mark_end", "Pause Relocate Start": "z_relocate_start",
    "Pause Init Mark": "shen_init_mark", "Pause Final Mark": "shen_final_mark",
    "Pause Init Update Refs": "shen_init_update", "Pause Final Update Refs": "shen_final_update",
    "Pause Final Roots": "shen_final_roots", "Pause Degenerated GC": "degenerated",
}  # fmt: skip
CYCLES = {"Garbage Collection": "zgc", "Minor Collection": "minor", "Major Collection": "major"}
CAUSES = {
    "n_system_gc_pauses": "System.gc()",
    "n_humongous_cause_pauses": "G1 Humongous Allocation",
    "n_metadata_cause_pauses": "Metadata GC Threshold",
}


def kind_of(label: str) -> str:
    """Return the kind of a label of the counter: its first words, with the parentheses that we know."""
    return KINDS.get(label) or KINDS[re.sub(r" \(.*", "", label)]


def answer(row: Row, read: Read, rows: list[Row]) -> Answer | NotCompared:
    """Answer one row; kinds that the counter splits by what stands in parentheses are compared as their sum."""
    quantity, wanted = row.quantity, float(row.value)
    label = re.fullmatch(r"n_pause\[(.*)\]", quantity)
    if label:
        kind = kind_of(label[1])
        same = [r for r in rows if r.quantity.startswith("n_pause[") and kind_of(r.quantity[8:-1]) == kind]
        return Answer(int((read.log.pauses["kind"] == kind).sum()), sum(float(r.value) for r in same))
    cycle = re.fullmatch(r"n_cycles\[(\w+ Collection) \((.*)\)\]", quantity)
    if cycle:
        cycles = read.log.cycles.loc[~read.log.cycles["aborted"]]  # the counter looks for sizes, which those lack
        return Answer(int(((cycles["kind"] == CYCLES[cycle[1]]) & (cycles["cause"] == cycle[2])).sum()), wanted)
    stall = re.fullmatch(r"(n|sum|max|n_threads_with)_(allocation|relocation)_stall(?:_ms)?", quantity)
    if stall:
        stalls = read.log.stalls
        return Answer(stall_figure(stalls.loc[stalls["kind"] == stall[2]], stall[1]), wanted, 1e-3)
    found = figures(read).get(quantity)
    return NotCompared("a new quantity of the counter") if found is None else Answer(found, wanted, 1e-3)


def stall_figure(stalls: pd.DataFrame, what: str) -> float:
    took = stalls["duration_seconds"] * 1e3
    return {"n": len(took), "sum": took.sum(), "max": took.max(), "n_threads_with": stalls["thread"].nunique()}[what]


def figures(read: Read) -> dict[str, float]:
    pauses, stops = read.log.pauses, read.log.safepoints
    failure = pauses["evacuation_failure"]
    return {
        "n_pause_end_lines": len(pauses),
        "sum_pause_end_lines_ms": pauses["duration_seconds"].sum() * 1e3,
        "max_pause_ms": pauses["duration_seconds"].max() * 1e3,
        "n_safepoints": len(stops),
        "sum_safepoint_total_ns": stops["total_seconds"].sum() * 1e9,
        "sum_time_to_safepoint_ns": stops["reaching_seconds"].sum() * 1e9,
        "max_time_to_safepoint_ns": stops["reaching_seconds"].max() * 1e9,
        "n_stopped_lines": len(stops),
        "sum_stopped_s": stops["total_seconds"].sum(),
        "sum_stopping_s": stops["reaching_seconds"].sum(),
        "n_to_space_exhausted": int((failure == "to_space_exhausted").sum()),
        "n_evacuation_failure_pauses": int(failure.isin(["allocation", "pinned", "both"]).sum()),
        "n_degenerated": int((pauses["kind"] == "degenerated").sum()),
        "n_concurrent_mark_abort": int(read.log.cycles["aborted"].sum()),
        "n_lines": read.report.lines,
    } | {name: int((pauses["cause"] == cause).sum()) for name, cause in CAUSES.items()}
