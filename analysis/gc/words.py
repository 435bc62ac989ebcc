"""The document of `postmortem gc` in words: a compact block for each life, then what was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.findings import number
from analysis.gc.gist import MOST_LIVES, gist, lives_table
from analysis.gc.phrases import (
    NAME,
    UNKNOWN,
    WIDTH,
    count_text,
    moment,
    ratio_text,
    seconds_text,
    size_text,
    table,
    wrapped,
)
from analysis.hypotheses.gc.diagnoses.diagnosis import counted, plain_word
from analysis.signals.gc_heap import CONCURRENT

__all__ = ["document_lines", "event_lines", "life_lines"]

GENERATIONAL = ("Serial", "Parallel", "CMS", "G1", "GenZGC", "GenShenandoah")
FAILING = ("Serial", "Parallel", "CMS", "G1")  # copy with the threads stopped, so that room may run out
MOST_CAUSES = 12


def document_lines(document: dict[str, Any], *, width: int = WIDTH) -> list[str]:
    """Return lives, what was read, and pauses if the document has them, as lines of text.

    Parameters
    ----------
    document : dict
        From `gc.document.as_document`.
    width : int
        Columns; a table is as wide as its words. Of many lives those that stood still longest are told in full, after
        a table of all.

    Examples
    --------
    >>> from analysis.gc.coverage import nothing_read
    >>> document_lines({"lives": [], "coverage": nothing_read(1)})
    ['read: 1 file, unknown lines, unknown of a GC log, unknown not understood']
    """
    lives = document["lives"]
    most = sorted(range(len(lives)), key=lambda i: -(lives[i]["stw_seconds"] or 0.0))[:MOST_LIVES]
    blocks = [life_lines(lives[i], width=width) for i in sorted(most)]
    all_lives = lives_table(lives) if len(lives) > 1 else []
    events = event_lines(document["events"]) if "events" in document else []
    told = [line for block in (all_lives, *blocks, events) if block for line in (*block, "")]
    return told + _coverage(document["coverage"], width)


def life_lines(life: dict[str, Any], *, width: int = WIDTH) -> list[str]:
    """Return one life as lines of text: who and when, the gist, numbers, causes, what was seen, what is not logged.

    Parameters
    ----------
    life : dict
        From `gc.lives.life_document`.
    width : int
        Columns.
    """
    parts = [_head(life, width), *[wrapped("  ", text, width, rest="  ") for text in gist(life)], [""]]
    parts += [_numbers(life, width), _causes(life), _findings(life, width), _silences(life, width)]
    return [line for part in parts for line in part]


def _head(life: dict[str, Any], width: int) -> list[str]:
    machine = [
        f"{counted(life['cpus'], 'CPU').text}" if life["cpus"] else "",
        f"{size_text(life['memory_bytes'])} of memory" if life["memory_bytes"] else "",
        f"{counted(life['workers'], 'GC thread').text}" if life["workers"] else "",
        f"heap at most {size_text(life['heap_max_bytes'])}" if life["heap_max_bytes"] else "",
        f"regions of {size_text(life['region_bytes'])}" if life["region_bytes"] else "",
    ]
    who = f"{plain_word(life['jvm'])}: {life['collector'] or 'unknown collector'}, JDK {life['jdk'] or UNKNOWN}"
    first = wrapped("", ", ".join([who, *(m for m in machine if m)]), width, rest="    ")
    lasted, began = seconds_text(life["duration_seconds"]), seconds_text(life["uptime_seconds"])
    if life["start"] is None:
        if life["time_quality"] == "none":
            return [*first, "  when it ran, and for how long, is unknown"]
        return [
            *first,
            f"  {lasted} from an uptime of {began}; times of day are unknown",
        ]
    start, end = (t.replace("T", " ")[:-4] for t in (life["start"], life["end"]))
    same_day = start[:10] == end[:10]
    return [*first, f"  {start} to {end[11:] if same_day else end} UTC, {lasted}"]


def _numbers(life: dict[str, Any], width: int) -> list[str]:
    """Return the numbers, one a line: what was not logged is unknown, what did not happen is 0."""
    p, s, w = life["pauses"], life["safepoints"], life["stalls"]
    left = "in use after cycles" if life["collector"] in CONCURRENT else "old collections left"
    rows = [
        ("pauses", _pauses(p)),
        ("stop-the-world", f"{seconds_text(life['stw_seconds'])}, throughput {_fine_ratio(life['throughput_ratio'])}"),
        ("safepoints", f"{number(s['n'])}, {seconds_text(s['total_seconds'])} together, longest time to reach one "
                       f"{seconds_text(s['ttsp_max_seconds'])}" if s["n"] else UNKNOWN),
        ("stalls of threads", _stalls(w)),
        ("full collections", count_text(life["full_gc"])),
        ("degenerated", count_text(life["degenerated_gc"])),
        ("evacuation failures", count_text(life["evacuation_failures"])),
        ("concurrent cycles", f"{number(life['cycles']['n'])}, {number(life['cycles']['aborted'])} aborted"),
        ("allocated", _rate(life["allocation_bytes_per_second"])),
        ("promoted", _rate(life["promotion_bytes_per_second"])),
        (left, _left(life)),
        ("CPU of pauses", _cpu(life)),
        ("could run, at worst", _mmu(life["mmu"])),
    ]  # fmt: skip
    hidden = {"degenerated": not life["degenerated_gc"], "concurrent cycles": not life["cycles"]["n"]}
    hidden |= {"stalls of threads": w["n"] == 0, left: not life["live_set_n"]}
    hidden |= {"promoted": life["promotion_bytes_per_second"] is None and _lacks(life, GENERATIONAL)}
    hidden |= {"evacuation failures": not life["evacuation_failures"] and _lacks(life, FAILING)}
    shown = [(f"  {name:<{NAME - 2}}", text) for name, text in rows if not hidden.get(name)]
    return [line for name, text in shown for line in wrapped(name, text, width)]


def _lacks(life: dict[str, Any], collectors: Sequence[str]) -> bool:
    """Return whether the collector is known and none of some: what cannot be has no row."""
    return life["collector"] is not None and life["collector"] not in collectors


def _pauses(pauses: dict[str, Any]) -> str:
    if pauses["n"] is None:
        return UNKNOWN
    if not pauses["n"]:
        return "0"
    at = ", ".join(f"{name} {seconds_text(pauses[name])}" for name in ("p50", "p95", "p99"))
    inside = f"; {number(pauses['nested'])} more inside others" if pauses["nested"] else ""
    total = f"{number(pauses['n'])}, {seconds_text(pauses['total_seconds'])} together"
    return f"{total}; {at}, longest {seconds_text(pauses['max'])}{inside}"


def _stalls(stalls: dict[str, Any]) -> str:
    if not stalls["n"]:
        return UNKNOWN if stalls["n"] is None else "0"
    return (
        f"{number(stalls['n'])} in {counted(stalls['threads'], 'thread').text}, "
        f"{seconds_text(stalls['thread_seconds'])} added up over threads; at least one stalled during "
        f"{seconds_text(stalls['union_seconds'])} ({ratio_text(stalls['union_ratio'])} of the time), longest "
        f"{seconds_text(stalls['max_seconds'])}"
    )


def _left(life: dict[str, Any]) -> str:
    """Return what collections of the old left in use: least and most, how many, and the last with its end."""
    if not life["live_set_n"]:
        return UNKNOWN
    least, most, last = (size_text(life[f"live_set_{name}bytes"]) for name in ("least_", "most_", ""))
    if life["live_set_n"] == 1:
        return f"{last} (n = 1{_ended(life)})"
    return f"{least} to {most} (n = {number(life['live_set_n'])}), after the last {last}{_ended(life)}"


def _ended(life: dict[str, Any]) -> str:
    if life["live_set_end"] is None:
        return ""
    return f", ended {moment(life['live_set_end'], None, within=(life['start'], life['end']))}"


def _cpu(life: dict[str, Any]) -> str:
    """Return the CPU time of the pauses, and its share of what the CPUs gave where their number is logged."""
    if life["gc_cpu_seconds"] is None:
        return UNKNOWN
    share = life["gc_cpu_ratio"]
    of = "" if share is None else f", {ratio_text(share)} of {counted(life['cpus'], 'CPU').text}"
    return f"{seconds_text(life['gc_cpu_seconds'])}{of}"


def _mmu(points: list[dict[str, Any]]) -> str:
    """Return the share of the worst stretch of each length in which the threads could run."""
    shown = [f"{ratio_text(p['utilisation_ratio'])} of {seconds_text(p['window_seconds'])}" for p in points]
    return ", ".join(shown) + " (MMU)" if shown else UNKNOWN


def _causes(life: dict[str, Any]) -> list[str]:
    rows = [
        (r["kind"].replace("_", " "), plain_word(r["cause"] or "–"), number(r["n"]), seconds_text(r["total_seconds"]),
         seconds_text(r["max_seconds"]))
        for r in life["causes"][:MOST_CAUSES]
    ]  # fmt: skip
    if not rows:
        return []
    left = len(life["causes"]) - len(rows)
    more = [f"  and {counted(left, 'more row').text}"] if left > 0 else []
    return ["", *table(("kind", "cause", "n", "together", "longest"), rows, left=2), *more]


def _findings(life: dict[str, Any], width: int) -> list[str]:
    if life["findings_withheld"]:
        why = f"nothing is named here, and the figures may be of a part only: {life['findings_withheld']}"
        return ["", *wrapped("  ", why, width, rest="  ")]
    said = [line for f in life["findings"] for line in wrapped("  - ", f["statement"], width, rest="    ")]
    return ["", "  seen (observations, not verdicts)", *said] if said else []


def _silences(life: dict[str, Any], width: int) -> list[str]:
    said = [line for text in life["not_logged"] for line in wrapped("  - ", text, width, rest="    ")]
    return ["", "  what this log cannot tell", *said] if said else []


def _coverage(coverage: dict[str, Any], width: int) -> list[str]:
    lines = [count_text(coverage[name]) for name in ("lines", "gc_lines", "unrecognised")]
    files = counted(coverage["files"], "file").text
    word = "line" if coverage["lines"] == 1 else "lines"
    found = [f"read: {files}, {lines[0]} {word}, {lines[1]} of a GC log, {lines[2]} not understood"]
    found += [f"  not understood: {text}" for text in coverage["samples"]]
    found += [f"  passed over: {plain_word(s['file'])}: {s['what']}" for s in coverage["skipped"]]
    found += [f"  cut short: {plain_word(name)}" for name in coverage["truncated_files"]]
    if coverage["gaps"]:
        seconds = sum(gap["seconds"] for gap in coverage["gaps"])
        gaps = counted(len(coverage["gaps"]), "stretch", "stretches").text
        found.append(f"  lines are missing in {gaps}, {seconds_text(seconds)} together: unknown, not quiet")
    return found + [line for note in coverage["notes"] for line in wrapped("  note: ", note, width, rest="    ")]


def event_lines(events: list[dict[str, Any]]) -> list[str]:
    """Return the pauses as a table: when, how long, what, why, heap, and the line that says it.

    Parameters
    ----------
    events : list of dict
        From `gc.events.events_of`.

    Examples
    --------
    >>> event_lines([])
    ['no pauses']
    """
    rows = [
        (
            (e["end"] or seconds_text(e["uptime_seconds"])).replace("T", " "), seconds_text(e["duration_seconds"]),
            (e["kind"] or "other").replace("_", " ") + (" (inside)" if e["nested"] else ""),
            plain_word(e["cause"] or "–"),
            f"{size_text(e['heap_before_bytes'])} to {size_text(e['heap_after_bytes'])}",
            f"{plain_word(e['file'])}:{e['line'] or UNKNOWN}",
        )
        for e in events
    ]  # fmt: skip
    return table(("end", "took", "kind", "cause", "heap", "line"), rows, left=6) if rows else ["no pauses"]


def _fine_ratio(x: float | None) -> str:
    """Return a share that may be next to all: with as many digits as tell it from all."""
    return UNKNOWN if x is None else f"{number(100 * x, 5)} %"


def _rate(x: float | None) -> str:
    return UNKNOWN if x is None else f"{size_text(x)} a second"
