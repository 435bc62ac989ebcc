"""The document of `postmortem db` in words: what it is of, the statements that took longest, and what is not known."""

from __future__ import annotations

from typing import Any

from analysis.db.coverage import MOST_UNREAD_RATIO, unread_ratio
from analysis.db.plain import plain_word, table, wrapped
from analysis.findings import number, value

__all__ = ["document_lines"]

UNKNOWN = "unknown"
NAME = 24
TOP, MOST_ERRORS, TEXT_COLUMNS = 15, 10, 60


def document_lines(document: dict[str, Any]) -> list[str]:
    """Return the document as lines of text; what was read comes first where much of it was not understood.

    Parameters
    ----------
    document : dict
        From `db.document.as_document`.

    Examples
    --------
    >>> from analysis.db.coverage import nothing_read
    >>> from analysis.db.document import as_document
    >>> document_lines(as_document("pgss", [], nothing_read(1)))[0]
    'pgss: when it was is unknown'
    """
    coverage = _coverage(document["coverage"])
    bad = unread_ratio(document["coverage"]) > MOST_UNREAD_RATIO or bool(document["coverage"]["truncated"])
    blocks = [
        _head(document), _top(document), _load(document), _pools(document), _errors(document), _silences(document)
    ]  # fmt: skip
    lines = [line for block in blocks if block for line in (*block, "")]
    warning = ["INCOMPLETE: the figures are of what was understood."]
    return [*warning, *coverage, "", *lines[:-1]] if bad else lines + coverage


def _head(document: dict[str, Any]) -> list[str]:
    window, source = document["window"], document["source"]
    if window["start"] is None:
        first = f"{source}: when it was is unknown"
    else:
        start, end = (t.replace("T", " ")[:-4] for t in (window["start"], window["end"]))
        shown = end[11:] if end[:10] == start[:10] else end
        first = f"{source}: {start} to {shown} UTC, {_seconds(window['duration_seconds'])}"
    rows = [("statements", _statements(document["statements"]))]
    if document["source"] not in ("ash", "pgss", "pi", "hikari"):
        rows += _of_log(document)
    return [first, *(line for name, text in rows for line in _row(name, text))]


def _statements(said: dict[str, Any]) -> str:
    if said["n"] is None:
        known = said["total_seconds"] is not None
        return f"not counted; {_seconds(said['total_seconds'])} of work, estimated" if known else UNKNOWN
    least = "at least " if said.get("lower_bound") else ""
    parts = [f"{least}{number(said['n'])}, {_seconds(said['total_seconds'])} together"]
    if said.get("untimed"):
        parts.append(f"{number(said['untimed'])} of them logged without a duration, whose seconds are unknown")
    if said.get("plans"):
        parts.append(f"{number(said['plans'])} plans, which are not counted as statements")
    return "; ".join(parts)


