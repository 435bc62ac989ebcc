"""A server that never ran: events with a known sum, written in each form that PostgreSQL and its hosts write."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

FIRST = datetime(2026, 11, 22, 18, 0, 0, tzinfo=UTC)
LEVELS = ("detail", "hint", "query", "context", "statement")


@dataclass(frozen=True)
class Event:
    """One report of a server: `at` [s after FIRST]."""

    at: float
    pid: int
    message: str
    severity: str = "LOG"
    state: str = "00000"
    user: str = "shop"
    database: str = "orders"
    application: str = "web"
    host: str = "10.0.0.7"
    detail: str = ""
    hint: str = ""
    query: str = ""
    context: str = ""
    statement: str = ""
    query_id: int = -7235693764237052108
    known: bool = True  # whether the session has a user yet

    @property
    def time(self) -> datetime:
        return FIRST + timedelta(seconds=self.at)


def timed(at: float, pid: int, ms: float, text: str, *, kind: str = "statement", detail: str = "") -> Event:
    return Event(at, pid, f"duration: {ms:.3f} ms  {kind}: {text}", detail=detail)


def story() -> list[Event]:
    """A little of everything: statements, errors, locks; what it comes to is below."""
    return [
        Event(0.000, 900, "database system is ready to accept connections", user="", database="", application="",
              host="", known=False),
        Event(1.001, 101, "connection received: host=10.0.0.7 port=40001", user="", database="", application="",
              known=False),
        Event(1.002, 101, "connection authenticated: identity=\"shop\" method=scram-sha-256 (/etc/pg_hba.conf:9)",
              application=""),
        Event(1.003, 101, "connection authorized: user=shop database=orders application_name=web", application=""),
        timed(2.100, 101, 100.25, "SELECT * FROM carts WHERE id = 17"),
        timed(2.200, 101, 0.25, "SELECT * FROM carts WHERE id = 4711 /* request_id='r-99' */"),
        timed(2.300, 101, 9.5, "INSERT INTO notes (who, text)\n\tVALUES (3, 'line one\nline: two\n\n -- LOG:  no'),"
              "\n(4, 'x')"),
        Event(2.400, 101, "duration: 0.111 ms  parse S_1: SELECT name FROM users WHERE mail = $1"),
        Event(2.401, 101, "duration: 0.222 ms  bind S_1: SELECT name FROM users WHERE mail = $1",
              detail="parameters: $1 = 'kim@example.org'"),
        timed(2.402, 101, 4.0, "SELECT name FROM users WHERE mail = $1", kind="execute S_1",
              detail="parameters: $1 = 'kim@example.org'"),
        timed(2.403, 101, 6.0, "SELECT name FROM users WHERE mail = $1", kind="execute <unnamed>",
              detail="parameters: $1 = 'o''neil, \"x\": y@example.org'"),
        timed(2.404, 101, 1.0, "SELECT name FROM users WHERE mail = $1", kind="execute fetch from S_1/C_2"),
        Event(2.500, 101, "duplicate key value violates unique constraint \"users_mail_key\"", "ERROR", "23505",
              detail="Key (mail)=(kim@example.org) already exists.",
              statement="INSERT INTO users (mail)\nVALUES ('kim@example.org')"),
        timed(2.600, 102, 13.0, "FETCH 10 FROM c1"),
        Event(2.700, 102, "duration: 90.000 ms  plan:\n{\n  \"Query Text\": \"SELECT 1\",\n  \"Plan\": {}\n}"),
        timed(3.000, 102, 0.5, "COMMIT;"),
        timed(3.100, 103, 0.5, "commit"),
        Event(4.000, 104, "process 104 still waiting for ShareLock on transaction 812 after 1000.123 ms",
              detail="Process holding the lock: 101. Wait queue: 104.",
              context="while updating tuple (0,1) in relation \"carts\"",
              statement="UPDATE carts SET n = 2 WHERE id = 17"),
        Event(5.000, 104, "process 104 acquired ShareLock on transaction 812 after 2000.500 ms",
              context="while updating tuple (0,1) in relation \"carts\"",
              statement="UPDATE carts SET n = 2 WHERE id = 17"),
        timed(5.001, 104, 1099.0, "UPDATE carts SET n = 2 WHERE id = 17"),
        Event(6.000, 105, "connection received: host=10.0.0.8 port=40002", user="", database="", application="",
              host="10.0.0.8", known=False),
        Event(6.001, 105, "remaining connection slots are reserved for non-replication superuser connections", "FATAL",
              "53300", host="10.0.0.8", application=""),
        Event(6.002, 106, "sorry, too many clients already", "FATAL", "53300", host="10.0.0.8", application=""),
        Event(7.000, 101, "temporary file: path \"base/pgsql_tmp/pgsql_tmp101.0\", size 1048576",
              statement="SELECT * FROM carts ORDER BY n"),
        timed(7.001, 101, 0.5, "SELECT * FROM carts WHERE id = 18;"),
        Event(8.000, 900, "checkpoint complete: wrote 85 buffers (0.5%); 0 WAL file(s) added, 0 removed, 1 recycled; "
              "write=8.284 s, sync=0.087 s, total=9.766 s; sync files=21, longest=0.040 s, average=0.005 s; "
              "distance=23894 kB, estimate=23894 kB", user="", database="", application="", host="", known=False),
        Event(9.000, 101, "disconnection: session time: 0:00:07.997 user=shop database=orders host=10.0.0.7 port=4"),
    ]  # fmt: skip


N, TOTAL_SECONDS, CLASSES, AUTHORIZED, REFUSED = 11, 1.2345, 6, 1, 2  # what the story comes to
CALLS = Counter({3: 2, 2: 1, 1: 3})  # calls -> classes


def classes_of(document: dict) -> Counter:
    return Counter(row["calls"] for row in document["fingerprints"])


def prefixed(event: Event, prefix: str, number: int, zone: str = "UTC") -> str:
    """Return a log_line_prefix filled in; after %q nothing for a process without a session."""
    time = event.time
    stamp = f"{time:%Y-%m-%d %H:%M:%S}"
    values = {
        "m": f"{stamp}.{time.microsecond // 1000:03d} {zone}", "t": f"{stamp} {zone}", "p": str(event.pid),
        "n": f"{time.timestamp():.3f}", "u": event.user or "[unknown]", "d": event.database or "[unknown]",
        "a": event.application or "[unknown]", "h": event.host or "", "r": f"{event.host}(40001)" if event.host else "",
        "l": str(number), "c": f"6921f0a0.{event.pid:x}", "e": event.state, "x": "0", "v": f"{event.pid % 9}/12",
        "i": "SELECT", "b": "client backend" if event.known else "checkpointer", "Q": str(event.query_id),
        "s": f"{FIRST:%Y-%m-%d %H:%M:%S} {zone}", "P": "", "%": "%",
    }  # fmt: skip
    head, _, tail = prefix.partition("%q")
    used = head + (tail if event.user or event.host else "")

    def fill(found: re.Match) -> str:
        width = found[1].lstrip("-")
        text = values[found[2]]
        return text if not width else text.ljust(int(width)) if found[1][0] == "-" else text.rjust(int(width))

    return re.sub(r"%(-?\d*)([a-zA-Z%])", fill, used)


def lines_of(event: Event) -> list[tuple[str, str]]:
    """Return level and text of the lines of an event, as the server orders them."""
    rest = [(level.upper(), getattr(event, level)) for level in LEVELS]
    return [(event.severity, event.message), *((level, text) for level, text in rest if text)]


def stderr(events: Iterable[Event], prefix: str, *, zone: str = "UTC") -> str:
    out = []
    for number, event in enumerate(events, 1):
        head = prefixed(event, prefix, number, zone)
        out += [f"{head}{level}:  {text}".replace("\n", "\n\t") for level, text in lines_of(event)]
    return "\n".join(out) + "\n"


def csvlog(events: Iterable[Event], *, columns: int = 26, zone: str = "UTC") -> str:
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    for number, e in enumerate(events, 1):
        stamp = f"{e.time:%Y-%m-%d %H:%M:%S}.{e.time.microsecond // 1000:03d} {zone}"
        row = [stamp, e.user, e.database, e.pid, f"{e.host}:40001" if e.host else "", f"6921f0a0.{e.pid:x}", number,
               "SELECT", f"{FIRST:%Y-%m-%d %H:%M:%S} {zone}", "3/12", 0, e.severity, e.state, e.message, e.detail,
               e.hint, e.query, "", e.context, e.statement, "", "", e.application, "client backend", "",
               e.query_id]  # fmt: skip
        writer.writerow(row[:columns])
    return file.getvalue()


def json_record(e: Event, number: int, *, zone: str = "UTC") -> dict:
    stamp = f"{e.time:%Y-%m-%d %H:%M:%S}.{e.time.microsecond // 1000:03d} {zone}"
    row = {"timestamp": stamp, "user": e.user, "dbname": e.database, "pid": e.pid, "remote_host": e.host,
           "remote_port": 40001, "session_id": f"6921f0a0.{e.pid:x}", "line_num": number, "ps": "SELECT",
           "session_start": f"{FIRST:%Y-%m-%d %H:%M:%S} {zone}", "vxid": "3/12", "txid": 0,
           "error_severity": e.severity, "state_code": e.state if e.state != "00000" else "", "message": e.message,
           "detail": e.detail, "hint": e.hint, "context": e.context, "statement": e.statement,
           "application_name": e.application, "backend_type": "client backend", "query_id": e.query_id}  # fmt: skip
    return {name: value for name, value in row.items() if value != ""}


def jsonlog(events: Iterable[Event], *, zone: str = "UTC") -> str:
    return "".join(json.dumps(json_record(e, i, zone=zone)) + "\n" for i, e in enumerate(events, 1))


def cnpg(events: Iterable[Event]) -> str:
    rows = []
    for number, e in enumerate(events, 1):
        stamp = f"{e.time:%Y-%m-%d %H:%M:%S}.{e.time.microsecond // 1000:03d} UTC"
        record = {"log_time": stamp, "user_name": e.user, "database_name": e.database, "process_id": str(e.pid),
                  "connection_from": f"{e.host}:40001" if e.host else "", "session_id": f"6921f0a0.{e.pid:x}",
                  "session_line_num": str(number), "command_tag": "SELECT", "transaction_id": "0",
                  "error_severity": e.severity, "sql_state_code": e.state, "message": e.message, "detail": e.detail,
                  "hint": e.hint, "context": e.context, "query": e.statement, "application_name": e.application,
                  "backend_type": "client backend"}  # fmt: skip
        record = {k: v for k, v in record.items() if v}
        rows.append({"level": "info", "ts": e.time.timestamp(), "logger": "postgres", "msg": "record",
                     "logging_pod": "shop-db-1", "record": record})  # fmt: skip
    rows.insert(
        3, {"level": "info", "ts": 1795370400.5, "logger": "instance-manager", "msg": "Readiness probe failing"}
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def pieces(event: Event, prefix: str, number: int) -> list[str]:
    """Return the lines of one report as syslog splits it: at line feeds, tabs written #011 by the daemon."""
    head = prefixed(event, prefix, number)
    text = "\n".join(f"{head}{level}:  {t}".replace("\n", "\n\t") for level, t in lines_of(event))
    return [line.replace("\t", "#011") for line in text.split("\n") if line]


