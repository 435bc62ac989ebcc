"""Our own recording of an incident in three forms: the same frames, and the figures that were written down then."""

import numpy as np
import pytest

from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.totals import log_totals

FORMS = {"log": "stderr", "csv": "csvlog", "json": "jsonlog"}


@pytest.fixture(scope="module")
def logs(corpus):
    folder = corpus / "db" / "recorded"
    return {form: read_postgres_log(folder / f"postgresql.{form}.zst") for form in FORMS}


@pytest.mark.parametrize("form", FORMS)
def test_the_figures_of_the_recording(logs, form):
    log, (report,) = logs[form]
    assert report.unrecognised == 0
    assert report.notes[0].startswith(f"form: {FORMS[form]}")
    assert any(note.startswith("889 plans of auto_explain") for note in report.notes)
    assert len(log.statements) == 143_694
    assert log.statements["duration_seconds"].sum() == pytest.approx(1408.582, abs=5e-4)
    assert log.preparations["kind"].value_counts().to_dict() == {"bind": 65_543, "parse": 64_495}
    results = log.connections["result"].value_counts().to_dict()
    assert results == {"received": 3519, "authorized": 3518, "disconnected": 1897, "refused": 1622}
    reserved = log.connections["reason"].astype("str").str.startswith("remaining connection slots")
    assert int(reserved.sum()) == 1621  # one more was refused with the other text
    assert log.lock_waits["acquired"].value_counts().to_dict() == {False: 37, True: 20}
    assert (len(log.temp_files), len(log.checkpoints)) == (2, 23)


def test_the_forms_agree_row_by_row(logs):
    stderr, csvlog, jsonlog = (logs[form][0] for form in FORMS)
    for other in (csvlog, jsonlog):
        for name, columns in {
            "statements": ["duration_seconds", "kind", "fingerprint", "user", "database", "application", "client",
                           "pid", "route", "request_id"],
            "lock_waits": ["pid", "after_seconds", "mode", "object", "holders", "acquired", "fingerprint"],
            "temp_files": ["size_bytes", "fingerprint"], "checkpoints": ["total_seconds", "buffers", "requested"],
            "connections": ["result", "user", "database", "client", "pid"],
        }.items():  # fmt: skip
            ours, theirs = (in_one_order(getattr(log, name), columns) for log in (stderr, other))
            assert (ours.index == theirs.index).all(), name
            for column in columns:
                mine, its = ours[column].to_numpy(), theirs[column].to_numpy()
                assert (mine == its).all(), (name, column)


def in_one_order(frame, columns):
    """Return the rows of equal stamps in one order: processes write the forms in turn."""
    keys = [np.asarray(frame[column].astype("str"), dtype=object) for column in reversed(columns)]
    codes = [np.unique(key, return_inverse=True)[1] for key in keys]
    return frame.iloc[np.lexsort([*codes, frame.index.asi8])]


def test_nothing_personal_is_in_texts_and_messages(logs):
    log, _ = logs["log"]
    shown = " ".join([*log.texts["text"], *log.errors["message"].unique(), *log.connections["reason"].unique()])
    for secret in ("4111-1111", "@example.com", "request_id="):
        assert secret not in shown
    assert log.statements["fingerprint"].nunique() == 29


def test_sums_are_those_of_the_frames(corpus, logs):
    log, _ = logs["log"]
    sums = log_totals(corpus / "db" / "recorded" / "postgresql.log.zst")
    assert sums.statements.n == 143_694
    assert sums.statements.seconds == pytest.approx(log.statements["duration_seconds"].sum(), abs=1e-6)
    assert (sums.plans.n, sums.plans.seconds) == (889, pytest.approx(1150.393, abs=1e-3))
    grouped = log.statements.groupby("fingerprint", observed=True)["duration_seconds"]
    table = sums.fingerprints
    assert (grouped.size().loc[table.index].to_numpy() == table["calls"]).all()
    assert np.allclose(grouped.sum().loc[table.index], table["total_seconds"])
    assert (grouped.max().loc[table.index].to_numpy() == table["max_seconds"]).all()
    exact = grouped.quantile(0.95, interpolation="higher").loc[table.index]
    many = table["calls"] >= 200
    assert np.allclose(exact[many], table["p95_seconds"][many], rtol=0.05)
