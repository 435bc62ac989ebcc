"""Where a fault sits, from failures by source and destination: six kinds, and what cannot be told without a control."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses.calls.localisation import localise
from tests.mesh_matrix import KINDS, SOURCES, matrix

SEEDS = range(50)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_fault_is_told_in_95_percent_of_50_seeds(kind):
    places = [
        localise(failed, totals, usual_ratio=0.01, sources=SOURCES).place
        for failed, totals in (matrix(kind, seed) for seed in SEEDS)
    ]
    assert sum(place == kind for place in places) >= 0.95 * len(places), places


@pytest.mark.parametrize("seed", SEEDS)
def test_a_workload_without_a_control_is_never_called_the_client(seed):
    failed, totals = matrix("client workload", seed)
    mine = (failed / totals).mean(axis=1) > 0.05
    sources = [s for s, keep in zip(SOURCES, mine, strict=True) if keep]
    found = localise(failed[mine], totals[mine], usual_ratio=0.01, sources=sources)
    assert found.place == "not decidable"
    assert not found.controls
    assert "another workload" in found.reason
    assert localise(failed[mine], totals[mine], usual_ratio=0.01, sources=sources, healthy=[None] * 6).place == (
        "not decidable"
    )
    told = localise(failed[mine], totals[mine], usual_ratio=0.01, sources=sources, healthy=[True] * 6)
    assert told.place == "client workload"
    sick = localise(failed[mine], totals[mine], usual_ratio=0.01, sources=sources, healthy=[True] * 5 + [False])
    assert sick.place == "not decidable"


def test_the_shares_are_those_of_the_two_way_decomposition():
    failed, totals = matrix("client pod", 3)
    found = localise(failed, totals, usual_ratio=0.01, sources=SOURCES)
    assert found.row_share > 0.9 > 0.1 > found.column_share
    assert found.row_p_value < 0.001
    assert len(found.controls) == 11
    alone = localise(failed[list(found.rows)], totals[list(found.rows)], usual_ratio=0.01, sources=SOURCES[:1])
    assert np.isnan(alone.row_share)


def test_one_source_alone_tells_a_sick_server_only_by_its_own_account():
    failed, totals = np.array([[200, 4, 4]]), np.full((1, 3), 400)
    one = SOURCES[:1]
    assert localise(failed, totals, usual_ratio=0.01, sources=one).place == "not decidable"
    assert localise(failed, totals, usual_ratio=0.01, sources=one, healthy=[True, True, True]).place == "edge"
    assert localise(failed, totals, usual_ratio=0.01, sources=one, healthy=[False, True, True]).place == "server"


def test_pods_that_share_neither_workload_nor_node_are_not_decidable():
    failed, totals = np.full((12, 6), 4), np.full((12, 6), 400)
    failed[[0, 5, 10]] = 200
    assert localise(failed, totals, usual_ratio=0.01, sources=SOURCES).place == "not decidable"


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.2))
def test_without_a_fault_nothing_is_accused(seed, usual):
    rng = np.random.default_rng(seed)
    totals = rng.integers(1, 500, (8, 5))
    found = localise(rng.binomial(totals, 0.0), totals, usual_ratio=usual, sources=SOURCES[:8])
    assert found.place == "nowhere"
    assert found.rows == () == found.columns


def test_cells_that_were_not_observed_say_nothing():
    failed, totals = matrix("server", 1)
    totals[5:, :3] = 0
    failed[5:, :3] = 0
    assert localise(failed, totals, usual_ratio=0.01, sources=SOURCES).place == "server"


def test_noise_of_five_hundred_cells_accuses_nobody():
    rng = np.random.default_rng(0)
    totals = np.full((50, 20), 400)
    hits = [
        localise(rng.binomial(totals, 0.01), totals, usual_ratio=0.01, sources=[{"workload": "w"}] * 50).place
        for _ in range(50)
    ]
    assert hits.count("nowhere") >= 45, hits


def test_a_sick_column_of_a_single_caller_is_neither_server_nor_edge():
    failed, totals = np.array([[400, 0, 0], [0, 0, 0]]), np.full((2, 3), 400)
    totals[1, 0] = 0
    two = [{"workload": "a"}, {"workload": "b"}]
    assert localise(failed, totals, usual_ratio=0.01, sources=two).place == "not decidable"
    totals[1, 0] = 400
    assert localise(failed, totals, usual_ratio=0.01, sources=two).place == "edge"


def test_where_everybody_is_on_one_node_it_is_everywhere_though_the_servers_are_well():
    failed = totals = np.full((2, 3), 400)
    two = [{"workload": w, "node": "n"} for w in "ab"]
    assert localise(failed, totals, usual_ratio=0.01, sources=two, healthy=[True] * 3).place == "everywhere"
