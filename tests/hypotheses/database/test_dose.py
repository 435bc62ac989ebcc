"""Which sessions are the service's, and how many of them are in a state."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.collect import Problem
from analysis.findings import Entity
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.dose import (
    allowed_at,
    blind_reason,
    database_entity,
    doses_of,
    in_state,
    study,
    too_few,
)
from analysis.sources.postgres import no_sessions
from tests.conftest import B, C
from tests.session_variants import edited, thinned, with_sessions
from tests.variants import add, drop_series, evidence_of, named, relabel, with_samples


@pytest.fixture(scope="module")
def case():
    return Case.of(evidence_of(C))


def everywhere(evidence, **cells):
    return edited(evidence, np.ones(len(evidence.sessions), dtype=bool), **cells)


def test_the_server_is_the_workload_of_its_exporter_if_there_is_but_one(case):
    assert database_entity(case) == Entity("data", "postgres")
    evidence = case.evidence
    gone = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith("pg_"))
    assert database_entity(Case.of(with_samples(evidence, gone))) == Entity("", "database")
    other = next(iter(evidence.samples.named("pg_up")))
    two = add(evidence.samples, [({**other.labels, "pod": "replica-0"}, other.times, other.values)])
    assert database_entity(Case.of(with_samples(evidence, two))) == Entity("", "database")


def test_the_services_sessions_by_name(case):
    found = study(case)
    assert found.owners == (("payment-api", "payment"),)
    assert found.told_by == "their application's name"
    assert set(found.sessions["application"][found.own]) == {"payment-api"}


def test_the_services_sessions_by_what_its_pool_is_called():
    evidence = evidence_of(C)
    mine = (evidence.sessions["application"] == "payment-api").to_numpy()
    renamed = edited(evidence, mine, application="ledger-writer")

    def relabelled(labels):
        is_pool = labels["__name__"].startswith("hikaricp") and labels.get("application") == "payment-api"
        return {**labels, "application": "ledger-writer"} if is_pool else labels

    found = study(Case.of(with_samples(renamed, relabel(renamed.samples, relabelled))))
    assert (found.owners, found.told_by) == ((("ledger-writer", "payment"),), "their application's name")


def test_the_services_sessions_by_the_size_of_its_pool():
    found = study(Case.of(everywhere(evidence_of(C), application="PostgreSQL JDBC Driver")))
    assert found.owners == (("PostgreSQL JDBC Driver", "payment"),)
    assert found.told_by == "as many sessions as the pool has connections"


def test_the_services_sessions_by_most_of_all_where_no_pool_is_known():
    evidence = everywhere(evidence_of(C), application="")
    bare = with_samples(evidence, drop_series(evidence.samples, lambda m: m["__name__"].startswith("hikaricp")))
    found = study(Case.of(bare))
    assert (found.owners, found.told_by) == ((("", "payment"),), "most of all sessions in the baseline")


def test_where_nothing_tells_all_sessions_may_be_the_services():
    evidence = everywhere(evidence_of(C), application="")
    users = np.array([f"u{p}" for p in evidence.sessions["pid"]], dtype=object)
    table = evidence.sessions.assign(user=pd.Series(users, index=evidence.sessions.index, dtype="str"))
    bare = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith("hikaricp"))
    found = study(Case.of(with_samples(with_sessions(evidence, table), bare)))
    assert found.told_by == ""
    assert found.own.all()


def test_sessions_that_were_given_up_count_for_no_more_than_the_pool_allows(case):
    (episode,) = case.symptom.episodes
    found = study(case)
    assert in_state(found, "lock").max() == 40
    dose = doses_of(case, found, episode)["lock"]
    assert np.nanmax(dose.value) == 8
    assert dose.edges[1] - dose.edges[0] == pytest.approx(5e6, abs=200)
    bare = with_samples(case.evidence, drop_series(case.evidence.samples, named("hikaricp_connections_pending")))
    assert np.nanmax(doses_of(Case.of(bare), study(Case.of(bare)), episode)["lock"].value) == 40


def test_a_pool_allows_nothing_where_it_was_not_scraped(case):
    pools = study(case).pools
    at = np.array([pools[0].times[0] - 60_000_000, pools[0].times[3]])
    assert allowed_at(pools, at).tolist() == [np.inf, 8]
    assert np.isinf(allowed_at((), at)).all()


def test_too_few_samples_are_said(case):
    (episode,) = case.symptom.episodes
    assert too_few(study(case), case, episode) is None
    thin = Case.of(thinned(evidence_of(C), 10))
    assert "30 are needed" in too_few(study(thin), thin, episode)


def test_samples_that_are_missing_or_of_another_time_are_said():
    evidence = evidence_of(B)
    assert blind_reason(Case.of(evidence)) is None
    assert "no samples" in blind_reason(Case.of(with_sessions(evidence, no_sessions())))
    later = evidence.sessions[evidence.incident.window.holds(evidence.sessions.index)]
    assert "outside the baseline" in blind_reason(Case.of(with_sessions(evidence, later)))
    busy = later[~later["state"].isin(("idle", ""))]
    said = blind_reason(Case.of(with_sessions(evidence, busy)))
    assert said.startswith("only active sessions were sampled")
    assert "outside" not in said


@pytest.mark.parametrize("source", ["raw/db/pg_stat_activity.parquet", "declared"])
def test_a_file_that_could_not_be_read_is_named_by_either_path(source):
    evidence = with_sessions(evidence_of(B), no_sessions())
    if source == "declared":
        source = next(d.path for d in evidence.incident.spec.sources.database if d.kind == "postgres-ash")
    broken = replace(evidence, problems=(Problem(source, "its times have no offset"),))
    assert "its times have no offset" in blind_reason(Case.of(broken))


def test_a_sampler_that_leaves_out_the_idle_is_the_reason_for_too_few(case):
    (episode,) = case.symptom.episodes
    table = evidence_of(C).sessions
    mine = table[~table["state"].isin(("idle", "")) & (table["application"] == "payment-api")]
    bare = Case.of(with_sessions(evidence_of(C), mine))
    assert too_few(study(bare), bare, episode).startswith("only active sessions were sampled")
