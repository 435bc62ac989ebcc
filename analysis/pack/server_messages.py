"""Messages of PostgreSQL in one canonical form each: what our reader reads of them, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from analysis.pack.scrub import Scrubber
from analysis.sources.pglog.collected import REQUESTS, ROUTES
from analysis.sources.pglog.durations import without_duration
from analysis.sources.pglog.messages import (
    CHECKPOINT,
    FAILED,
    LOCK,
    REFUSED,
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

# classes of SQLSTATE that the server itself defines for failures (PostgreSQL, appendix A); not 00 to 02, which are no
# failures, and not P0 and 38, under which the words of RAISE, ASSERT and of functions stand
SERVER_CLASSES = frozenset((
    b"03", b"08", b"09", b"0A", b"0B", b"0F", b"0L", b"0P", b"0Z", b"10", b"20", b"21", b"22", b"23", b"24", b"25",
    b"26", b"27", b"28", b"2B", b"2D", b"2F", b"34", b"39", b"3B", b"3D", b"3F", b"40", b"42", b"44", b"53", b"54",
    b"55", b"57", b"58", b"72", b"F0", b"HV", b"XX",
))  # fmt: skip
NAMED = r'"[^"\n]{1,130}"'
# messages of the server whose words are known in full, as `redacted` shows them; all else may be anybody's words
FORMS = re.compile(
    rf"duplicate key value violates unique constraint {NAMED}|deadlock detected|division by zero|out of memory"
    r"|canceling statement due to (?:lock timeout|statement timeout|user request|conflict with recovery)"
    r"|canceling authentication due to timeout|canceling autovacuum task"
    r"|could not obtain lock on (?:row in )?relation (?:\"[^\"\n]{1,130}\"|\d{1,10})|out of shared memory"
    r"|could not serialize access due to (?:concurrent (?:update|delete)"
    r"|read/write dependencies among transactions)|current transaction is aborted, commands ignored until end of "
    r"transaction block|sorry, too many clients already|remaining connection slots are reserved for (?:"
    r"non-replication superuser connections|roles with the SUPERUSER attribute|roles with privileges of the \"[^\"\n]"
    r"{1,130}\" role)|terminating connection due to (?:administrator command|conflict with recovery|idle-in-transaction"
    r" timeout|idle-session timeout|unexpected postmaster exit|transaction timeout)|terminating connection because of "
    r"crash of another server process|the database system is (?:starting up|shutting down|in recovery mode|"
    r"not yet accepting connections|not accepting connections)"
    rf"|too many connections for (?:role|database) {NAMED}|(?:password|Peer|Ident|LDAP|PAM|RADIUS|GSSAPI|SSPI|"
    rf"certificate|BSD) authentication failed for user {NAMED}"
    rf"|(?:relation|table|view|index|sequence|schema|database|role|column|function|type) {NAMED} (?:does not exist|"
    r"already exists)|permission denied for (?:relation|table|view|sequence|schema|database|function) "
    rf"(?:{NAMED}|[A-Za-z_]\w{{0,62}})|(?:new row for relation|null value in column|insert or update on table|"
    rf"update or delete on table) {NAMED}(?: of relation {NAMED})? violates (?:check|not-null|foreign key) constraint"
    rf"(?: {NAMED})?(?: on table {NAMED})?"
    rf"|(?:syntax error at or near|invalid input syntax for type [a-z ]{{1,40}}:) {NAMED}(?: at character \d{{1,9}})?"
    r"|syntax error at end of input|value too long for type character(?: varying)?\(\d{1,9}\)|"
    r"(?:integer|bigint|smallint|numeric field) (?:out of range|overflow)|connection to client lost|"
    r"could not (?:send|receive) data (?:to|from) client: (?:Broken pipe|Connection reset by peer)|"
    r"unexpected EOF on client connection with an open transaction|"
    r"cannot execute [A-Z]{1,20} in a read-only transaction"
)
AUTHENTICATION = re.compile(r"\S{1,20} authentication failed")
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
    """Return what may be said of a message of ERROR, FATAL or PANIC that our reader shows so.

    It stays if its SQLSTATE is one of the server's own classes, or its words are the server's known ones from the first
    to the last; all else may be the words of an application (RAISE) or of a translation, and becomes a pseudonym, with
    no more before it than what tells that a connection was refused or failed.

    Examples
    --------
    >>> from analysis.pack.pseudonyms import Pseudonyms
    >>> scrub = Scrubber(Pseudonyms(bytes(32)))
    >>> error_message("deadlock detected", b"", scrub), error_message("Kim is broke", b"", scrub)[:5]
    ('deadlock detected', 'anon-')
    """
    if (len(state) == 5 and state[:2] in SERVER_CLASSES) or FORMS.fullmatch(shown):
        return scrub.text(shown) or "?"
    data = shown.encode("utf-8", "replace")
    told = REFUSED.match(data) or FAILED.match(data)
    if not told:
        return scrub.personal(shown, "message of an application") or "?"
    start = AUTHENTICATION.sub("? authentication failed", told[0].decode("utf-8", "replace"))
    rest = scrub.personal(data[told.end() :].decode("utf-8", "replace").strip(), "message of an application")
    return f"{scrub.text(start).strip()} {rest}".strip()


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
