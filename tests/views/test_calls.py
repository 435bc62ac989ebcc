"""The table of destinations."""

from analysis.investigation import examine
from analysis.views.calls import destination_table
from tests.conftest import A, C, D
from tests.variants import evidence_of


def test_the_table_of_c_says_who_got_worse_and_what_its_server_says():
    view = destination_table(examine(evidence_of(C)))
    rows = {row[2]: row for row in view.data["rows"]}
    assert rows["postgres"][8] == "got worse"
    assert rows["redis"][8] == "spared"
    assert "pg_stat_activity" in rows["postgres"][10]
    assert all(len(row) == len(view.data["columns"]) for row in view.data["rows"])


def test_without_a_bad_interval_it_says_so():
    view = destination_table(examine(evidence_of(D)))
    assert view.data["rows"] == []
    assert "no bad interval" in view.data["caption"]


def test_in_a_all_but_nothing_of_a_command_lies_outside_the_server():
    rows = {row[2]: row for row in destination_table(examine(evidence_of(A))).data["rows"]}
    assert rows["redis"][9].startswith(("100 %", "99.9"))
    assert rows["postgres"][9] == "100 %", "its sessions count no calls, but they are an account"
    assert rows["risk-api"][9] == "unknown"
