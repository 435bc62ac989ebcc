"""A clock is silent also where its server stood still: slow scrapes, commands that fall behind, sessions unseen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.hypotheses.calls.answered import answered_soon, kept_up, went_on
from analysis.hypotheses.calls.dose import scenes_of
from analysis.hypotheses.calls.inside import most_inside
from analysis.hypotheses.case import Case
from tests.calls_cases import verdicts_of, without
from tests.conftest import A, B
from tests.hypotheses.calls.test_inside import clock
from tests.hypotheses.calls.test_levels import BASELINE, EPISODE, T, calls
from tests.signals.samples import at
from tests.variants import evidence_of, with_samples

REDIS, CLIENT = "server_side_fault:data/redis", "client_side_fault:payments/payment-api"


def test_a_scrape_that_waits_or_gets_no_answer_is_no_answer():
    usual = np.full(30, 0.002)
    assert answered_soon(usual, np.full(20, 0.05), 1.0), "a twentieth of what calls took longer"
    assert not answered_soon(usual, np.array([0.002] * 15 + [np.nan] * 5), 1.0)
    assert not answered_soon(usual[:0], usual, 1.0)


@pytest.mark.parametrize(("factor", "expected"), [(1.0, True), (0.7, False), (0.0, False)])
def test_commands_that_fall_behind_the_clients_calls_leave_it_open(factor, expected):
    n = len(T) - 1
    late = at(T)[1:] > EPISODE.start_us
    served = clock(np.full(n, 1e-4), np.where(late, 10.0 * factor, 10.0))
    steps = [(at(T)[1:] > w.start_us) & (at(T)[1:] <= w.end_us) for w in (BASELINE, EPISODE)]
    rows = [replace(calls(1.0), calls=np.full(n, 10.0))]
    assert kept_up(rows, served, at(T), tuple(steps)) is expected


def test_sessions_that_were_sampled_all_the_while():
    every = pd.date_range(BASELINE.start, EPISODE.end, freq="1s")
    assert went_on(pd.DataFrame(index=every), BASELINE, EPISODE)
    gaps = every[(every < EPISODE.start) | (np.arange(len(every)) % 2 == 0)]
    assert not went_on(pd.DataFrame(index=gaps), BASELINE, EPISODE)


def test_blocks_inside_a_scrape_may_hold_all_that_is_under_way():
    busy, queue = np.array([0.0, 0.5, 0.5, 0.0]), np.array([0.0, 3.0, 3.0, 0.0])
    assert most_inside(busy, queue, serial=True) == 1.0
    assert most_inside(busy / 10, queue, serial=True) == 0.0
    assert np.isnan(most_inside(busy, queue * 0, serial=True))


@pytest.mark.parametrize("folder", [A, B])
def test_the_recordings_servers_answered_all_the_while(folder):
    (scene,) = scenes_of(Case.of(evidence_of(folder)))
    assert {d.name: d.server_well for d in scene.destinations} == {"redis": True, "postgres": True, "risk-api": None}


def slow_scrapes(evidence, seconds):
    """The same recording, with an exporter that waited in every second scrape of the incident."""
    table, window = evidence.samples, evidence.incident.window
    values, wanted = table.values.copy(), ("redis_exporter_last_scrape_duration_seconds", "scrape_duration_seconds")
    for i, labels in enumerate(table.labels):
        if labels["__name__"] in wanted and labels.get("pod") == "redis-0":
            inside = np.flatnonzero((table.ids == i) & (table.times > window.start_us) & (table.times <= window.end_us))
            values[inside[::2]] += seconds
    return with_samples(evidence, replace(table, values=values))


def test_a_redis_whose_exporter_waited_is_neither_well_nor_a_control():
    evidence = evidence_of(A)
    (scene,) = scenes_of(Case.of(slow_scrapes(evidence, 1.0)))
    redis = next(d for d in scene.destinations if d.name == "redis")
    assert redis.server_well is None
    assert (redis.inside_ratio, redis.inside_high_ratio) == (pytest.approx(0, abs=1e-5), 1.0)
    assert verdicts_of(slow_scrapes(evidence, 1.0))[REDIS] == "insufficient"
    silent = without(evidence, "redis_exporter_", "scrape_duration", "pg_", sessions=False)
    assert verdicts_of(silent)[CLIENT] == "insufficient", "a clock that may be silent is no control"
