"""Every view of the database side by side; what was not recorded is said."""

import pytest

from analysis.investigation import examine
from analysis.sources.postgres import no_sessions
from analysis.views.database_windows import windows_table
from tests.conftest import C
from tests.hypotheses.amplified_cases import NAN
from tests.session_variants import with_sessions
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_c():
    return examine(evidence_of(C))


def rows_of(result):
    return {(row[0], row[-1]): row[1:-1] for row in windows_table(result).data["rows"]}


def test_the_views_of_c(of_c):
    rows = rows_of(of_c)
    assert rows["requests per second", "request log"][2] == "× 1"
    assert rows["of them waiting for a lock", "samples of sessions"][:2] == ["0", "17.1"]
    assert rows["connections in use of pool HikariPool-1", "hikaricp_connections_active"][0] == "0"
    assert rows["most threads waiting of pool HikariPool-1", "hikaricp_connections_pending"][1] == "43"
    assert not any(what.startswith("statements a request") for what, _ in rows)


def test_what_was_not_recorded_is_never_zero(of_c):
    rows = rows_of(examine(with_sessions(of_c.evidence, no_sessions())))
    assert rows["average active sessions", "samples of sessions"] == ["not recorded", "not recorded", ""]


def test_what_requests_did_in_the_database_is_shown_where_it_was_logged(of_c):
    from dataclasses import replace

    table = of_c.evidence.requests.assign(statements=3.0, rows=NAN, database_seconds=0.25)
    rows = rows_of(examine(replace(of_c.evidence, requests=table)))
    assert rows["statements a request", "request log"][:2] == ["3", "3"]
    assert rows["time in the database a request", "request log"][:2] == ["250 ms", "250 ms"]
    assert ("rows read a request", "request log") not in rows
