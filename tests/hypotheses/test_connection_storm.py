"""A storm of connections: told from a leak, from another application's attempts, and silent without a log."""

import pytest

from analysis.hypotheses.connection_storm import examine
from analysis.sources.pglog.frames import empty
from tests.hypotheses.amplified_cases import TROUBLE, case_of, connections, requests

CONNECTS = {"source": "connects"}


def inside(t):
    return TROUBLE[0] < t <= TROUBLE[1]


def calm(_t):
    return 0.5


def storm(t):
    return 30.0 if inside(t) else 0.2


def full(_name, t):
    return inside(t) and (t * 7.3) % 1 < 0.5


def only(case):
    findings, observations = examine(case)
    assert len(findings) == 1
    assert observations == ()
    return findings[0]


def quiet():
    return requests(lambda _r, _t: 1.0)


def test_a_storm_is_supported_with_its_application():
    log = connections({"worker": storm, "api": calm}, refused=full)
    found = only(case_of(quiet(), CONNECTS, log=log))
    assert found.verdict == "supported", found.tests
    assert found.values["application"].value == "worker"
    assert found.values["refused"].value > 500
    assert found.explained_ratio > 0.9


def test_refusals_at_the_usual_rate_are_a_leak_not_a_storm():
    log = connections({"worker": lambda _t: 8.0, "api": calm}, refused=full)
    found = only(case_of(quiet(), CONNECTS, log=log))
    assert found.verdict == "refuted"


def test_a_storm_at_another_time_explains_nothing():
    log = connections({"worker": lambda t: storm(t + 60), "api": lambda _t: 8.0}, refused=full)
    found = only(case_of(quiet(), CONNECTS, log=log))
    assert found.verdict != "supported"


def test_a_storm_that_refused_nobody_does_not_explain_failed_requests():
    log = connections({"worker": storm, "api": calm})
    table = requests(lambda _r, _t: 1.0, failed=lambda t: inside(t) and (t * 3.7) % 1 < 0.3)
    found = only(case_of(table, {"failed": True}, log=log))
    assert found.verdict == "refuted"
    assert "refused no connection" in found.statement


def test_without_a_log_of_connections_nothing_can_be_said():
    table = requests(lambda _r, _t: 1.0, failed=inside)
    found = only(case_of(table, {"failed": True}, log=empty()))
    assert found.verdict == "not_testable"
    assert "log_connections" in found.statement


@pytest.mark.parametrize("seconds", [100.0, 150.0])
def test_a_log_that_does_not_cover_the_windows_decides_nothing(seconds):
    log = connections({"worker": storm}, refused=full, seconds=seconds)
    table = requests(lambda _r, _t: 1.0, failed=inside)
    found = only(case_of(table, {"failed": True}, log=log))
    assert found.verdict == "not_testable"
    assert "does not cover" in found.statement


def test_the_numbers_of_the_sentence_are_values():
    found = only(case_of(quiet(), CONNECTS, log=connections({"worker": storm, "api": calm}, refused=full)))
    told = "".join(v.text for v in found.values.values())
    assert all(c in told for c in found.statement if c.isdigit())


def some_fail(t):
    return inside(t) and (t * 3.7) % 1 < 0.3


def test_refusals_of_another_application_do_not_explain_the_service_s_failures():
    log = connections(
        {"worker": storm, "payment-api": calm}, refused=lambda name, t: name == "worker" and full(name, t)
    )
    table = requests(lambda _r, _t: 1.0, failed=some_fail)
    found = only(case_of(table, {"failed": True}, log=log))
    assert found.verdict == "refuted", found.tests


def test_refusals_of_the_service_itself_do():
    rates = {"worker": storm, "payment-api": lambda t: 12.0 if inside(t) else 0.5}
    log = connections(rates, refused=lambda _name, t: inside(t))
    table = requests(lambda _r, _t: 1.0, failed=some_fail)
    found = only(case_of(table, {"failed": True}, log=log))
    assert found.verdict == "supported", found.tests
    assert found.values["application"].value == "worker"


def test_where_nothing_tells_whose_attempts_they_are_it_stays_open():
    log = connections({"worker": storm, "driver": calm}, refused=full)
    table = requests(lambda _r, _t: 1.0, failed=some_fail)
    found = only(case_of(table, {"failed": True}, log=log))
    assert found.verdict == "insufficient", found.tests
