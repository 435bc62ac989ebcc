"""Messages of PostgreSQL in one canonical form each: what our reader reads of them, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from analysis.pack.scrub import Scrubber
from analysis.sources.pglog.collected import REQUESTS, ROUTES
from analysis.sources.pglog.durations import without_duration
from analysis.sources.pglog.messages import (
    CHECKPOINT,
    LOCK,
    SESSION,
    checkpoint_done,
    connection_of,
    holders_of,
    lock_wait_of,
    requested_of,
    temp_file_bytes,
)  # fmt: skip
from analysis.sources.pglog.records import Extra
from analysis.sql.tags import tags_of

__all__ = ["error_message", "route_of", "spoken"]

RAISED = b"P0001"  # raise_exception: the words are the author's, nothing is known of them
STARTS = {
    "received": "connection received:", "authorized": "connection authorized:",
    "replication": "replication connection authorized:",
}  # fmt: skip


def route_of(text: bytes, scrub: Scrubber) -> str:
    """Return the comment of a statement with no more than its route and a pseudonym of its request id; "" if none.

    Examples
    --------
    >>> from analysis.pack.pseudonyms import Pseudonyms
    >>> route_of(b"select 1 /* route='%2Fv1%2Fitems',user='kim' */", Scrubber(Pseudonyms(bytes(32))))
    " /*route='%2Fv1%2Fitems'*/"
    """
    if not text.endswith(b"*/"):
        return ""
    tags = tags_of(text[text.rfind(b"/*") :].decode("utf-8", "replace"))
    route = next((tags[k] for k in ROUTES if tags.get(k)), "")
    request = next((tags[k] for k in REQUESTS if tags.get(k)), "")
    parts = [f"route='{quote(scrub.route(route), safe='')}'"] if route else []
    parts += [f"request_id='{quote(scrub.personal(request, 'request id'), safe='')}'"] if request else []
    return f" /*{','.join(parts)}*/" if parts else ""


def error_message(shown: str, state: bytes, scrub: Scrubber) -> str:
    """Return what may be said of a message of ERROR, FATAL or PANIC that our reader shows so."""
    return scrub.names.of(shown, "message of an application") if state == RAISED else scrub.text(shown) or "?"


def spoken(severity: bytes, text: bytes, extra: Extra | None, scrub: Scrubber) -> Mapping[str, str]:
    """Return message, detail and statement of a record without a duration: LOG, DETAIL, STATEMENT and the like.

    Parameters
    ----------
    severity : bytes
        LOG, or of a line that follows a record.
    text : bytes
        The message.
    extra : Extra or None
        The fields beside it.
    scrub : Scrubber
        Of the pack.
    """
    if severity == b"STATEMENT":
        return {"message": scrub.statement(text.decode("utf-8", "replace")) or ";"}
    if severity == b"DETAIL":
        return {"message": _holders(text) or "?"}
    said = {"message": _logged(text, scrub) if severity == b"LOG" else "?"}
    if severity == b"LOG" and extra is not None:
        statement = scrub.statement(extra.statement.decode("utf-8", "replace")) if extra.statement else ""
        said |= {"detail": _holders(extra.detail), "statement": statement or (";" if extra.statement else "")}
    return said


def _holders(text: bytes) -> str:
    pids = holders_of(text)
    return f"Processes holding the lock: {pids.replace(' ', ', ')}." if pids else ""


def _logged(text: bytes, scrub: Scrubber) -> str:
    if (found := connection_of(text)) is not None:
        return _connection(text, *found, scrub)
    if requested_of(text) is not None:
        return "checkpoint starting: time" if not requested_of(text) else "checkpoint starting: wal"
    if checkpoint_done(text) is not None and (done := CHECKPOINT.match(text)):
        buffers, write, sync, total, longest = (None if part is None else part.decode() for part in done.groups())
        files = "" if longest is None else f"; sync files=0, longest={longest} s"
        return (
            f"checkpoint complete: wrote {buffers} buffers (?); write={write} s, sync={sync} s, total={total} s{files}"
        )
    if (wait := lock_wait_of(text)) is not None and (said := LOCK.match(text)):
        what, after = scrub.text(wait.object), said[5].decode()
        return f"process {wait.pid} {said[2].decode()} {wait.mode} on {what} after {after} ms"
    if (size := temp_file_bytes(text)) is not None:
        return f'temporary file: path "?", size {size}'
    if (statement := without_duration(text)) is not None:
        kind, start = statement
        body = scrub.statement(text[start:].decode("utf-8", "replace")) + route_of(text, scrub)
        return f"execute <unnamed>: {body}" if kind == b"execute" else f"statement: {body}"
    return "?"


def _connection(text: bytes, result: str, named: dict[str, str], scrub: Scrubber) -> str:
    told = [f"{key}={scrub.client(value) if key == 'host' else scrub.text(value)}" for key, value in named.items()]
    if result == "disconnected":
        lasted = SESSION.search(text)
        start = f"disconnection: session time: {lasted[0].decode().rpartition(' ')[2] if lasted else '?'}"
    else:
        start = STARTS[result]
    return " ".join([start, *told])
