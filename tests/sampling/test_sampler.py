"""The sampler: one query an interval at a random moment, faults counted, nothing secret said; and a real server."""

import contextlib
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EvidenceError, SpecError
from analysis.sampling.reference import resolved
from analysis.sampling.rows_file import RowsFile
from analysis.sampling.run import run_sampler
from analysis.sampling.sampler import APPLICATION, COLUMNS, Clock, query_for, sample_sessions, settings
from analysis.sources.postgres import read_sessions
from tests.conftest import missing

NOW = datetime(2026, 11, 22, 17, 43, tzinfo=UTC)


class QueryCanceled(Exception):  # noqa: N818
    """As psycopg names a statement that took too long."""


class Server:
    """Time, chance, and a server whose answers take `costs` seconds in turn, or fail with what is there instead."""

    def __init__(self, costs=(), chance=0.5):
        self.time, self.costs, self.asked, self.opened, self.closed = 0.0, list(costs), [], 0, 0
        self.said, self.refuse = [], 0
        self.clock = Clock(lambda: self.time, self.wait, lambda: chance)

    def wait(self, seconds):
        assert seconds >= 0
        self.time += seconds

    def connect(self):
        if self.refuse:
            self.refuse -= 1
            raise ConnectionError("password=hunter2")
        self.opened += 1
        return self

    def execute(self, query):
        self.said.append(query)
        if "pg_stat_activity" in query:
            self.asked.append(self.time)
            cost = self.costs.pop(0) if self.costs else 0.0
            if isinstance(cost, BaseException):
                raise cost
            self.time += cost
        return self

    def fetchall(self):
        at = NOW + timedelta(seconds=self.time)
        return [(150000,)] if "version" in self.said[-1] else [(at, 7, "client backend") + (None,) * (len(COLUMNS) - 3)]

    def close(self):
        self.closed += 1


def taken(server, sink=lambda rows: None, **options):
    return sample_sessions(server.connect, sink, clock=server.clock, **{"duration_seconds": 10} | options)


@given(st.floats(0, 0.999), st.integers(1, 40), st.sampled_from([0.1, 1.0, 5.0]))
def test_one_sample_in_each_interval_at_a_moment_of_chance(chance, samples, interval):
    server = Server(chance=chance)
    found = taken(server, interval_seconds=interval, duration_seconds=samples * interval)
    assert (found.samples, found.skipped, found.failed) == (samples, 0, 0)
    assert np.allclose(server.asked, (np.arange(samples) + chance) * interval)


def test_samples_do_not_keep_step_with_whole_seconds():
    server, rng = Server(), np.random.default_rng(6)
    server.clock = server.clock._replace(chance=lambda: float(rng.random()))
    taken(server, duration_seconds=300)
    parts = np.mod(server.asked, 1)
    assert len(parts) == 300
    assert np.histogram(parts, bins=4, range=(0, 1))[0].min() > 50


def test_a_slow_answer_leaves_out_what_it_covers():
    server = Server([0.0, 3.2])
    found = taken(server)
    assert (found.samples, found.skipped) == (7, 3)
    assert found.slowest_seconds == pytest.approx(3.2)
    assert min(np.diff(server.asked)) >= 0.5


def test_an_answer_that_is_given_up_is_counted_and_the_session_goes_on():
    server = Server([QueryCanceled("x"), 0.0])
    found = taken(server)
    assert (found.samples, found.failed, server.opened, found.failures) == (9, 1, 1, ("QueryCanceled",))


def test_a_lost_connection_is_made_anew_after_pauses():
    server = Server([0.0, ConnectionError("password=hunter2")])
    sink = []

    def lose(rows):
        sink.extend(rows)
        server.refuse = 2 if len(sink) == 1 else 0

    found = taken(server, lose, duration_seconds=20)
    assert found.failed >= 2
    assert found.samples > 10
    assert server.opened == 2
    assert found.failures == ("ConnectionError",)
    assert found.samples + found.skipped + found.failed >= 20


def test_the_first_connection_must_succeed_and_nothing_secret_is_said():
    server = Server()
    server.refuse = 1
    with pytest.raises(EvidenceError, match="ConnectionError") as error:
        taken(server)
    assert "hunter2" not in str(error.value)
    assert error.value.__cause__ is None


def test_an_interrupt_ends_the_run_in_order():
    server = Server([0.0, 0.0, KeyboardInterrupt()])
    found = taken(server)
    assert (found.samples, found.interrupted, server.closed) == (2, True, 1)


@pytest.mark.parametrize(
    "options",
    [{"interval_seconds": 0.01}, {"interval_seconds": 60}, {"duration_seconds": 0}, {"interval_seconds": float("nan")}],
)
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(SpecError):
        taken(Server(), **options)


