"""Figures of throttling: the suspect's panels, the raster of all containers, and the classes."""

import numpy as np
import pandas as pd
import pytest

from analysis.figures.theme import MOST_POINTS
from analysis.figures.throttling import MOST_ROWS, class_scatter, suspect_panels, throttle_raster
from analysis.investigation import examine
from analysis.sources.prometheus import EMPTY
from tests.conftest import A, D
from tests.variants import evidence_of, noise_containers, with_samples


@pytest.fixture(scope="module")
def of_a():
    return examine(evidence_of(A))


def test_panels_of_the_first_suspect(of_a):
    figure = suspect_panels(of_a)
    assert [a.text for a in figure.layout.annotations][:4] == [
        "request duration [s]", "failed or slow requests [share]",
        "istio-proxy of payment-api: throttled periods [share]",
        "istio-proxy of payment-api: CPU used [cores], its limit dashed",
    ]  # fmt: skip
    assert {"good requests", "bad requests", "istio-proxy", "CPU used", "limit"} <= {t.name for t in figure.data}
    assert all(len(t.x) <= MOST_POINTS + 10 for t in figure.data)
    assert all(figure.layout[f"xaxis{i}"].type == "date" for i in ("", 2, 3, 4))
    assert figure.layout.xaxis4.title.text == "UTC"


def test_the_slowest_request_is_not_thinned_away(of_a):
    good = next(t for t in suspect_panels(of_a).data if t.name == "good requests")
    table = of_a.case.symptom.requests
    inside = table[~table["bad"]]["duration_seconds"]
    assert len(inside) > MOST_POINTS
    assert max(good.y) == inside.max()


def test_the_limit_is_dashed_and_ends_where_it_was_removed(of_a):
    limit = next(t for t in suspect_panels(of_a).data if t.name == "limit")
    assert limit.line.dash == "dash"
    known = np.array(limit.x, dtype=float)[np.isfinite(np.array(limit.y, dtype=float))]
    removed = next(r.time for r in of_a.timeline if r.kind == "limit_removed" and r.source != "incident.yaml")
    assert known.max() <= removed.timestamp() * 1e3 + 30_000


def test_the_raster_has_every_container_and_blank_is_unknown(of_a):
    figure = throttle_raster(of_a)
    (heat,) = figure.data
    assert sorted(heat.y) == sorted(
        ["istio-proxy of payment-api", "app of payment-api", "postgres of postgres", "redis of redis"]
    )
    assert heat.y[-1] == "istio-proxy of payment-api"  # the most throttled one is on top
    z = np.array(heat.z, dtype=float)
    assert ((z >= 0) & (z <= 1) | np.isnan(z)).all()
    assert np.isnan(z[-1]).any()  # no limit: blank
    assert heat.hoverongaps is False
    window = of_a.incident.window
    inside = (np.array(heat.x) > window.start_us / 1e3 + 30_000) & (np.array(heat.x) < window.end_us / 1e3 - 30_000)
    assert np.nanmin(z[-1][inside]) > 0.5
    assert figure.layout.xaxis.type == "date"


def test_the_raster_shows_forty_rows_at_most():
    evidence = evidence_of(A)
    crowd = with_samples(evidence, noise_containers(evidence.samples, 60, seed=1))
    figure = throttle_raster(examine(crowd))
    assert len(figure.data[0].y) == MOST_ROWS
    assert figure.layout.height == 90 + 24 * MOST_ROWS


def test_classes_of_incident_and_baseline(of_a):
    figure = class_scatter(of_a)
    assert [t.name for t in figure.data] == ["baseline", "incident"]
    assert [t.marker.symbol for t in figure.data] == ["circle-open", "circle"]
    words = [w for t in figure.data for w in t.text]
    assert [w for w in words if w.startswith("istio-proxy of payment-api, incident: ")]
    assert len(words) == sum(len(t.x) for t in figure.data)
    assert all(np.isfinite(np.array(t.x, dtype=float)).all() for t in figure.data)


def test_without_samples_there_is_no_figure():
    result = examine(with_samples(evidence_of(A), EMPTY))
    assert suspect_panels(result) is None
    assert throttle_raster(result) is None
    assert class_scatter(result) is None


def test_a_quiet_time_has_a_raster():
    result = examine(evidence_of(D))
    assert len(throttle_raster(result).data[0].y) >= 1
    assert pd.notna(result.headline)
