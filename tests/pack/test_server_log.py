"""Logs of PostgreSQL: any form to one canonical jsonlog that reads the same."""

import gzip
import json

import pytest

from analysis.errors import EvidenceError
from analysis.pack import server_log
from analysis.pack.files import CannotRedactError
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.scrub import Scrubber
from analysis.pack.server_log import LogFile, check_logs, pack_log
from analysis.sources.pglog.reader import read_postgres_log
from analysis.sql.fingerprint import fingerprint
from tests.conftest import A, C
from tests.pack import canaries

PREFIX = "%m [%p] %u@%d %r "


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


def packed(text, tmp_path, scrub, name="postgresql.log", prefix=None):
    file = LogFile(tmp_path / name, tmp_path / "out.json.gz")
    file.source.write_text(text, encoding="utf-8")
    pack_log(file, scrub, prefix=prefix, timezone=None)
    check_logs([file], scrub, prefix=prefix, timezone=None)
    return file


def test_a_text_log_reads_the_same_and_holds_no_canary(tmp_path, scrub):
    file = packed(canaries.server_log(), tmp_path, scrub, prefix=PREFIX)
    made = gzip.decompress(file.target.read_bytes()).decode()
    assert not [v for v in canaries.CANARIES.values() if v in made]
    log, _ = read_postgres_log(file.target)
    assert set(log.statements["route"]) == {"/pay"} and log.statements["request_id"].nunique() == 200
    assert log.lock_waits["holders"].tolist()[:1] == ["101"]
    assert set(log.connections["result"]) == {"received", "authorized", "failed", "disconnected"}
    assert set(log.errors["message"]) >= {'duplicate key value violates unique constraint "people_pkey"'}
    assert log.connections["session_seconds"].max() == 62.5


@pytest.mark.parametrize("message", [
    "duration: 1.5 ms  execute S_1: select 1 where a = 'x'", "duration: 1.5 ms  bind <unnamed>: select 1",
    "duration: 1.5 ms  parse S_1: select 1", "duration: 1.5 ms  plan:\nQuery Text: select 1", "duration: 1.5 ms",
    'duration: 1.5 ms  fastpath function call: "lo_open" (OID 952)', "statement: select 1", "execute S_1: select 7",
    "checkpoint starting: wal", "checkpoint starting: time", 'temporary file: path "base/pgsql_tmp/x.0", size 8192',
    "checkpoint complete: wrote 9 buffers (0.1%); 0 WAL file(s) added; write=0.8 s, sync=0.1 s, total=0.9 s; "
    "sync files=3, longest=0.05 s, average=0.01 s", "process 7 acquired ShareLock on transaction 9 after 1000.5 ms",
    "process 7 still waiting for AccessExclusiveLock on relation 16384 of database 5 after 1000.1 ms",
    "connection received: host=10.0.0.7 port=55", "connection received: host=[local]", "anything else 4711",
    "connection authorized: user=app database=shop application_name=my app SSL enabled (protocol=TLSv1.3)",
    "replication connection authorized: user=rep", "disconnection: session time: 0:01:02.5 user=a database=b host=c",
    "duration: 2 ms  statement: ", "duration: 2 ms  statement: ;", "duration: 2 ms  statement: select 'open",
])  # fmt: skip
def test_every_message_reads_the_same(message, tmp_path, scrub):
    record = {"timestamp": "2026-11-22 18:04:30.123456 UTC", "pid": 7, "error_severity": "LOG", "message": message}
    record |= {"user": "app", "dbname": "shop", "query_id": -5, "detail": "Process holding the lock: 3. Wait queue: 7."}
    second = record | {
        "message": "duration: 3.25 ms",
        "timestamp": "2026-11-22 18:04:31 UTC",
        "statement": "select 'x'",
    }
    packed("\n".join(map(json.dumps, (record, second))) + "\n", tmp_path, scrub, "postgresql.json")


def test_words_of_an_author_are_a_pseudonym(tmp_path, scrub):
    record = {"timestamp": "2026-11-22 18:04:30 UTC", "pid": 7, "error_severity": "ERROR", "state_code": "P0001"}
    file = packed(json.dumps(record | {"message": "Kim Minsu has no funds"}) + "\n", tmp_path, scrub, "a.json")
    assert "Kim" not in gzip.decompress(file.target.read_bytes()).decode()


@pytest.mark.parametrize("folder", [A, C], ids=lambda f: f.name)
def test_the_bundled_logs_read_the_same(folder, tmp_path, scrub):
    file = LogFile(folder / "raw/db/postgresql.log.gz", tmp_path / "out.json.gz")
    pack_log(file, scrub, prefix=None, timezone=None)
    check_logs([file], scrub, prefix=None, timezone=None)
    log, reports = read_postgres_log(file.target)
    assert reports[0].unrecognised == 0 and reports[0].lines == read_postgres_log(file.source)[1][0].lines
    assert all(fingerprint(text) == text for text in log.texts["text"])


def test_a_copy_that_says_something_else_is_refused(tmp_path, scrub, monkeypatch):
    monkeypatch.setattr(server_log, "_timed", lambda *_: "duration: 1 ms  statement: select ?")
    with pytest.raises(CannotRedactError, match="statements: duration_seconds"):
        packed(canaries.server_log(), tmp_path, scrub, prefix=PREFIX)


def test_another_log_is_not_packed(tmp_path, scrub):
    with pytest.raises(EvidenceError):
        packed("nothing\nof a server\n", tmp_path, scrub)
