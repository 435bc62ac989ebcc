"""The same story in every form gives the same statements, connections, waits, files, checkpoints and errors."""

import pytest

from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.totals import log_totals
from tests.sources.pglog.forms import FINGERPRINTS, FORMS, SECONDS, STATEMENTS, csvlog, jsonlog, stderr, syslog


def read(tmp_path, data, **known):
    (path := tmp_path / "db.log").write_bytes(data)
    log, (report,) = read_postgres_log(path, **known)
    return log, report


@pytest.mark.parametrize("form", FORMS)
def test_the_story_is_the_same_in_every_form(tmp_path, form):
    log, report = read(tmp_path, FORMS[form])
    took = log.statements["duration_seconds"]
    assert (len(took), round(took.sum(), 9)) == (STATEMENTS, SECONDS), report
    assert report.unrecognised == 0, report
    assert log.statements["kind"].value_counts().to_dict() == {"statement": 2, "execute": 2}
    assert log.preparations["kind"].tolist() == ["parse", "bind"]
    assert log.statements["fingerprint"].nunique() == FINGERPRINTS
    texts = log.texts.loc[log.statements["fingerprint"].iloc[2], "text"]
    assert texts == "select a.id, b.name from a join b on b.id = a.b_id where a.id = ?"
    assert log.statements["route"].tolist() == ["/pay", "", "", ""]
    assert log.statements["request_id"].tolist() == ["r7", "", "", ""]
    assert log.statements["pid"].tolist() == [101, 102, 101, 102] or "%" in form.replace("%p", "")
    assert log.connections["result"].tolist() == ["received", "authorized", "refused", "failed", "disconnected"]
    assert log.connections["user"].tolist()[1] == "ada"
    assert log.connections["session_seconds"].tolist()[-1] == 10.9
    assert log.lock_waits["acquired"].tolist() == [False, True]
    assert log.lock_waits["after_seconds"].tolist() == [1.00007, 3.0005]
    assert log.lock_waits["holders"].tolist() == ["101", ""]
    assert log.lock_waits["fingerprint"].nunique() == 1
    assert log.texts.loc[log.lock_waits["fingerprint"].iloc[0], "text"] == "update t set a = ? where id = ?"
    assert log.temp_files["size_bytes"].tolist() == [81920.0]
    assert log.texts.loc[log.temp_files["fingerprint"].iloc[0], "text"] == "select * from t order by a"
    assert log.checkpoints["total_seconds"].tolist() == [0.9]
    assert log.checkpoints[["buffers", "longest_sync_seconds", "requested"]].values.tolist() == [[44.0, 0.05, False]]
    assert log.errors["severity"].tolist() == ["ERROR", "FATAL", "FATAL"]
    assert "kim" not in str(log.errors["message"].tolist()) + str(log.texts["text"].tolist())
    assert str(log.statements.index[0])[:17] == "2026-03-04 10:00:"


@pytest.mark.parametrize("form", FORMS)
def test_sums_are_those_of_the_frames(tmp_path, form):
    log, report = read(tmp_path, FORMS[form])
    sums = log_totals(tmp_path / "db.log")
    assert sums.reports[0] == report
    assert sums.statements.n == STATEMENTS
    assert sums.statements.seconds == pytest.approx(SECONDS, abs=1e-12)
    assert (sums.parse.n, sums.bind.n, sums.plans.n) == (1, 1, 1)
    assert sums.plans.seconds == pytest.approx(0.099)
    assert sums.connections == log.connections["result"].value_counts().to_dict()
    assert sums.errors["n"].sum() == len(log.errors)
    assert sums.lock_waits == {"waiting": 1, "acquired": 1, "acquired_seconds": 3.0005}
    assert sums.temp_files == {"n": 1, "bytes": 81920, "max_bytes": 81920}
    assert (sums.checkpoints["n"], sums.checkpoints["requested"]) == (1, 0)
    assert sorted(sums.fingerprints.index) == sorted(log.statements["fingerprint"].unique())
    assert sums.start == min(int(f.index[0].timestamp() * 1e6 + 0.5) for f in (log.connections, log.statements))


@pytest.mark.parametrize(
    ("data", "kind"),
    [(stderr("%m [%p] "), "stderr"), (csvlog(), "csvlog"), (jsonlog(), "jsonlog"), (syslog("iso"), "syslog")],
)
def test_a_kind_that_is_given_is_the_kind_that_is_found(tmp_path, data, kind):
    log, report = read(tmp_path, data, kind=kind)
    assert len(log.statements) == STATEMENTS
    assert report.notes[0].startswith(f"form: {kind}")


def test_users_and_sessions_are_those_of_the_prefix(tmp_path):
    log, _ = read(tmp_path, stderr("%m [%p] %q%u@%d %a %h "))
    row = log.statements.iloc[0]
    assert (row["user"], row["database"], row["application"], row["client"]) == ("ada", "ledger", "till", "10.20.30.40")
    assert row["session"] == "101"
    log, _ = read(tmp_path, jsonlog())
    row = log.statements.iloc[0]
    assert (row["session"], row["native_id"]) == ("69a80000.65", "-1234567890123456789")


def test_a_prefix_that_nobody_knows_is_read_by_its_look(tmp_path):
    log, report = read(tmp_path, stderr("%m <%p> [user=%u db=%d app=%a host=%h] "))
    row = log.statements.iloc[0]
    assert (row["user"], row["database"], row["application"], row["client"]) == ("ada", "ledger", "till", "10.20.30.40")
    assert row["pid"] == 101
    assert "as it looks" in report.notes[0]


def test_a_prefix_may_be_given(tmp_path):
    log, _ = read(tmp_path, stderr("%a~%u~%d~%m~%p "), prefix="%a~%u~%d~%m~%p")
    assert log.statements[["application", "user", "pid"]].values.tolist()[0] == ["till", "ada", 101]
