"""The destinations of one source: those of the service with their servers' account, those of another without."""

import numpy as np

from analysis.hypotheses.calls.book import own_calls
from analysis.hypotheses.calls.dose import scenes_of
from analysis.hypotheses.calls.judged import judged, levels_by_destination
from analysis.hypotheses.case import Case
from tests.conftest import C
from tests.variants import evidence_of


def test_the_service_is_asked_with_its_servers_and_another_source_without():
    case = Case.of(evidence_of(C))
    (scene,), (own, _) = scenes_of(case), own_calls(case)
    mine = {d.name: d for d, _ in judged(case, scene, own)}
    levels = levels_by_destination(case, scene, own)
    other = {d.name: d for d, _ in judged(case, scene, own, levels, harm_seconds=2.0)}
    assert {n: d.state for n, d in mine.items()} == {n: d.state for n, d in other.items()}
    assert mine["postgres"].clock == "pg_stat_activity"
    assert {d.clock for d in other.values()} == {""}
    assert np.isfinite(other["postgres"].under_way).any()
    assert sum(d.call_ratio for d in mine.values()) == 1.0
    assert list(mine) == sorted(mine, key=lambda n: -mine[n].call_ratio)


def test_without_calls_there_is_nothing():
    case = Case.of(evidence_of(C))
    (scene,) = scenes_of(case)
    assert judged(case, scene, []) == ()
