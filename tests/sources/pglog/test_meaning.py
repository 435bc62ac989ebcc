"""What counts as a statement and what does not; durations that are logged apart; lines of several processes."""

import pytest

from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.totals import Window, log_totals

HEAD = "2026-03-04 10:00:{:06.3f} UTC [{}] ada@ledger "


def lines(*said):
    """Return lines of (second, pid, text) with a prefix, a head for each."""
    return "".join(HEAD.format(at, pid) + text + "\n" for at, pid, text in said).encode()


def read(tmp_path, data, **known):
    (path := tmp_path / "db.log").write_bytes(data)
    log, (report,) = read_postgres_log(path, **known)
    return log, report, log_totals(path, **known)


def test_a_duration_joins_the_statement_that_its_process_logged_before(tmp_path):
    log, report, sums = read(tmp_path, lines(
        (1, 7, "LOG:  statement: select 1"), (1.1, 8, "LOG:  execute S_1: select 'x' from u"),
        (1.2, 7, "LOG:  duration: 5.000 ms"), (1.3, 8, "LOG:  duration: 6.000 ms"),
        (1.4, 8, "LOG:  duration: 7.000 ms"),
        (1.5, 9, "LOG:  statement: commit"), (1.6, 9, "LOG:  statement: begin"), (1.7, 9, "ERROR:  division by zero"),
    ))  # fmt: skip
    assert log.statements["duration_seconds"].tolist() == [0.005, 0.006]
    assert log.statements["kind"].tolist() == ["statement", "execute"]
    assert log.texts.loc[log.statements["fingerprint"], "text"].tolist() == ["select ?", "select ? from u"]
    assert (sums.untimed, sums.bare, sums.bare_used) == (2, (1, 0.007), False)
    untimed = sums.fingerprints.query("untimed > 0")
    assert sorted(untimed["text"]) == ["begin", "commit"]
    assert untimed[["calls", "untimed"]].values.tolist() == [[0, 1], [0, 1]]
    assert untimed[["p95_seconds", "max_seconds"]].isna().all(axis=None)
    assert any("2 statements are logged without a duration" in note for note in report.notes)
    assert any("1 durations (0.007 s) do not say" in note for note in report.notes)


def test_durations_alone_are_the_statements(tmp_path):
    log, report, sums = read(tmp_path, lines((1, 7, "LOG:  duration: 5.000 ms"), (2, 7, "LOG:  duration: 15.000 ms")))
    assert log.statements["duration_seconds"].tolist() == [0.005, 0.015]
    assert set(log.statements["fingerprint"]) == {""}
    assert (sums.statements, sums.bare_used) == ((2, 0.02), True)
    assert sums.fingerprints.loc["", ["calls", "total_seconds", "max_seconds"]].tolist() == [2, 0.02, 0.015]
    assert any("are taken as statements" in note for note in report.notes)


def test_plans_are_no_statements_whatever_their_form(tmp_path):
    plans = [
        "Query Text: select 1\n\tSeq Scan on t",
        '{\n\t  "Query Text": "select 1"\n\t}',
        "\n\t<explain/>",
        "Plan:\n\t  Node: 1",
    ]
    log, report, sums = read(tmp_path, lines(
        *((i, 7, f"LOG:  duration: 100.000 ms  plan:\n\t{plan}") for i, plan in enumerate(plans)),
        (9, 7, "LOG:  duration: 1.000 ms  statement: select 1"),
    ))  # fmt: skip
    assert log.statements["duration_seconds"].tolist() == [0.001]
    assert (sums.plans.n, sums.plans.seconds) == (4, pytest.approx(0.4))
    assert report.unrecognised == 0


def test_kinds_of_durations(tmp_path):
    log, _, _ = read(tmp_path, lines(
        (1, 7, "LOG:  duration: 1.000 ms  execute fetch from S_1/C_2: select 1"),
        (2, 7, "LOG:  duration: 2.000 ms  execute a:b/c: select 1"),
        (3, 7, 'LOG:  duration: 3.000 ms  fastpath function call: "lo_open" (OID 952)'),
        (4, 7, "LOG:  duration: 4.000 ms  bind S_1/P_1: select 1"),
        (5, 7, "LOG:  duration: 5.000 ms  parse S_1: select 1"),
        (6, 7, "LOG:  duration: 6.000 ms  rows: 3  size: 90 bytes  statement: select 1"),
    ))  # fmt: skip
    assert log.statements["duration_seconds"].tolist() == [0.001, 0.002, 0.003, 0.006]
    assert log.statements["kind"].tolist() == ["execute", "execute", "statement", "statement"]
    assert log.preparations[["kind", "duration_seconds"]].values.tolist() == [["bind", 0.004], ["parse", 0.005]]
    assert log.statements["fingerprint"].nunique() == 2


