# ruff: noqa: E501 - messages of a server are long lines
"""One story of our own, written in every form in which servers, clouds and collectors write it."""

import csv
import io
import json
from typing import NamedTuple

EPOCH_DAY = "2026-03-04"


class Said(NamedTuple):
    """A message of a server: seconds since 10:00 UTC, pid, text, and what goes with it."""

    at: float
    pid: int
    severity: str
    text: str
    detail: str = ""
    statement: str = ""
    state: str = "00000"
    user: str = "ada"
    database: str = "ledger"
    application: str = "till"
    client: str = "10.20.30.40"
    context: str = ""


LONG = "select a.id,\n       b.name\nfrom a\njoin b on b.id = a.b_id\nwhere a.id = 17"
STORY = (
    Said(0.1, 101, "LOG", "connection received: host=10.20.30.40 port=50001", user="", database="", application=""),
    Said(0.2, 101, "LOG", "connection authorized: user=ada database=ledger application_name=till", application=""),
    Said(1.0, 101, "LOG", "duration: 12.500 ms  statement: select 1 from t where id = 5 /* route='/pay',request_id='r7' */"),
    Said(1.5, 102, "LOG", "duration: 0.020 ms  parse <unnamed>: insert into t values ($1, $2)"),
    Said(1.6, 102, "LOG", "duration: 0.030 ms  bind <unnamed>: insert into t values ($1, $2)", "parameters: $1 = '5', $2 = 'kim'"),
    Said(1.7, 102, "LOG", "duration: 2.000 ms  execute <unnamed>: insert into t values ($1, $2)", "parameters: $1 = '5', $2 = 'kim'"),
    Said(2.0, 101, "LOG", f"duration: 40.250 ms  statement: {LONG}"),
    Said(2.2, 102, "LOG", "duration: 3.000 ms  execute fetch from S_1/C_2: select 1 from t where id = 6"),
    Said(3.0, 101, "LOG", 'duration: 99.000 ms  plan:\n{\n  "Query Text": "select 1",\n  "Plan": {}\n}'),
    Said(4.0, 103, "LOG", "process 103 still waiting for ShareLock on transaction 912 after 1000.070 ms",
         "Process holding the lock: 101. Wait queue: 103.", "update t set a = 3 where id = 9",
         context='while updating tuple (0,7) in relation "t"'),
    Said(6.0, 103, "LOG", "process 103 acquired ShareLock on transaction 912 after 3000.500 ms", "", "update t set a = 3 where id = 9"),
    Said(6.1, 103, "ERROR", 'duplicate key value violates unique constraint "t_pkey"', "Key (mail)=(kim@example.org) already exists.",
         "insert into t values (1, 'kim@example.org')", "23505"),
    Said(7.0, 104, "LOG", 'temporary file: path "base/pgsql_tmp/pgsql_tmp104.0", size 81920', "", "select * from t order by a"),
    Said(8.0, 90, "LOG", "checkpoint starting: time", user="", database="", application="", client=""),
    Said(9.0, 90, "LOG", "checkpoint complete: wrote 44 buffers (0.3%); 0 WAL file(s) added, 0 removed, 0 recycled; "
         "write=0.700 s, sync=0.100 s, total=0.900 s; sync files=4, longest=0.050 s, average=0.025 s; distance=9 kB, "
         "estimate=9 kB", user="", database="", application="", client=""),
    Said(9.5, 105, "FATAL", "sorry, too many clients already", state="53300", application=""),
    Said(9.6, 106, "FATAL", 'password authentication failed for user "ada"', 'Connection matched line 9: "host"', state="28P01", application=""),
    Said(11.0, 101, "LOG", "disconnection: session time: 0:00:10.900 user=ada database=ledger host=10.20.30.40 port=50001"),
)  # fmt: skip
# what is true of the story
STATEMENTS, SECONDS = 4, 0.05775
FINGERPRINTS = 3


def stamp(at: float, zone: str = " UTC", digits: int = 3, between: str = " ") -> str:
    minute, second = divmod(at, 60)
    shown = f"{second:0{3 + digits if digits else 2}.{digits}f}"
    return f"{EPOCH_DAY}{between}10:{int(minute):02}:{shown}{zone}"