def _of_log(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows of what only a log tells: what was not logged is unknown, never 0."""
    c, locks, files = document["connections"], document["lock_waits"], document["temp_files"]
    done, prepared = document["checkpoints"], document["preparations"]
    said = [f"{name} {_count(c[name])}" for name in ("authorized", "refused", "failed")]
    rows = [("connections", ", ".join(said))]
    if prepared:
        text = "; ".join(f"{k} {number(p['n'])}, {_seconds(p['total_seconds'])}" for k, p in prepared.items())
        rows.append(("prepared", f"{text} (not in the statements)"))
    rows.append(("lock waits", "none logged" if locks is None else (
        f"{number(locks['waiting'])} long ones, {number(locks['acquired'])} of locks that were got, after "
        f"{_seconds(locks['acquired_seconds'])} together")))  # fmt: skip
    rows.append(("temporary files", "none logged" if files is None else (
        f"{number(files['n'])}, {_bytes(files['bytes'])} together, largest {_bytes(files['max_bytes'])}")))  # fmt: skip
    rows.append(("checkpoints", "none logged" if done is None else (
        f"{number(done['n'])}, {number(done['requested'])} of them on request, longest "
        f"{_seconds(done['max_seconds'])}, longest sync {_seconds(done['longest_sync_seconds'])}")))  # fmt: skip
    return rows


def _top(document: dict[str, Any]) -> list[str]:
    found, total = document["fingerprints"], document["statements"]["total_seconds"]
    if not found:
        return []
    head = ("total", "share", "calls", "mean", "p95", "max", "statement")
    rows = [
        (
            _seconds(f["total_seconds"]) if f["total_seconds"] is not None else _sessions(f["aas_sessions"]),
            value(f["total_seconds"] / total, "ratio").text if total and f["total_seconds"] is not None else "–",
            "–" if f["calls"] is None else number(f["calls"]),
            *("–" if f[n] is None else _seconds(f[n]) for n in ("mean_seconds", "p95_seconds", "max_seconds")),
            _short(f["text"]),
        )
        for f in found[:TOP]
    ]
    left = len(found) - len(rows)
    return table(head, rows, left=1) + ([f"  and {number(left)} more"] if left else [])


def _load(document: dict[str, Any]) -> list[str]:
    aas = document["aas"]
    if aas is None:
        reason = document.get("aas_reason")
        return wrapped("average active sessions: unknown; ", reason) if reason else []
    of = f" in {number(aas['samples'])} samples, {_seconds(aas['interval_seconds'])} apart" if "samples" in aas else ""
    if aas.get("low") is not None:
        of = f" ({_sessions(aas['low'])} to {_sessions(aas['high'])} at 95 %){of}"
    least = "at least " if aas.get("lower_bound") else ""
    beside = f", of {_sessions(aas['vcpus'])} virtual CPUs" if aas.get("vcpus") else ""
    said = f"average active sessions: {least}{_sessions(aas['sessions'])}{beside}{of}"
    rows = [(_sessions(w["sessions"]), value(w["sessions"] / aas["sessions"], "ratio").text, plain_word(w["wait"]))
            for w in aas["by_wait"][:TOP] if aas["sessions"]]  # fmt: skip
    left = len(aas["by_wait"]) - len(rows)
    more = [f"  and {number(left)} more"] if left > 0 and rows else []
    return [said, *table(("sessions", "share", "waiting for"), rows, left=1), *more] if rows else [said]


def _pools(document: dict[str, Any]) -> list[str]:
    rows = [
        (number(p["n"]), _seconds(p["waited_max_seconds"]),
         *(_count(p[f"{g}_max"]) for g in ("total", "active", "waiting")), plain_word(p["pool"]))
        for p in document.get("pool_timeouts", [])
    ]  # fmt: skip
    head = ("timeouts", "longest wait", "most connections", "most active", "most waiting", "pool")
    return table(head, rows, left=1) if rows else []


def _errors(document: dict[str, Any]) -> list[str]:
    if "errors" not in document:
        return []
    found = document["errors"]
    if not found:
        return ["errors: none logged"]
    rows = [(number(e["n"]), e["severity"], e["sqlstate"] or "–", _short(e["message"])) for e in found[:MOST_ERRORS]]
    left = len(found) - len(rows)
    total = number(sum(e["n"] for e in found))
    return [f"errors: {total}", *table(("n", "severity", "SQLSTATE", "message"), rows, left=3)] + (
        [f"  and {number(left)} more kinds"] if left else []
    )


def _silences(document: dict[str, Any]) -> list[str]:
    said = [line for text in document.get("not_logged", []) for line in wrapped("  - ", text)]
    return ["what this log cannot tell", *said] if said else []


def _coverage(coverage: dict[str, Any]) -> list[str]:
    lines, good, bad = (_count(coverage[name]) for name in ("lines", "recognised", "unrecognised"))
    files = f"{number(coverage['files'])} file{'' if coverage['files'] == 1 else 's'}"
    found = [f"read: {files}, {lines} lines, {good} recognised, {bad} not understood"]
    found += [f"  not understood: {text}" for text in coverage["samples"]]
    found += [f"  cut short: {plain_word(name)}" for name in coverage["truncated_files"]]
    return found + [line for note in coverage["notes"] for line in wrapped("  note: ", note)]


def _row(name: str, text: str) -> list[str]:
    return wrapped(f"  {name:<{NAME - 2}}", text, rest=" " * NAME)


def _short(text: str) -> str:
    shown = plain_word(text)
    return shown if len(shown) <= TEXT_COLUMNS else shown[: TEXT_COLUMNS - 1] + "…"


def _seconds(x: float | None) -> str:
    return UNKNOWN if x is None else value(x, "seconds").text


def _sessions(x: float | None) -> str:
    return UNKNOWN if x is None else number(x)


def _count(n: int | None) -> str:
    return UNKNOWN if n is None else number(n)


def _bytes(x: float | None) -> str:
    if x is None:
        return UNKNOWN
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if x < 1024 or unit == "GiB":
            return f"{number(x)} {unit}"
        x /= 1024
    return UNKNOWN