def test_servers_that_speak_another_language(tmp_path):
    log, _, sums = read(tmp_path, lines(
        (1, 7, "LOG:  Dauer: 1.000 ms  Anweisung: select 1"), (2, 7, "LOG:  durée : 2,000 ms, instruction : select 2"),
        (3, 7, "СООБЩЕНИЕ:  продолжительность: 3.000 мс, оператор: select 3"),
        (4, 7, "LOG:  duración: 4.000 ms, sentencia: select 4"), (5, 7, "LOG:  Dauer: 5.000 ms  Binden S_1: select 5"),
        (6, 8, "FEHLER:  doppelter Schlüsselwert"), (6, 8, "ANWEISUNG:  insert into t values (5)"),
    ))  # fmt: skip
    assert log.statements["duration_seconds"].tolist() == [0.001, 0.002, 0.003, 0.004]
    assert sums.bind.n == 1
    assert log.errors["severity"].tolist() == ["ERROR"]
    assert log.texts.loc[log.errors["fingerprint"].iloc[0], "text"] == "insert into t values (?)"


def test_a_refused_connection_of_any_language_is_told_by_its_state(tmp_path):
    said = b"2026-03-04 10:00:01 UTC [7] 53300 FATAL:  lo siento, ya tenemos demasiados clientes\n"
    log, _, _ = read(tmp_path, said + said.replace(b"53300", b"00000").replace(b"FATAL", b"LOG"))
    assert log.connections["result"].tolist() == ["refused"]
    assert log.errors["sqlstate"].tolist() == ["53300"]


def test_a_connection_that_was_received_and_ends_is_failed(tmp_path):
    log, _, _ = read(tmp_path, lines(
        (1, 7, "LOG:  connection received: host=10.0.0.7 port=4"), (2, 7, "FATAL:  something of an extension"),
        (3, 8, "FATAL:  terminating connection due to administrator command"),
        (4, 9, "LOG:  replication connection authorized: user=rep application_name=standby"),
    ))  # fmt: skip
    assert log.connections["result"].tolist() == ["received", "failed", "replication"]
    assert len(log.errors) == 2


def test_lines_that_follow_belong_to_the_record_of_the_same_process(tmp_path):
    log, _, _ = read(tmp_path, lines(
        (1, 7, "ERROR:  first"), (1, 8, "ERROR:  second"), (1, 7, "STATEMENT:  select 1 from a"),
        (1, 8, "DETAIL:  odd"), (1, 8, "STATEMENT:  select 1 from b"), (2, 9, "STATEMENT:  select 1 from c"),
    ))  # fmt: skip
    assert log.texts.loc[log.errors["fingerprint"], "text"].tolist() == ["select ? from a", "select ? from b"]


def test_verbose_logs_say_the_state_after_the_severity(tmp_path):
    log, _, _ = read(tmp_path, lines(
        (1, 7, "LOG:  00000: duration: 2.500 ms  statement: select 1"),
        (1, 7, "LOCATION:  exec_simple_query, postgres.c:1358"),
        (2, 8, "FATAL:  53300: too many"),
    ))  # fmt: skip
    assert log.statements["duration_seconds"].tolist() == [0.0025]
    assert log.connections["result"].tolist() == ["refused"]


def test_a_window_takes_what_is_stamped_inside(tmp_path):
    (path := tmp_path / "db.log").write_bytes(
        lines(*((i, 7, "LOG:  duration: 1000.000 ms  statement: select 1") for i in range(10)), (10, 7, "ERROR:  x"))
    )
    whole = log_totals(path)
    assert whole.end - whole.start == 10_000_000
    part = log_totals(path, window=Window(whole.start, whole.start + 3_000_000))
    assert (part.statements, part.start - whole.start, part.errors.empty) == ((3, 3.0), 1_000_000, True)


def test_requested_checkpoints_are_told_from_those_of_the_clock(tmp_path):
    done = "LOG:  checkpoint complete: wrote 5 buffers (0.1%); write=0.1 s, sync=0.2 s, total=0.4 s"
    log, _, _ = read(tmp_path, lines(
        (1, 7, "LOG:  checkpoint starting: wal"), (2, 7, done), (3, 7, "LOG:  checkpoint starting: time"), (4, 7, done),
        (5, 7, "LOG:  checkpoint starting: immediate force wait"), (6, 7, done), (7, 7, done),
    ))  # fmt: skip
    assert log.checkpoints["requested"].tolist() == [True, False, True, False]
    assert log.checkpoints["longest_sync_seconds"].isna().all()


def test_query_ids_beyond_a_float_stay_what_they_are(tmp_path):
    data = b'{"timestamp":"2026-03-04 10:00:01.5 UTC","pid":7,"error_severity":"LOG","query_id":%d,"message":'
    data += b'"duration: 1.0 ms  statement: select 1"}\n'
    log, _, _ = read(tmp_path, data % 9223372036854775807 + data % -9007199254740993)
    assert sorted(log.statements["native_id"]) == ["-9007199254740993", "9223372036854775807"]