def prefixed(prefix: str, said: Said, number: int = 1) -> str:
    """Return a log_line_prefix as the server fills it in."""
    background = not said.user and not said.text.startswith("connection")
    if background:
        prefix = prefix.split("%q")[0]
    unknown = {k: v or ("" if background else "[unknown]") for k, v in
               (("u", said.user), ("d", said.database), ("a", said.application))}  # fmt: skip
    whole = {
        "m": stamp(said.at), "t": stamp(said.at, digits=0), "n": f"{1772618400 + said.at:.3f}", "p": str(said.pid),
        "h": said.client, "r": f"{said.client}(50001)" if said.client else "", "c": f"69a80000.{said.pid:x}", "q": "",
        "l": str(number), "e": said.state, "x": "0", "v": "3/44", "i": "SELECT", "Q": "-1234567890123456789",
        "b": "client backend", "s": stamp(0, digits=0), "%": "%",
    } | unknown  # fmt: skip
    out, at = "", 0
    while at < len(prefix):
        if prefix[at] == "%":
            out += whole[prefix[at + 1]]
            at += 2
        else:
            out += prefix[at]
            at += 1
    return out


def parts(said: Said) -> list[tuple[str, str]]:
    found = [
        (said.severity, said.text),
        ("DETAIL", said.detail),
        ("CONTEXT", said.context),
        ("STATEMENT", said.statement),
    ]
    return [(word, text) for word, text in found if text]


def stderr(prefix: str, story: tuple[Said, ...] = STORY) -> bytes:
    lines = []
    for number, said in enumerate(story, 1):
        for word, text in parts(said):
            indented = text.replace("\n", "\n\t")
            lines.append(f"{prefixed(prefix, said, number)}{word}:  {indented}")
    return ("\n".join(lines) + "\n").encode()


def csvlog(columns: int = 26, story: tuple[Said, ...] = STORY) -> bytes:
    out = io.StringIO()
    for number, said in enumerate(story, 1):
        row = [
            stamp(said.at), said.user, said.database, said.pid, f"{said.client}:50001" if said.client else "",
            f"69a80000.{said.pid:x}", number, "SELECT", stamp(0, digits=0), "3/44", 0, said.severity, said.state, said.text,
            said.detail, "", "", "", said.context, said.statement, "", "", said.application, "client backend", "",
            -1234567890123456789,
        ][:columns]  # fmt: skip
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(row)
        out.write(text.getvalue())
    return out.getvalue().encode()


def jsonlog(story: tuple[Said, ...] = STORY) -> bytes:
    lines = []
    for number, said in enumerate(story, 1):
        row = {
            "timestamp": stamp(said.at), "user": said.user, "dbname": said.database, "pid": said.pid,
            "remote_host": said.client, "remote_port": 50001, "session_id": f"69a80000.{said.pid:x}", "line_num": number,
            "ps": "SELECT", "error_severity": said.severity, "state_code": said.state, "message": said.text,
            "detail": said.detail, "context": said.context, "statement": said.statement,
            "application_name": said.application, "query_id": -1234567890123456789,
        }  # fmt: skip
        lines.append(json.dumps({k: v for k, v in row.items() if v not in ("", None)}))
    return ("\n".join(lines) + "\n").encode()


def cnpg(story: tuple[Said, ...] = STORY) -> bytes:
    lines = [json.dumps({"level": "info", "ts": 1.5, "msg": "Setting up", "logger": "instance-manager"})]
    for said in story:
        row = {
            "log_time": stamp(said.at), "user_name": said.user, "database_name": said.database, "process_id": str(said.pid),
            "connection_from": f"{said.client}:50001" if said.client else "", "session_id": f"69a80000.{said.pid:x}",
            "command_tag": "SELECT", "error_severity": said.severity, "sql_state_code": said.state, "message": said.text,
            "detail": said.detail, "context": said.context, "query": said.statement, "application_name": said.application,
            "query_id": "-1234567890123456789",
        }  # fmt: skip
        lines.append(json.dumps({"level": "info", "ts": 1.5, "logger": "postgres", "msg": "record", "record": row}))
    return ("\n".join(lines) + "\n").encode()


def in_pieces(prefix: str, said: Said, *, most: int = 900) -> list[str]:
    """Return the pieces of a message as a server gives them to syslog: cut at line ends, and where they are long."""
    pieces = []
    for word, text in parts(said):
        for line in f"{prefixed(prefix, said)}{word}:  {text}".replace("\n", "\n\t").split("\n"):
            rest = line
            while len(rest) > most:
                at = rest.rfind(" ", 0, most)
                at = at if at > 0 else most
                pieces.append(rest[:at])
                rest = rest[at:]
            pieces.append(rest)
    return pieces