def test_a_session_is_bounded_and_read_only():
    server = Server()
    taken(server, interval_seconds=2.0)
    assert server.said[: len(settings(2.0))] == list(settings(2.0))
    assert "SET default_transaction_read_only = on" in server.said
    assert "SET statement_timeout = 2000" in server.said
    assert f"SET application_name = '{APPLICATION}'" in server.said
    assert "left(query, 1000)" in query_for(150000)


@pytest.mark.parametrize("name", ["ash.csv", "ash.csv.zst"])
def test_an_interrupted_file_reads(tmp_path, name):
    server, path = Server(), tmp_path / name
    with RowsFile(path, list(COLUMNS)) as sink:
        taken(server, sink, duration_seconds=300)
        frame, report = read_sessions(path)  # it is still open
        assert (len(frame), report.unrecognised, report.truncated) == (300, 0, False)
        assert frame.index.nunique() == 300
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(path.read_bytes()[:-7])
    frame, _ = read_sessions(cut)
    assert 200 < len(frame) < 300
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SpecError, match="cannot be made"):
        RowsFile(path, list(COLUMNS))


def test_references_only(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DSN", " host=a password=hunter2 ")
    assert resolved("env:SOME_DSN") == "host=a password=hunter2"
    (tmp_path / "dsn").write_text("host=b\n")
    assert resolved(f"file:{tmp_path / 'dsn'}") == "host=b"
    for wrong in ("host=a password=hunter2", "postgres://u:hunter2@h/d", "env:NO_SUCH_DSN", "file:/no/such/dsn", ""):
        with pytest.raises(SpecError) as error:
            resolved(wrong)
        assert "hunter2" not in str(error.value)


def test_without_the_driver_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DSN", "host=/nowhere")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SpecError, match="psycopg"):
        run_sampler("env:SOME_DSN", tmp_path / "ash.csv")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A PostgreSQL of its own on a socket in a folder; its connection string."""
    pytest.importorskip("psycopg", reason="psycopg (the extra database) is missing")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name.split(".")[0]))
    found = shutil.which("pg_ctl")
    folder = programs[-1] if programs else Path(found).parent if found else None
    if folder is None:
        missing("a PostgreSQL server (Debian: postgresql)")
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as place:  # a socket's path must be short
        as_user = []
        if os.geteuid() == 0:
            shutil.chown(place, "postgres")
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = f"{place}/data"
        run = {"check": True, "capture_output": True, "timeout": 120, "cwd": place}
        subprocess.run([*as_user, folder / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-N"], **run)
        options = f"-k {place} -c listen_addresses= -c fsync=off"
        subprocess.run(
            [*as_user, folder / "pg_ctl", "-D", data, "-w", "-l", f"{place}/log", "-o", options, "start"], **run
        )
        try:
            yield f"host={place} user=postgres dbname=postgres"
        finally:
            subprocess.run([*as_user, folder / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)


@pytest.mark.slow
def test_a_real_server_is_sampled_with_who_blocks_whom(server, tmp_path, monkeypatch):
    import threading

    import psycopg

    monkeypatch.setenv("SOME_DSN", server)
    with psycopg.connect(server, autocommit=True) as holder, psycopg.connect(server) as waiter:
        holder.execute("create table t (a int)")
        holder.execute("begin; lock table t in access exclusive mode")
        pids = holder.info.backend_pid, waiter.info.backend_pid

        def blocked():
            with contextlib.suppress(psycopg.Error):
                waiter.execute("select * from t where a = 4711 " + "-- " + "x" * 2000)

        thread = threading.Thread(target=blocked)
        thread.start()
        found = run_sampler("env:SOME_DSN", tmp_path / "ash.csv.zst", interval_seconds=0.2, duration_seconds=2)
        holder.execute("rollback")
        thread.join()
    frame, report = read_sessions(tmp_path / "ash.csv.zst")
    assert found.samples == frame.index.nunique() >= 8
    assert (found.failed, report.unrecognised) == (0, 0)
    waiting = frame[frame["wait_type"] == "Lock"]
    assert set(waiting["pid"]) == {pids[1]}
    assert set(waiting["blocked_by"]) == {str(pids[0])}
    assert waiting["query"].str.len().max() == 1000
    assert APPLICATION not in set(frame["application"])


def test_a_server_that_is_not_there_leaves_no_file(tmp_path, monkeypatch):
    pytest.importorskip("psycopg", reason="psycopg (the extra database) is missing")
    monkeypatch.setenv("SOME_DSN", f"host={tmp_path} user=kim password=hunter2")
    with pytest.raises(EvidenceError, match="no connection") as error:
        run_sampler("env:SOME_DSN", tmp_path / "ash.csv")
    assert "hunter2" not in str(error.value)
    assert "kim" not in str(error.value)
    assert not (tmp_path / "ash.csv").exists()
