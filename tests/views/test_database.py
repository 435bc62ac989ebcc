"""The tables of the database's notebook."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.investigation import examine
from analysis.sources.postgres import no_sessions, no_statements
from analysis.views.database import MOST_ROWS, blocking_table, contribution_table, load_text, statement_table
from tests.conftest import A, C
from tests.session_variants import edited, shifted, with_sessions
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
    assert "did not rise" in contribution_table(examine(evidence_of(A))).data["text"]


def test_statements_by_the_change_of_their_load(of_c):
    view = statement_table(of_c)
    assert view.data["rows"][0][0].startswith("update accounts set balance")
    assert len(view.data["rows"]) <= MOST_ROWS
    assert all(len(row) == len(view.data["columns"]) for row in view.data["rows"])


def test_small_loads_are_shown_by_their_bound(of_c):
    assert "0.00000" not in statement_table(of_c).html()
    assert load_text(float("nan")) == "unknown"


def text_of(view):
    assert view.kind == "sentence"  # no row of headings without rows below
    assert "<th" not in view.html()
    return view.data["text"]


def test_what_was_not_recorded_is_said():
    result = examine(replace(with_sessions(evidence_of(C), no_sessions()), statements=no_statements()))
    assert text_of(blocking_table(result)) == "Who held the locks was not recorded: no session was sampled."
    assert text_of(contribution_table(result)) == "What raised the load is not known: no session was sampled."
    assert text_of(statement_table(result)) == "Statements by load: no snapshot of statements was recorded."


def test_samples_of_another_day_are_not_taken_for_no_waiting():
    result = examine(shifted(evidence_of(C), 86_400))
    assert text_of(blocking_table(result)) == "Who held the locks was not recorded: no samples lie in the window."
    assert text_of(contribution_table(result)).endswith("no samples lie in the baseline and in the incident window.")


def test_sessions_that_waited_for_nobody_knows_whom():
    evidence = evidence_of(C)
    result = examine(edited(evidence, np.ones(len(evidence.sessions), dtype=bool), blocked_by=""))
    said = text_of(blocking_table(result))
    assert said == "1,621 session-seconds of waiting for locks were seen; who blocks whom was not recorded."


def test_few_samples_are_too_few_to_tell():
    evidence = evidence_of(C)
    at = evidence.sessions.index
    first = at[evidence.incident.baseline.holds(at)][0]
    kept = evidence.sessions[(at == first) | evidence.incident.window.holds(at)]
    assert "too few to tell" in text_of(contribution_table(examine(with_sessions(evidence, kept))))


def test_no_session_that_waited_is_said_where_samples_tell_so():
    assert text_of(blocking_table(examine(evidence_of(A)))) == "No session was seen to wait for another's lock."
