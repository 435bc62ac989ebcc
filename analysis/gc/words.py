"""The document of `postmortem gc` in words: a compact block for each life, then what was read."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from analysis.findings import number, value
from analysis.hypotheses.gc.diagnoses.diagnosis import counted, plain_word, size

__all__ = ["document_lines", "event_lines", "life_lines"]

WIDTH = 110
NAME = 24  # columns of the names at the left
MOST_CAUSES = 12
UNKNOWN = "unknown"
FIXED = "\N{NO-BREAK SPACE}"
UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|[KMG]iB)(?!\w))")


def document_lines(document: dict[str, Any]) -> list[str]:
    """Return lives, what was read, and pauses if the document has them, as lines of text.

    Parameters
    ----------
    document : dict
        From `gc.document.as_document`.

    Examples
    --------
    >>> from analysis.gc.coverage import nothing_read
    >>> document_lines({"lives": [], "coverage": nothing_read(1)})
    ['read: 1 file, unknown lines, unknown of a GC log, unknown not understood']
    """
    blocks = [life_lines(life) for life in document["lives"]]
    events = event_lines(document["events"]) if "events" in document else []
    return [line for block in (*blocks, events) if block for line in (*block, "")] + _coverage(document["coverage"])


def life_lines(life: dict[str, Any]) -> list[str]:
    """Return one life as lines of text.

    Parameters
    ----------
    life : dict
        From `gc.lives.life_document`.
    """
    return [*_head(life), *_numbers(life), *_causes(life), *_findings(life), *_silences(life)]


def _head(life: dict[str, Any]) -> list[str]:
    machine = [
        f"{counted(life['cpus'], 'CPU').text}" if life["cpus"] else "",
        f"{_bytes(life['memory_bytes'])} of memory" if life["memory_bytes"] else "",
        f"{counted(life['workers'], 'GC thread').text}" if life["workers"] else "",
        f"heap at most {_bytes(life['heap_max_bytes'])}" if life["heap_max_bytes"] else "",
        f"regions of {_bytes(life['region_bytes'])}" if life["region_bytes"] else "",
    ]
    who = f"{life['collector'] or 'unknown collector'}, JDK {life['jdk'] or UNKNOWN}"
    first = f"{plain_word(life['jvm'])}: " + ", ".join([who, *(m for m in machine if m)])
    lasted = _seconds(life["duration_seconds"])
    if life["start"] is None:
        if life["time_quality"] == "none":
            return [first, "  when it ran, and for how long, is unknown"]
        return [first, f"  {lasted} from an uptime of {_seconds(life['uptime_seconds'])}; times of day are unknown"]
    start, end = (t.replace("T", " ")[:-4] for t in (life["start"], life["end"]))
    same_day = start[:10] == end[:10]
    return [first, f"  {start} to {end[11:] if same_day else end} UTC, {lasted}"]


def _numbers(life: dict[str, Any]) -> list[str]:
    """Return the numbers, one a line: what was not logged is unknown, what did not happen is 0."""
    p, s, w = life["pauses"], life["safepoints"], life["stalls"]
    rows = [
        ("pauses", _pauses(p)),
        ("stop-the-world", f"{_seconds(life['stw_seconds'])}, throughput {_fine_ratio(life['throughput_ratio'])}"),
        ("safepoints", f"{number(s['n'])}, {_seconds(s['total_seconds'])} together, longest time to reach one "
                       f"{_seconds(s['ttsp_max_seconds'])}" if s["n"] else UNKNOWN),
        ("stalls of threads", _stalls(w)),
        ("full collections", _count(life["full_gc"])),
        ("degenerated", _count(life["degenerated_gc"])),
        ("evacuation failures", _count(life["evacuation_failures"])),
        ("concurrent cycles", f"{number(life['cycles']['n'])}, {number(life['cycles']['aborted'])} aborted"),
        ("allocated", _rate(life["allocation_bytes_per_second"])),
        ("promoted", _rate(life["promotion_bytes_per_second"])),
        ("left by the last old", _bytes(life["live_set_bytes"])),
        ("CPU of pauses", _cpu(life)),
        ("least utilisation", _mmu(life["mmu"])),
    ]  # fmt: skip
    hidden = {"degenerated": not life["degenerated_gc"], "concurrent cycles": not life["cycles"]["n"]}
    hidden |= {"stalls of threads": w["n"] == 0, "left by the last old": life["live_set_bytes"] is None}
    return [line for name, text in rows if not hidden.get(name) for line in _row(name, text)]


def _row(name: str, text: str) -> list[str]:
    return _wrapped(f"  {name:<{NAME - 2}}", text)


def _wrapped(first: str, text: str, *, rest: str = " " * NAME) -> list[str]:
    """Return text in lines of at most 110 columns; a number and its unit stay together."""
    wrap = textwrap.TextWrapper(WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [line.replace(FIXED, " ") for line in wrap.wrap(UNIT.sub(FIXED, text))] or [first.rstrip()]


def _pauses(pauses: dict[str, Any]) -> str:
    if pauses["n"] is None:
        return UNKNOWN
    if not pauses["n"]:
        return "0"
    at = ", ".join(f"{name} {_seconds(pauses[name])}" for name in ("p50", "p95", "p99"))
    inside = f"; {number(pauses['nested'])} more inside others" if pauses["nested"] else ""
    total = f"{number(pauses['n'])}, {_seconds(pauses['total_seconds'])} together"
    return f"{total}; {at}, longest {_seconds(pauses['max'])}{inside}"


def _stalls(stalls: dict[str, Any]) -> str:
    if not stalls["n"]:
        return UNKNOWN if stalls["n"] is None else "0"
    return (
        f"{number(stalls['n'])} in {counted(stalls['threads'], 'thread').text}, {_seconds(stalls['thread_seconds'])} "
        f"added up over threads; at least one stalled during {_seconds(stalls['union_seconds'])} "
        f"({_ratio(stalls['union_ratio'])} of the time), longest {_seconds(stalls['max_seconds'])}"
    )


def _cpu(life: dict[str, Any]) -> str:
    """Return the CPU time of the pauses, and its share of what the CPUs gave where their number is logged."""
    if life["gc_cpu_seconds"] is None:
        return UNKNOWN
    share = life["gc_cpu_ratio"]
    of = "" if share is None else f", {_ratio(share)} of {counted(life['cpus'], 'CPU').text}"
    return f"{_seconds(life['gc_cpu_seconds'])}{of}"


def _mmu(points: list[dict[str, Any]]) -> str:
    """Return the share of the worst stretch of each length in which the threads could run."""
    shown = [f"{_ratio(p['utilisation_ratio'])} of {_seconds(p['window_seconds'])}" for p in points]
    return ", ".join(shown) or UNKNOWN


def _causes(life: dict[str, Any]) -> list[str]:
    rows = [
        (r["kind"].replace("_", " "), plain_word(r["cause"] or "–"), number(r["n"]), _seconds(r["total_seconds"]),
         _seconds(r["max_seconds"]))
        for r in life["causes"][:MOST_CAUSES]
    ]  # fmt: skip
    if not rows:
        return []
    left = len(life["causes"]) - len(rows)
    more = [f"  and {counted(left, 'more row').text}"] if left > 0 else []
    return ["", *_table(("kind", "cause", "n", "together", "longest"), rows, left=2), *more]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, left: int) -> list[str]:
    """Return rows in columns: the first `left` set flush left, the rest flush right."""
    widths = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
    return [
        "  "
        + "   ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths, strict=True)))
        for r in (head, *rows)
    ]


def _findings(life: dict[str, Any]) -> list[str]:
    if life["findings_withheld"]:
        return ["", *_wrapped("  ", f"nothing is said about this life: {life['findings_withheld']}", rest="  ")]
    said = [line for f in life["findings"] for line in _wrapped("  - ", f["statement"], rest="    ")]
    return ["", "  seen (observations, not verdicts)", *said] if said else []


def _silences(life: dict[str, Any]) -> list[str]:
    said = [line for text in life["not_logged"] for line in _wrapped("  - ", text, rest="    ")]
    return ["", "  what this log cannot tell", *said] if said else []


def _coverage(coverage: dict[str, Any]) -> list[str]:
    lines = [_count(coverage[name]) for name in ("lines", "gc_lines", "unrecognised")]
    files = counted(coverage["files"], "file").text
    word = "line" if coverage["lines"] == 1 else "lines"
    found = [f"read: {files}, {lines[0]} {word}, {lines[1]} of a GC log, {lines[2]} not understood"]
    found += [f"  not understood: {text}" for text in coverage["samples"]]
    found += [f"  cut short: {plain_word(name)}" for name in coverage["truncated_files"]]
    if coverage["gaps"]:
        seconds = sum(gap["seconds"] for gap in coverage["gaps"])
        gaps = counted(len(coverage["gaps"]), "stretch", "stretches").text
        found.append(f"  lines are missing in {gaps}, {_seconds(seconds)} together: unknown, not quiet")
    return found + [line for note in coverage["notes"] for line in _wrapped("  note: ", note, rest="    ")]


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
            (e["end"] or _seconds(e["uptime_seconds"])).replace("T", " "), _seconds(e["duration_seconds"]),
            (e["kind"] or "other").replace("_", " ") + (" (inside)" if e["nested"] else ""),
            plain_word(e["cause"] or "–"),
            f"{_bytes(e['heap_before_bytes'])} to {_bytes(e['heap_after_bytes'])}",
            f"{plain_word(e['file'])}:{e['line'] or UNKNOWN}",
        )
        for e in events
    ]  # fmt: skip
    return _table(("end", "took", "kind", "cause", "heap", "line"), rows, left=6) if rows else ["no pauses"]


def _seconds(x: float | None) -> str:
    return UNKNOWN if x is None else value(x, "seconds").text


def _ratio(x: float | None) -> str:
    return UNKNOWN if x is None else value(x, "ratio").text


def _fine_ratio(x: float | None) -> str:
    """Return a share that may be next to all: with as many digits as tell it from all."""
    return UNKNOWN if x is None else f"{number(100 * x, 5)} %"


def _bytes(x: float | None) -> str:
    return UNKNOWN if x is None else size(x).text


def _rate(x: float | None) -> str:
    return UNKNOWN if x is None else f"{size(x).text} a second"


def _count(n: int | None) -> str:
    return UNKNOWN if n is None else number(n)