def syslog(kind: str = "bsd", prefix: str = "%q%u@%d ", story: tuple[Said, ...] = STORY, most: int = 900) -> bytes:
    lines = []
    for number, said in enumerate(story, 1):
        for part, piece in enumerate(in_pieces(prefix, said, most=most), 1):
            text = f"[{number}-{part}] " + piece.replace("\t", "#011")
            if kind == "bsd":
                head = f"Mar  4 10:{int(said.at) // 60:02}:{int(said.at) % 60:02} dbhost postgres[{said.pid}]: "
            elif kind == "iso":
                head = f"{stamp(said.at, '+00:00', 6, 'T')} dbhost postgres[{said.pid}]: "
            else:
                head = f"<134>1 {stamp(said.at, 'Z', 3, 'T')} dbhost postgres {said.pid} - - "
            lines.append(head + text)
    lines.insert(3, lines[0].partition(" dbhost")[0] + " dbhost sshd[9]: Accepted publickey for x")
    return ("\n".join(lines) + "\n").encode()


def logplex(story: tuple[Said, ...] = STORY) -> bytes:
    lines = []
    for number, said in enumerate(story, 1):
        for part, piece in enumerate(in_pieces(" sql_error_code = %e ", said), 1):
            lines.append(
                f"{stamp(said.at, '+00:00', 0, 'T')} app[postgres.{said.pid}]: [RED] [{number}-{part}] {piece}"
            )
    return ("\n".join(lines) + "\n").encode()


def wrapped(kind: str, inner: bytes, story: tuple[Said, ...] = STORY) -> bytes:
    lines = []
    for line in inner.decode().splitlines():
        at = stamp(1.0, "Z", 9, "T")
        if kind == "docker":
            lines.append(json.dumps({"log": line + "\n", "stream": "stderr", "time": at}))
        elif kind == "cri":
            half = len(line) // 2
            lines += [f"{at} stderr P {line[:half]}", f"{at} stderr F {line[half:]}"]
        elif kind == "kubectl":
            lines.append(f"{at} {line}")
        else:
            lines.append(f"db-1  | {line}")
    return ("\n".join(lines) + "\n").encode()


def cloudsql(story: tuple[Said, ...] = STORY) -> bytes:
    lines = []
    for number, said in enumerate(story, 1):
        head = f"[{said.pid}]: [{number}-1] db={said.database},user={said.user} "
        text = [f"{head}{word}:  {text}".replace("\n", "\n\t") for word, text in parts(said)]
        for line in "\n".join(text).split("\n"):
            row = {"insertId": "x", "severity": "INFO", "textPayload": line, "timestamp": stamp(said.at, "Z", 6, "T")}
            lines.append(json.dumps(row))
    return ("\n".join(lines) + "\n").encode()


PREFIXES = (
    "%m [%p] ", "%m [%p] %q%u@%d ", "%m [%p] %q%u@%d %a %h ", "%t:%r:%u@%d:[%p]:", "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: db=%d,user=%u,app=%a,client=%h ", "%n [%p] %u@%d ", "%m %c %p %q%u/%d ", "pid=%p %m user=%u db=%d ",
    "[%m] %p %u %d %h ", "%m|%u|%d|%c|%h|", "%m [%p] [queryid=%Q] %u@%d ", "%t [%p-%l] %q%u@%d %e ", "%m %b[%p] %q%u@%d %a ",
    "< %m >%p:%u:%d: ",
)  # fmt: skip
FORMS = {
    **{f"stderr {prefix}": stderr(prefix) for prefix in PREFIXES},
    "csvlog 9.0": csvlog(23), "csvlog 13": csvlog(24), "csvlog 14": csvlog(26), "jsonlog": jsonlog(), "cnpg": cnpg(),
    "syslog iso": syslog("iso"), "syslog rfc5424": syslog("rfc5424"), "syslog short": syslog("iso", most=60),
    "logplex": logplex(), "cloudsql": cloudsql(),
    "docker stderr": wrapped("docker", stderr("%m [%p] %q%u@%d ")), "cri stderr": wrapped("cri", stderr("%m [%p] %q%u@%d ")),
    "cri jsonlog": wrapped("cri", jsonlog()), "docker csvlog": wrapped("docker", csvlog()),
    "kubectl stderr": wrapped("kubectl", stderr("%m [%p] ")), "compose stderr": wrapped("compose", stderr("%m [%p] ")),
    "docker jsonlog": wrapped("docker", jsonlog()),
}  # fmt: skip