def syslog(events: Iterable[Event], *, prefix: str = "", modern: bool = False) -> str:
    out = []
    for number, e in enumerate(events, 1):
        for chunk, line in enumerate(pieces(e, prefix, number), 1):
            tag = f"[{number}-{chunk}] {line}"
            out.append(
                f"<134>1 {e.time:%Y-%m-%dT%H:%M:%S}.{e.time.microsecond:06d}+00:00 db-1 postgres {e.pid} - - {tag}"
                if modern else f"{e.time:%b} {e.time.day:2d} {e.time:%H:%M:%S} db-1 postgres[{e.pid}]: {tag}"
            )  # fmt: skip
    return "\n".join(out) + "\n"


def logplex(events: Iterable[Event]) -> str:
    out = []
    for number, e in enumerate(events, 1):
        for chunk, line in enumerate(pieces(e, " sql_error_code = %e ", number), 1):
            stamp = f"{e.time:%Y-%m-%dT%H:%M:%S}+00:00"
            out.append(f"{stamp} app[postgres.{e.pid}]: [AMBER] [{number}-{chunk}] {line.replace('#011', chr(9))}")
    return "\n".join(out) + "\n"


def cloudsql(events: Iterable[Event]) -> str:
    out = []
    for number, e in enumerate(events, 1):
        for line in stderr([e], f"[%p]: [{number}-1] db=%d,user=%u ").rstrip("\n").split("\n"):
            row = {"insertId": f"s=a;i={len(out)}", "logName": "projects/shop/logs/cloudsql.googleapis.com%2Fpostgres",
                   "receiveTimestamp": f"{e.time:%Y-%m-%dT%H:%M:%S}.9Z", "severity": "INFO", "textPayload": line,
                   "timestamp": f"{e.time:%Y-%m-%dT%H:%M:%S}.{e.time.microsecond:06d}Z"}  # fmt: skip
            out.append(json.dumps(row))
    return "\n".join(out) + "\n"


def docker(text: str) -> str:
    time = "2026-11-22T18:10:00.123456789Z"
    return "".join(
        json.dumps({"log": f"{line}\n", "stream": "stderr", "time": time}) + "\n" for line in text.splitlines()
    )


def earlier(events: Iterable[Event], seconds: float) -> list[Event]:
    return [replace(e, at=e.at - seconds) for e in events]
