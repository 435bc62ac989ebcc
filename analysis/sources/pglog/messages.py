"""What single messages of a server say: connections, lock waits, temporary files, checkpoints."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = [
    "CheckpointDone", "LockWait", "checkpoint_done", "connection_of", "fatal_result", "holders_of", "lock_wait_of",
    "requested_of", "session_seconds_of", "temp_file_bytes",
]  # fmt: skip

LOCK = re.compile(
    rb"process (\d{1,10}) (still waiting for|acquired|detected deadlock while waiting for|failed to acquire) "
    rb"([A-Za-z]+Lock) on (.{1,300}?) after (\d{1,15}(?:\.\d{1,9})?) ms",
    re.DOTALL,
)
HOLDING = re.compile(rb"Process(?:es)? holding the lock: ([\d, ]{1,4000})")
TEMP = re.compile(rb'temporary file: path ".{1,400}?", size (\d{1,18})', re.DOTALL)
CHECKPOINT = re.compile(
    rb"(?:checkpoint|restartpoint) complete(?: ?\([^)\n]{1,60}\))?: wrote (\d{1,12}) buffers.{0,300}?"
    rb"write=(\d{1,9}(?:\.\d{1,9})?) s, sync=(\d{1,9}(?:\.\d{1,9})?) s, total=(\d{1,9}(?:\.\d{1,9})?) s"
    rb"(?:; sync files=\d{1,9}, longest=(\d{1,9}(?:\.\d{1,9})?) s)?",
    re.DOTALL,
)
CHECKPOINT_STARTS = re.compile(rb"(?:checkpoint|restartpoint) starting: ?([a-z -]{0,80})")
SESSION = re.compile(rb"session time: (\d{1,6}):(\d\d):(\d\d(?:\.\d{1,6})?)")
NAMED = re.compile(
    rb"(user|database|application_name|host)=(.*?)(?= (?:user|database|application_name|host|port|SSL|GSS)[= ]|$| \()"
)
REFUSED = re.compile(
    rb"sorry, too many clients already|remaining connection slots are reserved|"
    rb"too many connections for (?:role|database|user)|number of requested standby connections exceeds"
)
FAILED = re.compile(
    rb"password authentication failed|no pg_hba\.conf entry|(?:role|database) \".{0,200}\" does not exist|"
    rb"\S{1,20} authentication failed|pg_hba\.conf rejects connection|the database system is |"
    rb"database \".{0,200}\" is not currently accepting connections|role \".{0,200}\" is not permitted to log in|"
    rb"(?:unsupported|invalid) (?:frontend protocol|startup packet)|no PostgreSQL user name specified|"
    rb"permission denied for database|canceling authentication due to timeout|must be superuser to connect",
    re.DOTALL,
)
CLASSES_OF_FAILED = (b"28", b"3D", b"08P")
STATES_OF_FAILED = (b"57P03", b"55000", b"42704")
MIXED = re.compile(
    rb"(?:tuple \([\d,]+\)|transaction \d+|virtual transaction [\d/]+|page \d+|advisory lock \[[\d,]+\])"
)


class LockWait(NamedTuple):
    """A message about a lock: who waits, for what, how long so far [s], whether it was `acquired`."""

    pid: int
    acquired: bool
    mode: str
    object: str
    after_seconds: float


def lock_wait_of(text: bytes) -> LockWait | None:
    """Return what a message says of a wait for a lock, or None; numbers of rows and transactions are left out.

    Examples
    --------
    >>> lock_wait_of(b"process 12 still waiting for ShareLock on transaction 99 after 1000.5 ms")
    LockWait(pid=12, acquired=False, mode='ShareLock', object='transaction ?', after_seconds=1.0005)
    """
    found = LOCK.match(text)
    if found is None:
        return None
    what = MIXED.sub(lambda m: re.sub(rb"[\d/,]+", b"?", m[0]), found[4]).decode("utf-8", "replace")
    return LockWait(int(found[1]), found[2] == b"acquired", found[3].decode(), what, float(found[5]) / 1000)


def holders_of(detail: bytes) -> str:
    """Return the pids that hold a lock, with spaces between.

    Examples
    --------
    >>> holders_of(b"Processes holding the lock: 368, 785. Wait queue: 12.")
    '368 785'
    """
    found = HOLDING.search(detail)
    return " ".join(re.findall(r"\d+", found[1].decode())) if found else ""


def temp_file_bytes(text: bytes) -> int | None:
    """Return the size of a temporary file of which a message tells [bytes], or None.

    Examples
    --------
    >>> temp_file_bytes(b'temporary file: path "base/pgsql_tmp/pgsql_tmp7.0", size 8192')
    8192
    """
    found = TEMP.match(text)
    return None if found is None else int(found[1])


class CheckpointDone(NamedTuple):
    """A checkpoint or restartpoint that is complete: buffers, and seconds; NaN where not logged."""

    buffers: float
    write_seconds: float
    sync_seconds: float
    total_seconds: float
    longest_sync_seconds: float


def checkpoint_done(text: bytes) -> CheckpointDone | None:
    """Return what a message says of a checkpoint that is complete, or None.

    Examples
    --------
    >>> checkpoint_done(b"checkpoint complete: wrote 9 buffers (0.1%); write=0.8 s, sync=0.1 s, total=0.9 s").buffers
    9.0
    """
    found = CHECKPOINT.match(text)
    if found is None:
        return None
    return CheckpointDone(*(float("nan") if v is None else float(v) for v in found.groups()))


def requested_of(text: bytes) -> bool | None:
    """Return whether a checkpoint that starts was requested or due to WAL, not to the clock; None if none starts.

    Examples
    --------
    >>> requested_of(b"checkpoint starting: time"), requested_of(b"checkpoint starting: wal"), requested_of(b"x")
    (False, True, None)
    """
    found = CHECKPOINT_STARTS.match(text)
    return None if found is None else b"time" not in found[1].split()


def session_seconds_of(text: bytes) -> float:
    """Return how long a session lasted that ends [s]; NaN if it is not said.

    Examples
    --------
    >>> session_seconds_of(b"disconnection: session time: 0:01:02.500 user=kim")
    62.5
    """
    found = SESSION.search(text)
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else float("nan")


def connection_of(text: bytes) -> tuple[str, dict[str, str]] | None:
    """Return "received", "authorized", "replication" or "disconnected", and what is named (user, database, host ...).

    Examples
    --------
    >>> connection_of(b"connection authorized: user=kim database=shop application_name=my app")
    ('authorized', {'user': 'kim', 'database': 'shop', 'application_name': 'my app'})
    """
    if text.startswith(b"connection received:"):
        result = "received"
    elif text.startswith(b"connection authorized:"):
        result = "authorized"
    elif text.startswith(b"replication connection authorized:"):
        result = "replication"
    elif text.startswith(b"disconnection: session time:"):
        result = "disconnected"
    else:
        return None
    named = {m[1].decode(): m[2].decode("utf-8", "replace").strip() for m in NAMED.finditer(text[:2000])}
    return result, named


def fatal_result(text: bytes, state: bytes, *, connecting: bool) -> str | None:
    """Return what a FATAL message means for a connection: "refused" (none was left), "failed", or None.

    Parameters
    ----------
    text : bytes
        The message.
    state : bytes
        Its SQLSTATE, b"" if not logged; with it translated messages are told too.
    connecting : bool
        Whether its process was received and not yet authorized.

    Examples
    --------
    >>> fatal_result(b"sorry, too many clients already", b"", connecting=False)
    'refused'
    >>> fatal_result(b"terminating connection due to administrator command", b"57P01", connecting=False) is None
    True
    """
    if state == b"53300" or REFUSED.match(text):
        return "refused"
    told = state.startswith(CLASSES_OF_FAILED) or state in STATES_OF_FAILED or FAILED.match(text) is not None
    return "failed" if told or connecting else None
