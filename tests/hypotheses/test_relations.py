"""Findings among each other: effects and their causes, a fault with a mechanism, pairs that cannot be told apart."""

import pytest

from analysis.findings import Entity, Finding, Value
from analysis.hypotheses.relations import SEPARATED_BY, settle

SERVICE, DATABASE = Entity("n", "api", "app"), Entity("data", "db")


def made(hypothesis, role, entity=SERVICE, verdict="supported", *, episodes=(1,), share=0.9, **values):
    held = {k: Value(v, "name", v) for k, v in values.items()}
    return Finding(hypothesis, role, entity, verdict, "It was so.", held, episodes=episodes, explained_ratio=share)


def by_hypothesis(findings):
    return {f.hypothesis: f for f in settle(findings)[0]}


def test_an_effect_names_the_first_mechanism_of_its_bad_interval():
    pool, lock = made("connection_pool", "effect", share=1.0), made("lock_contention", "mechanism", DATABASE)
    other = made("gc_pauses", "mechanism", episodes=(2,), share=0.99)
    found = by_hypothesis([pool, other, lock])
    assert found["connection_pool"].effect_of == lock.id
    assert found["connection_pool"].verdict == "supported"
    assert "followed from lock contention of data/db" in found["connection_pool"].statement
    assert found["connection_pool"].values["effect_of"].text == "lock contention of data/db"
    assert [f.rank for f in settle([pool, other, lock])[0]] == [1, 2, 3]
    assert settle([pool, other, lock])[0][2].hypothesis == "connection_pool"


def test_an_effect_of_nothing_known_is_insufficient():
    (found,), _ = settle([made("connection_pool", "effect")])
    assert (found.verdict, found.rank, found.effect_of) == ("insufficient", None, None)
    assert "may as well be the cause" in found.statement


def test_a_refuted_suspect_that_only_followed_names_its_cause_and_stays_refuted():
    cause = made("cpu_throttling", "mechanism")
    followed = made("db_load", "mechanism", DATABASE, "refuted", database_state="effect", episodes=())
    refuted = made("lock_contention", "mechanism", DATABASE, "refuted", episodes=())
    found = by_hypothesis([followed, refuted, cause])
    assert found["db_load"].effect_of == cause.id
    assert (found["db_load"].verdict, found["db_load"].statement) == ("refuted", "It was so.")
    assert found["lock_contention"].effect_of is None


def test_a_fault_of_a_server_is_a_mechanism_only_where_nothing_inside_it_is_known():
    fault = made("server_side_fault", "localisation", DATABASE)
    assert by_hypothesis([fault])["server_side_fault"].role == "mechanism"
    known = made("lock_contention", "mechanism", DATABASE)
    assert by_hypothesis([fault, known])["server_side_fault"].role == "localisation"
    elsewhere = made("gc_pauses", "mechanism", SERVICE)
    assert by_hypothesis([fault, elsewhere])["server_side_fault"].role == "mechanism"
    another_time = made("lock_contention", "mechanism", DATABASE, episodes=(2,))
    assert by_hypothesis([fault, another_time])["server_side_fault"].role == "mechanism"


@pytest.mark.parametrize("pair", [p for p in SEPARATED_BY if len(p) == 2])
def test_each_pair_that_is_supported_together_is_noted_with_what_would_separate_it(pair):
    roles = {"config_push": "trigger", "deployment": "trigger", "traffic_change": "trigger"}
    both = [made(h, roles.get(h, "mechanism"), Entity("n", h)) for h in sorted(pair)]
    findings, notes = settle(both)
    assert len(notes) == 1
    assert SEPARATED_BY[pair] in notes[0].statement
    assert all("not to be told apart" in f.caveats[0] for f in findings)


def test_a_mechanism_and_where_it_lies_or_what_set_it_off_are_no_rivals():
    chain = [made("cpu_throttling", "mechanism"), made("client_side_fault", "localisation", Entity("n", "api")),
             made("deployment", "trigger", Entity("n", "other"))]  # fmt: skip
    findings, notes = settle(chain)
    assert not notes
    assert all(not f.caveats for f in findings)
    assert [f.role for f in findings] == ["mechanism", "localisation", "trigger"]


def test_two_incidents_in_one_window_are_no_rivals():
    _, notes = settle([made("gc_pauses", "mechanism"), made("lock_contention", "mechanism", DATABASE, episodes=(2,))])
    assert not notes


def test_refuted_suspects_are_noted_nowhere():
    _, notes = settle([made("gc_pauses", "mechanism"), made("cpu_throttling", "mechanism", verdict="refuted")])
    assert not notes


def test_one_server_called_by_two_names_is_one_finding_the_one_that_says_most():
    refuted = made("server_side_fault", "localisation", DATABASE, "refuted", episodes=())
    supported = made("server_side_fault", "localisation", DATABASE)
    for pair in ([refuted, supported], [supported, refuted]):
        (found,), _ = settle(pair)
        assert found.verdict == "supported"
