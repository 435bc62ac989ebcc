"""Shares of the bad requests under way: client, server and edge on a scene that is written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.hypotheses.calls.dose import Destination, Scene
from analysis.hypotheses.calls.share import (
    client_cover,
    client_load,
    edge_cover,
    held_in,
    known_inside,
    server_cover,
    told_apart,
)
from analysis.signals.requests import Episode
from tests.signals.samples import at, window

N = 20
NAN = float("nan")


def destination(name, under_way, inside_ratio=NAN, state="worse", connect=NAN):
    load = np.where(np.arange(N) >= 10, under_way, 0.0)
    clock = "m" if np.isfinite(inside_ratio) else ""
    return Destination(
        name, state, 0.3, 0.01, 2.0, 0.02, 0.0, 0.0, load, ("", name), clock, load * 0, inside_ratio, NAN, NAN, connect
    )


def scene(*destinations, waiting=0.0, bad=10.0):
    span = window(50, 100)
    episode = Episode(1, span, 100, 50, 50, 0)
    step = np.where(np.arange(N) >= 10, 1.0, 0.0)
    return Scene(
        episode, at(np.arange(0, 101, 5.0)), (np.zeros(0), np.zeros(0)), bad * step, waiting * step, destinations, ()
    )


def during(cover):
    return [round(float(part[15]), 6) for part in cover]


def test_servers_that_account_for_nothing_leave_all_to_the_client():
    found = scene(destination("a", 4.0, 0.0), destination("b", 4.0, 0.0))
    assert during(client_cover(found)) == [0.8, 1.0, 1.0]
    assert during(server_cover(found, found.destinations[0])) == [0.0, 0.0, 0.0]


def test_a_server_that_accounts_for_all_leaves_nothing():
    found = scene(destination("db", 5.0, 1.0), waiting=5.0)
    assert during(client_cover(found))[1] == 0.0
    assert during(server_cover(found, found.destinations[0])) == [1.0, 1.0, 1.0]
    assert during(edge_cover(found, found.destinations[0])) == [0.0, 0.0, 0.0]
    assert client_load(found)[15] == 0.0


def test_waits_for_a_connection_are_shared_out_like_the_calls():
    found = scene(destination("a", 6.0, 0.0), destination("b", 2.0, 1.0), waiting=4.0, bad=12.0)
    assert held_in(found, found.destinations)[:, 15].tolist() == [9.0, 3.0]
    assert known_inside(found, found.destinations) == (1.0, 0.25)
    assert during(client_cover(found)) == [0.75, 0.75, 0.75]


def test_a_server_without_an_account_is_told_by_its_path_or_not_at_all():
    free, unknown = destination("db", 8.0, connect=0.01), destination("db", 8.0)
    assert told_apart(scene(free), free)
    assert during(server_cover(scene(free), free)) == [0.8, 0.8, 1.0]
    assert not told_apart(scene(unknown), unknown)
    assert during(server_cover(scene(unknown), unknown)) == [0.0, 0.0, 1.0]
    assert during(edge_cover(scene(unknown), unknown)) == [0.0, 0.0, 1.0]
    assert during(client_cover(scene(unknown))) == [0.0, 0.2, 1.0], "never the client without a control"
    both = scene(free, destination("other", 8.0, 0.0))
    assert not told_apart(both, free), "a path says little where other destinations are as sick"


@pytest.mark.parametrize(("state", "expected"), [("worse", [0.8, 0.8, 1.0]), ("spared", [0.0, 0.0, 0.0])])
def test_other_callers_tell_a_server_from_an_edge(state, expected):
    d = destination("db", 8.0)
    found = replace(scene(d), controls=(("web/web", destination("db", 1.0, state=state)),))
    assert during(server_cover(found, d)) == expected


def test_shares_never_leave_0_to_1_and_nothing_is_known_without_calls():
    found = scene(destination("a", 500.0, 0.5))
    for cover in (client_cover(found), server_cover(found, found.destinations[0])):
        assert all(((part >= 0) & (part <= 1)).all() for part in cover)
    assert np.isnan(client_cover(scene()).mid).all()
    assert np.isnan(client_load(scene())).all()
