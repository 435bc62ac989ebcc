"""The connection pool: it ran full as an effect, or waiting for it held nobody."""

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.connection_pool import examine
from tests.calls_cases import without
from tests.conftest import A, B, C, D
from tests.variants import add, drop_series, evidence_of, named, with_samples


def pool(evidence):
    (found,), _ = examine(Case.of(evidence))
    return found


def test_c_ran_full():
    found = pool(evidence_of(C))
    assert (found.verdict, found.role, found.effect_of) == ("supported", "effect", None)
    assert "817 gave up" in found.statement
    assert found.explained_ratio > 0.7
    assert found.entity.container == "HikariPool-1"
    assert found.caveats


@pytest.mark.parametrize(("folder", "verdict"), [(A, "refuted"), (B, "refuted"), (D, "not_testable")])
def test_elsewhere_it_held_few_of_the_bad_requests(folder, verdict):
    assert pool(evidence_of(folder)).verdict == verdict


def test_without_its_metrics():
    found = pool(without(evidence_of(C), "hikaricp_"))
    assert found.verdict == "not_testable"
    assert "no metrics of a connection pool" in found.statement


def test_without_its_size_it_cannot_be_said_to_be_full():
    evidence = evidence_of(C)
    found = pool(with_samples(evidence, drop_series(evidence.samples, named("hikaricp_connections_max"))))
    assert {t.name: t.passed for t in found.tests}["specificity"] is None


def test_a_pool_that_never_ran_full_held_nobody():
    evidence = evidence_of(C)
    table = drop_series(evidence.samples, named("hikaricp_connections_max"))
    added = [(s.labels, s.times, s.values * 10) for s in evidence.samples.named("hikaricp_connections_max")]
    found = pool(with_samples(evidence, add(table, added)))
    assert found.verdict == "refuted"
    assert "never full" in found.statement


def test_the_gauge_alone_gives_the_same_verdict():
    evidence = evidence_of(C)
    acquire = [f"hikaricp_connections_acquire_seconds_{end}" for end in ("sum", "count")]
    assert pool(with_samples(evidence, drop_series(evidence.samples, named(*acquire)))).verdict == "supported"


def test_pools_of_other_pods_are_not_the_service_s():
    evidence = evidence_of(C)
    added = [
        ({**s.labels, "pod": f"batch-{i}-0"}, s.times, np.abs(np.sin(np.arange(len(s.times)) / (i + 3))) * 50)
        for i in range(40)
        for s in evidence.samples.named("hikaricp_connections_pending")
    ]
    found = pool(with_samples(evidence, add(evidence.samples, added)))
    assert found.values == pool(evidence).values
