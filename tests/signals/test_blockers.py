"""To whom the time that sessions waited for a lock goes back."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.blockers import blamed, root_blockers, root_labels
from analysis.sources.postgres import no_sessions, read_sessions
from analysis.window import Window
from tests.conftest import A, C
from tests.signals.samples import window
from tests.signals.sessions import sampled

ACTIVITY = "raw/db/pg_stat_activity.parquet"


def waits(second, pid, by):
    return (second, pid, "active", "Lock", by)


def test_the_root_blockers_of_a_recording_are_those_that_were_injected(corpus):
    folder = corpus / "db" / "recorded"
    frame, _ = read_sessions(folder / "ash.parquet")
    truth = json.loads((folder / "truth.json").read_text())
    held = next(Window(p["start"], p["end"]) for p in truth["phases"] if p["name"] == "C_lock_pileup")
    found = root_blockers(frame, held)
    injected = {e["pid"] for e in truth["events"] if e["event"] == "lock_hold_start"}
    assert {r.pid for r in found.roots} == injected == {785, 368}
    assert [round(r.blocked_seconds) for r in found.roots] == [184, 172]
    assert {(r.application, r.state, r.victims, r.depth) for r in found.roots} == {
        ("settlement-batch", "idle in transaction", 10, 10)
    }
    assert found.untraced_seconds == 0
    assert len(blamed(found.roots)) == 1


def test_the_root_blocker_of_c():
    frame, _ = read_sessions(C / ACTIVITY)
    found = root_blockers(frame, Window(frame.index[0], frame.index[-1]))
    assert {r.application for r in found.roots} == {"ledger-migration"}
    assert [r.victims for r in found.roots] == [40, 24]
    assert found.blocked_seconds == pytest.approx(1621, abs=1)
    assert sum(r.blocked_seconds for r in found.roots) + found.untraced_seconds == pytest.approx(found.blocked_seconds)
    assert all(40 < r.held_seconds < 60 or 20 < r.held_seconds < 40 for r in found.roots)
    assert not any(ch.isdigit() for r in found.roots for ch in r.statement)


def test_nobody_blocked_nobody_to_blame():
    frame, _ = read_sessions(A / ACTIVITY)
    found = root_blockers(frame, Window(frame.index[0], frame.index[-1]))
    assert (found.roots, found.blocked_seconds, found.untraced_seconds) == ((), 0, 0)
    assert root_blockers(no_sessions(), window(0, 9)).roots == ()


def test_a_chain_goes_back_to_its_end():
    frame = sampled(*((s, 1, "idle in transaction", "Client", "", "batch", "update t set a = 5") for s in (1, 2)),
                    *(waits(s, p, str(p - 1)) for s in (1, 2) for p in (2, 3, 4)))  # fmt: skip
    (root,) = root_blockers(frame, window(0, 2)).roots
    assert (root.pid, root.application, root.state) == (1, "batch", "idle in transaction")
    assert (root.victims, root.blocked_seconds, root.depth) == (3, 6, 3)
    assert root.statement == "update t set a = ?"
    assert root.held_seconds == 62
    assert root_labels(frame).tolist().count("batch, idle in transaction") == 6


def test_several_roots_share_a_wait_equally():
    frame = sampled((1, 1, "active"), (1, 2, "idle in transaction"), waits(1, 3, "1 2"), (2, 1, "active"))
    found = root_blockers(frame, window(0, 2))
    assert {r.pid: r.blocked_seconds for r in found.roots} == {1: 0.5, 2: 0.5}
    assert found.blocked_seconds == 1


def test_circles_and_roots_that_the_sample_does_not_hold_are_said():
    frame = sampled(waits(1, 1, "2"), waits(1, 2, "1"), waits(1, 3, "1"), waits(1, 4, "99"), waits(1, 5, ""),
                    (2, 9, "idle"))  # fmt: skip
    found = root_blockers(frame, window(0, 2))
    assert {(r.pid, r.state) for r in found.roots} == {(1, "in a circle"), (99, "not in the sample")}
    assert sum(r.blocked_seconds for r in found.roots) == 4
    assert (found.blocked_seconds, found.untraced_seconds) == (5, 1)
    assert root_labels(frame).tolist() == ["api, active"] * 3 + ["unknown"] * 2 + [""]


def test_only_those_who_are_asked_for_are_victims():
    frame = sampled((1, 1, "active"), waits(1, 2, "1"), waits(1, 3, "2"), (2, 1, "active"))
    mine = (frame["pid"] == 3).to_numpy()
    (root,) = root_blockers(frame, window(0, 2), mine).roots
    assert (root.pid, root.victims, root.blocked_seconds, root.depth) == (1, 1, 1, 2)


def roots_by_hand(pid, edges, path=()):
    """Return the roots and the longest chain by walking every way."""
    if pid not in edges:
        return {pid}, 0
    found = [roots_by_hand(b, edges, (*path, pid)) for b in edges[pid]]
    return set().union(*(f[0] for f in found)), 1 + max(f[1] for f in found)


@settings(deadline=None)
@given(st.dictionaries(st.integers(2, 9), st.sets(st.integers(1, 8), min_size=1), min_size=1))
def test_roots_against_walking_every_way(raw):
    edges = {pid: {b for b in by if b < pid} or {1} for pid, by in raw.items()}
    everyone = set(edges) | {b for by in edges.values() for b in by}
    frame = sampled(
        *(waits(1, p, " ".join(map(str, edges[p]))) if p in edges else (1, p, "active") for p in sorted(everyone)),
        (2, 1, "active"),
    )
    found = root_blockers(frame, window(0, 1))
    weights, depths = {}, {}
    for pid in edges:
        roots, depth = roots_by_hand(pid, edges)
        for root in roots:
            weights[root] = weights.get(root, 0) + 1 / len(roots)
            depths[root] = max(depths.get(root, 0), depth)
    assert {r.pid: r.blocked_seconds for r in found.roots} == pytest.approx(weights)
    assert {r.pid: r.depth for r in found.roots} == depths


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 9), st.sets(st.integers(1, 9), min_size=1), min_size=1))
def test_no_time_is_lost_whoever_waits_for_whom(edges):
    everyone = set(edges) | {b for by in edges.values() for b in by}
    frame = sampled(
        *(waits(1, p, " ".join(map(str, edges[p]))) if p in edges else (1, p, "active") for p in sorted(everyone)),
        (2, 1, "active"),
    )
    found = root_blockers(frame, window(0, 1))
    assert sum(r.blocked_seconds for r in found.roots) == pytest.approx(len(edges))
    assert {r.pid for r in found.roots if r.state != "in a circle"} <= everyone - set(edges)
