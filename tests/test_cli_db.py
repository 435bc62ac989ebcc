"""`postmortem db`: what people read, what machines read, exit codes, each form of log, and bad input."""

import gzip
import json
import re
import sys
from dataclasses import replace

import pytest

from analysis.cli import main
from tests.db import servers
from tests.report.conftest import postmortem

SHAPE = {"source", "window", "statements", "fingerprints", "connections", "aas", "coverage"}
STATEMENTS = {"n", "total_seconds", "rows_sent", "rows_examined", "lock_seconds"}
FINGERPRINT = {"id", "text", "calls", "total_seconds", "p95_seconds", "max_seconds"}
COVERAGE = {"lines", "recognised", "unrecognised", "samples"}
BORN = "2026-11-22T17:00:00Z"
SECRETS = ("kim@", "neil", "4711", "r-99", "line one")
STORY = servers.story()
PREFIXES = [
    "%m [%p] %q%u@%d %a ", "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", "%m [%p] %q%u@%d ", "%t:%r:%u@%d:[%p]:",
    "%m [%p] ", "%t [%p] %e ", "%n %p %u %d ", "< %m > ", "%m|%u|%d|%h|%p|%c|%l|%x|", "[%t] [%p] %-10a %q[%u]@[%d] ",
    "%t [%p]: db=%d,user=%u,app=%a,client=%h ", "%m [%p] [queryid=%Q] %u@%d ", "%c %l %m %v ", "%m %r %u %a [%c] [%p] ",
]  # fmt: skip
FORMS = {
    **{f"stderr {p}": (servers.stderr(STORY, p), "rds" if ":[%p]:" in p else "postgresql-stderr") for p in PREFIXES},
    **{f"csvlog {n}": (servers.csvlog(STORY, columns=n), "csvlog") for n in (23, 24, 25, 26)},
    "jsonlog": (servers.jsonlog(STORY), "jsonlog"),
    "cnpg": (servers.cnpg(STORY), "cnpg"),
    "cnpg, newest first": ("\n".join(reversed(servers.cnpg(STORY).splitlines())) + "\n", "cnpg"),
    "syslog 3164": (servers.syslog(STORY, prefix="%u@%d "), "syslog"),
    "syslog 3164 with stamps": (servers.syslog(STORY, prefix="%m [%p] %u@%d "), "syslog"),
    "syslog 5424": (servers.syslog(STORY, prefix="%q%u@%d ", modern=True), "syslog"),
    "logplex": (servers.logplex(STORY), "logplex"),
    "cloudsql": (servers.cloudsql(STORY), "cloudsql"),
    "docker": (servers.docker(servers.stderr(STORY, "%m [%p] %q%u@%d ")), "postgresql-stderr"),
}  # fmt: skip


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process: its exit code is checked, what it said is returned."""

    def call(code, *arguments):
        monkeypatch.setattr(sys, "argv", ["postmortem", "db", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            sys.exit(main())
        said = capsys.readouterr()
        assert (left.value.code or 0) == code, said.out + said.err
        return said

    return call


@pytest.fixture
def document(run):
    """What stands on stdout: one JSON document and nothing else, whatever happened."""
    return lambda code, *arguments: parsed(run(code, *arguments, "--json").out)


def parsed(text):
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.fixture
def file(tmp_path):
    def write(content, name="x.log"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_same_story_in_each_form(document, file, form):
    text, source = FORMS[form]
    more = ("--timezone", "UTC") if form.startswith("syslog 3164") else ()
    found = document(0, file(text), *more)
    assert set(found) >= SHAPE
    assert set(found["statements"]) >= STATEMENTS
    assert set(found["coverage"]) >= COVERAGE
    assert all(set(row) >= FINGERPRINT for row in found["fingerprints"])
    said = found["statements"]
    assert (found["source"], said["n"], said["total_seconds"]) == (
        source,
        servers.N,
        pytest.approx(servers.TOTAL_SECONDS),
    )
    assert servers.classes_of(found) == servers.CALLS
    assert sum(row["total_seconds"] for row in found["fingerprints"]) == pytest.approx(said["total_seconds"])
    assert (found["connections"]["authorized"], found["connections"]["refused"]) == (
        servers.AUTHORIZED,
        servers.REFUSED,
    )
    assert found["lock_waits"] == {"waiting": 1, "acquired": 1, "acquired_seconds": 2.0005}
    assert found["temp_files"] == {"n": 1, "bytes": 1 << 20, "max_bytes": 1 << 20}
    assert (found["checkpoints"]["n"], found["checkpoints"]["max_seconds"]) == (1, 9.766)
    assert sum(e["n"] for e in found["errors"]) == 3
    assert {k: v["n"] for k, v in found["preparations"].items()} == {"parse": 1, "bind": 1}
    assert found["coverage"]["unrecognised"] == 0
    assert not any(secret in json.dumps(found) for secret in SECRETS)
    assert [row["total_seconds"] for row in found["fingerprints"]] == sorted(
        (row["total_seconds"] for row in found["fingerprints"]), reverse=True
    )


@pytest.mark.parametrize("prefix", [*PREFIXES, "%p/%m/%d|", "user=%u;t=%m;"])
def test_a_prefix_that_is_given(document, file, prefix):
    found = document(0, file(servers.stderr(STORY, prefix)), "--prefix", prefix)
    assert found["statements"]["n"] == servers.N
    assert found["statements"]["total_seconds"] == pytest.approx(servers.TOTAL_SECONDS)


def test_a_prefix_that_does_not_fit_is_an_error_and_never_zero_statements(document, file):
    path = file(servers.stderr(STORY, "%m [%p] %q%u@%d %a "))
    found = document(2, path, "--prefix", "%n|%d|")
    assert set(found) == {"error", "coverage"}
    assert "prefix" in json.dumps(found["error"])
    assert not any(secret in json.dumps(found) for secret in SECRETS)


def test_for_people(run, file):
    said = run(0, file(servers.stderr(STORY, "%m [%p] %q%u@%d %a "))).out
    assert "postgresql-stderr: 2026-11-22 18:00:0" in said
    assert "11, 1.23 s together" in said
    assert "authorized 1, refused 2" in said
    assert re.search(r"1\.1 s +89 % +1 .*update carts set n = \? where id = \?", said)
    assert "errors: 3" in said
    assert "read: 1 file" in said
    assert "0 not understood" in said
    assert not any(secret in said for secret in SECRETS)


def test_in_a_process_of_its_own(file):
    path = file(servers.csvlog(STORY))
    found = postmortem("db", str(path), "--json")
    assert (found.returncode, found.stderr) == (0, "")
    assert parsed(found.stdout)["statements"]["n"] == servers.N
    assert postmortem("db", str(path.parent / "none.log")).returncode == 2


@pytest.mark.parametrize("zone", ["CET", "IST", "MSK"])
@pytest.mark.parametrize("form", ["stderr", "csvlog", "jsonlog"])
def test_local_times_need_their_zone(document, run, file, zone, form):
    more = ("%m [%p] ",) if form == "stderr" else ()
    path = file(getattr(servers, form)(STORY, *more, zone=zone))
    found = document(2, path)
    assert "timezone" in found["error"]["next"]
    assert set(found) == {"error", "coverage"}
    dated = document(0, path, "--timezone", "Europe/Berlin")
    assert dated["window"]["start"].startswith("2026-11-22T17:00:0")
    assert "Mars/Olympus" in json.dumps(document(2, path, "--timezone", "Mars/Olympus")["error"])


def test_a_window(document, file):
    path = file(servers.stderr(STORY, "%m [%p] %q%u@%d %a "))
    found = document(0, path, "--start", "2026-11-22T18:00:02.300Z", "--end", "2026-11-22T19:00:05.001+01:00")
    assert found["statements"]["n"] == 7
    assert found["statements"]["total_seconds"] == pytest.approx(1.124)
    assert (
        document(4, path, "--start", "2026-11-23T00:00:00Z")["error"]["what"] == "nothing was told of within the window"
    )
    assert "without an offset" in document(2, path, "--start", "2026-11-22T18:00:00")["error"]["what"]


def test_rotated_files_in_any_order_and_packed(document, file):
    lines = servers.stderr(STORY, "%m [%p] %q%u@%d %a ").splitlines(keepends=True)
    early, late = (
        file("".join(lines[:16]), "postgresql.log.1"),
        file(gzip.compress("".join(lines[16:]).encode()), "a.gz"),
    )
    found = document(0, late, early)
    assert (found["statements"]["n"], found["coverage"]["files"]) == (servers.N, 2)
    assert found["statements"]["total_seconds"] == pytest.approx(servers.TOTAL_SECONDS)


def test_the_same_recording_twice_is_told_and_not_summed(document, file):
    text, table = file(servers.stderr(STORY, "%m [%p] "), "a.log"), file(servers.csvlog(STORY), "a.csv")
    for pair in ((text, table), (table, file(servers.jsonlog(STORY), "a.json")), (text, text)):
        found = document(2, *pair)
        assert "the same recording" in found["error"]["what"]
        assert pair[0].name in found["error"]["where"]


def test_statements_without_a_duration_are_counted_apart(document, file):
    events = [servers.Event(i, 7, f"statement: SELECT {i}") for i in range(5)]
    whole = document(0, file(servers.stderr(events, "%m [%p] ")))
    found = whole["statements"]
    assert (found["n"], found["untimed"], found["total_seconds"]) == (5, 5, 0)
    (row,) = whole["fingerprints"]
    assert (row["text"], row["calls"], row["untimed"], row["total_seconds"]) == ("select ?", 5, 5, None)
    # log_statement = all and log_duration = on: the duration follows, without the text
    both = [e for i in range(5) for e in (
        servers.Event(i, 7, f"statement: SELECT {i}"), servers.Event(i + 0.5, 7, "duration: 10.000 ms"))]  # fmt: skip
    found = document(0, file(servers.stderr(both, "%m [%p] ")))
    assert (found["statements"]["n"], found["statements"]["untimed"]) == (5, 0)
    assert [(r["text"], r["calls"]) for r in found["fingerprints"]] == [("select ?", 5)]


def test_connections_are_unknown_where_they_are_not_logged(document, file):
    only = [e for e in STORY if e.message.startswith("duration:")]
    found = document(0, file(servers.stderr(only, "%m [%p] ")))["connections"]
    assert (found["authorized"], found["refused"]) == (None, None)
    quiet = [e for e in STORY if e.state != "53300"]
    found = document(0, file(servers.stderr(quiet, "%m [%p] ")))["connections"]
    assert (found["authorized"], found["refused"]) == (1, 0)


def test_a_translated_server_is_understood_by_its_codes(document, file):
    lines = [
        "2026-11-22 18:00:01.000 UTC [7] 00000 LOG:  Dauer: 12.500 ms  Anweisung: SELECT 1",
        "2026-11-22 18:00:02.000 UTC [8] 53300 FATAL:  Verbindungen sind erschöpft",
    ]
    found = document(0, file("\n".join(lines) + "\n"))
    assert found["statements"]["n"] in (0, 1)
    assert found["connections"]["refused"] == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", 4), (b"\x00" * 5000, 4), (bytes(range(256)) * 40, 4), (b"12:00:01 INFO nothing of a database\n" * 9, 4),
     (b"PK\x03\x04 not a log", 2), (b"{}", 4), (b"a,b,c\n1,2,3\n", 4)],
)  # fmt: skip
def test_nothing_usable_is_said_on_stdout_or_stderr(document, run, file, content, code):
    path = file(content)
    found = document(code, path)
    assert set(found) == {"error", "coverage"}
    assert set(found["error"]) == {"what", "where", "expected", "next"}
    assert found["error"]["next"]
    assert found["coverage"]["files"] == 1
    assert found["error"]["what"] in run(code, path).err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("nowhere.log",), "cannot be read"), ((), "Missing argument"), (("x.log", "--kind", "oracle"), "no such kind"),
     (("x.log", "--start", "noon"), "not a time"), (("x.log", "--what"), "No such option")],
)  # fmt: skip
def test_wrong_arguments_are_usage_errors(document, run, file, arguments, says):
    path = file(servers.stderr(STORY, "%m [%p] "))
    arguments = [str(path) if a == "x.log" else a for a in arguments]
    found = document(2, *arguments)
    assert says in found["error"]["what"]
    assert set(found) == {"error", "coverage"}
    failed = run(2, *arguments)
    assert failed.out == ""
    assert says in failed.err


def test_a_directory(document, tmp_path):
    assert "cannot be read" in document(2, tmp_path)["error"]["what"]


def test_several_kinds_in_one_call(document, file):
    found = document(2, file(servers.stderr(STORY, "%m [%p] ")), file("ts,pid,state,wait_event_type,wait_event\n", "b"))
    assert found["error"]["what"] == "files of several kinds"


def test_a_slow_log_of_another_server_is_named(document, file):
    text = "# Time: 2026-11-22T18:00:00Z\n# User@Host: a[a] @ h []\n# Query_time: 1.5  Lock_time: 0\nSELECT 1;\n"
    assert "not read yet" in document(4, file(text))["error"]["what"]


def test_a_log_that_is_cut_and_has_zeros(document, run, file):
    text = servers.stderr(STORY, "%m [%p] %q%u@%d %a ").encode()
    found = document(0, file(b"\0" * 512 + text[: len(text) // 2] + b"\0\0\xff\xfe" + text[len(text) // 2 :]))
    assert found["statements"]["n"] >= servers.N - 1
    assert not any(secret in json.dumps(found) for secret in SECRETS)
    cut = gzip.compress(text * 40)[:-900]
    half = file(cut, "cut.log.gz")
    assert document(0, half)["coverage"]["truncated"] is True
    assert run(0, half).out.startswith("INCOMPLETE")


def test_what_was_not_understood_comes_first_and_shows_no_secret(document, run, file):
    odd = "2026-11-22 18:00:30.000 UTC [9] shop@orders web ??? 'kim@example.org' 4929123412341234\n" * 20
    path = file(servers.stderr(STORY, "%m [%p] %q%u@%d %a ") + odd)
    found = document(0, path)
    if found["coverage"]["unrecognised"]:
        assert run(0, path).out.startswith("INCOMPLETE")
    assert not any(secret in json.dumps(found) for secret in ("kim", "4929"))


def sessions(interval, samples, *, active=2):
    rows = ["ts,pid,state,wait_event_type,wait_event,query,backend_start"]
    for i in range(samples):
        second = i * interval
        time = f"2026-11-22T18:{second // 60:02d}:{second % 60:02d}.000Z"
        rows += [f"{time},{p},active,{'IO,WALSync' if p == 1 else ','},SELECT {i} /* kim@x.org */,{BORN}"
                 for p in range(1, active + 1)] + [f"{time},99,idle,Client,ClientRead,,{BORN}"]  # fmt: skip
    return "\n".join(rows) + "\n"


def test_samples(document, run, file):
    path = file(sessions(1, 60), "ash.csv")
    found = document(0, path)
    assert (found["source"], found["aas"]["sessions"], found["statements"]["n"]) == ("ash", 2.0, None)
    assert found["aas"]["by_wait"] == [{"wait": "CPU", "class": "CPU", "sessions": 1.0},
                                       {"wait": "IO:WALSync", "class": "IO", "sessions": 1.0}]  # fmt: skip
    assert [(r["text"], r["aas_sessions"], r["calls"]) for r in found["fingerprints"]] == [("select ?", 2.0, None)]
    assert "kim" not in json.dumps(found)
    assert "average active sessions: 2 (2 to 2 at 95 %) in 60 samples, 1 s apart" in run(0, path).out


def test_samples_too_far_apart_or_too_few_are_no_load(document, run, file):
    far = document(0, file(sessions(60, 40), "ash.csv"))
    assert (far["aas"], far["fingerprints"]) == (None, [])
    assert far["aas_reason"] == "samples are 60 s apart: no load can be told beyond 30 s"
    few = file(sessions(1, 29), "few.csv")
    assert "29 samples" in document(0, few)["aas_reason"]
    assert "average active sessions: unknown; there are 29 samples" in run(0, few).out


def test_snapshots(document, run, file):
    rows = ["ts,userid,dbid,toplevel,queryid,query,calls,total_exec_time,rows"]
    for i, (calls, ms) in enumerate([(10, 100.0), (30, 300.0), (5, 50.0)]):
        rows.append(
            f"2026-11-22T18:00:{i * 10:02d}Z,1,1,t,-7235693764237052108,SELECT $1 /* kim@x.org */,{calls},{ms},0"
        )
    path = file("\n".join(rows), "pgss.csv")
    found = document(0, path)
    assert (found["source"], found["statements"]["n"], found["statements"]["total_seconds"]) == ("pgss", 25, 0.25)
    assert found["statements"]["lower_bound"] is True
    assert "kim" not in json.dumps(found)
    assert "at least 25" in run(0, path).out
    one = file("\n".join(rows[:2]), "one.csv")
    assert "there are 1 snapshots" in document(4, one)["error"]["what"]


def test_lines_of_a_pool(document, run, file):
    line = "2026-11-22T18:04:3{}Z WARN P-1 - Connection is not available, request timed out after 300{}ms (total=9, active=9, idle=0, waiting={})"  # noqa: E501
    path = file("started\n" + "\n".join(line.format(i, i, 50 + i) for i in range(3)))
    found = document(0, path)
    assert (found["source"], found["statements"]["n"]) == ("hikari", None)
    assert found["pool_timeouts"] == [{"pool": "P-1", "n": 3, "waited_min_seconds": 3.0, "waited_max_seconds": 3.002,
                                       "total_max": 9, "active_max": 9, "waiting_max": 52}]  # fmt: skip
    assert re.search(r"3 +3 s +9 +9 +52 +P-1", run(0, path).out)


def test_a_log_in_which_a_session_says_nothing_of_itself(document, file):
    bare = [replace(e, user="", database="", application="", host="") for e in STORY]
    found = document(0, file(servers.stderr(bare, "%m [%p] %q%u@%d ")))
    assert found["statements"]["n"] == servers.N


def test_verbose_errors_and_the_wrappers_of_clouds(document, file):
    text = servers.stderr(STORY, "%m [%p] %q%u@%d %a ")
    verbose = re.sub(r"(?m)^(2026.*?)(LOG|ERROR):  ", r"\1\2:  00000: ", text)
    lines = text.splitlines()
    wrapped = {
        "verbose": verbose,
        "kubectl": "".join(f"[pod/db-0/postgres] {line}\n" for line in lines),
        "cri": "".join(f"2026-11-22T18:00:00.123456789Z stderr F {line}\n" for line in lines),
        "compose": "".join(f"db-1  | {line}\n" for line in lines),
    }
    for name, content in wrapped.items():
        found = document(0, file(content))
        assert (name, found["statements"]["n"]) == (name, servers.N)
        assert found["statements"]["total_seconds"] == pytest.approx(servers.TOTAL_SECONDS)
        assert found["coverage"]["unrecognised"] == 0
