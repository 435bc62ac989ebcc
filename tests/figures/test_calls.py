"""The figures of calls: the matrix of destinations, client beside server."""

import numpy as np
import pytest

from analysis.figures.calls import destination_matrix, gap_panels
from analysis.investigation import examine
from tests.calls_cases import without
from tests.conftest import A, D
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_a():
    return examine(evidence_of(A))


def test_the_matrix_of_a(of_a):
    figure = destination_matrix(of_a)
    (heat,) = [t for t in figure.data if t.type == "heatmap"]
    assert set(heat.y) == {"redis command", "postgres query", "risk-api request", "postgres connect"}
    window = of_a.incident.window
    x = np.array(heat.x) * 1e3
    inside = (x > window.start_us + 20e6) & (x < window.end_us - 20e6)
    redis = np.array(heat.customdata, dtype=float)[list(heat.y).index("redis command")]
    assert np.nanmedian(redis[inside]) > 0.3 > 0.01 > np.nanmedian(redis[~inside])
    (crosses,) = [t for t in figure.data if t.name == "calls failed"]
    at = np.array(crosses.x) * 1e3
    assert (at > window.start_us - 10e6).all()
    assert (at < window.end_us + 10e6).all()


def test_client_beside_server(of_a):
    figure = gap_panels(of_a)
    client, server = ([t for t in figure.data if t.name == name] for name in ("client", "server"))
    assert len(client) == len(server) == 1, "of the servers only one counts its calls"
    assert np.nanmax(np.array(client[0].y, dtype=float)) > 1
    assert np.nanmax(np.array(server[0].y, dtype=float)) < 1e-4


def test_without_calls_there_is_no_figure():
    bare = examine(without(evidence_of(D), "outbound_", "http_client", "lettuce"))
    assert destination_matrix(bare) is None
    assert gap_panels(bare) is None
    assert destination_matrix(examine(evidence_of(D))) is not None
