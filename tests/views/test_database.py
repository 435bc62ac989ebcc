"""The tables of the database's notebook."""

from dataclasses import replace

import pytest

from analysis.investigation import examine
from analysis.sources.postgres import no_sessions, no_statements
from analysis.views.database import MOST_ROWS, blocking_table, contribution_table, statement_table
from tests.conftest import A, C
from tests.session_variants import with_sessions
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_c():
    return examine(evidence_of(C))


def test_who_held_the_locks(of_c):
    view = blocking_table(of_c)
    assert view.data["caption"].startswith("Who held the locks: 1,621 session-seconds of waiting; 4 of them")
    first = dict(zip(view.data["columns"], view.data["rows"][0], strict=True))
    assert first["application"] == "ledger-migration"
    assert first["state"] == "idle in transaction"
    assert first["sessions that waited"] == "40"
    assert "EUR" not in view.html()


def test_what_made_the_load_more(of_c):
    view = contribution_table(of_c)
    assert view.data["rows"][0][0] == "payment-api"
    assert view.data["rows"][0][4] == "100 %"
    assert "did not rise" in contribution_table(examine(evidence_of(A))).data["caption"]


def test_statements_by_the_change_of_their_load(of_c):
    view = statement_table(of_c)
    assert view.data["rows"][0][0].startswith("update accounts set balance")
    assert len(view.data["rows"]) <= MOST_ROWS
    assert all(len(row) == len(view.data["columns"]) for row in view.data["rows"])


def test_what_was_not_recorded_is_said():
    result = examine(replace(with_sessions(evidence_of(C), no_sessions()), statements=no_statements()))
    for table in (blocking_table, contribution_table, statement_table):
        view = table(result)
        assert view.data["rows"] == []
        assert view.data["caption"]
        assert view.html()
