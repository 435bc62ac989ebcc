"""The figure of the database: sessions by wait, the processors, who held the locks."""

import numpy as np
import pytest

from analysis.figures.database import session_panels
from analysis.figures.theme import MOST_POINTS
from analysis.investigation import examine
from analysis.sources.postgres import no_sessions
from tests.conftest import A, C
from tests.session_variants import noisy, with_sessions
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_c():
    return examine(evidence_of(C))


def test_panels_of_c(of_c):
    figure = session_panels(of_c)
    names = [t.name for t in figure.data]
    assert names[0] == "bad requests"
    assert {"CPU", "Lock", "processors", "held by ledger-migration, idle in transaction"} <= set(names)
    assert [a.text for a in figure.layout.annotations][:3] == [
        "failed or slow requests [share]",
        "average active sessions [sessions] by what they waited for",
        "sessions waiting for a lock [sessions], by who held it",
    ]
    assert figure.layout.barmode == "stack"
    assert all(len(t.x) <= MOST_POINTS for t in figure.data)


def test_the_bars_add_up_to_the_load_and_stand_where_it_was(of_c):
    figure = session_panels(of_c)
    bars = {t.name: t for t in figure.data if t.type == "bar"}
    lock = np.array(bars["Lock"].y, dtype=float)
    assert np.nanmax(lock) == 40
    at = np.array(bars["Lock"].x)[np.nanargmax(lock)]
    assert abs(at / 1e3 - of_c.incident.window.start.timestamp() - 47) < 10
    held = sum(np.nan_to_num(np.array(t.y, dtype=float)) for n, t in bars.items() if n.startswith("held by"))
    assert np.allclose(held, np.nan_to_num(lock))


def test_nothing_was_blocked_in_a_and_sessions_idle_in_a_transaction_are_no_load():
    figure = session_panels(examine(evidence_of(A)))
    names = [t.name for t in figure.data]
    assert not any(name.startswith("held by") for name in names)
    idle = next(t for t in figure.data if t.name.startswith("idle in transaction"))
    assert idle.type == "scatter"
    assert np.nanmax(np.array(idle.y, dtype=float)) > 4


def test_a_gap_is_hatched_and_not_drawn_as_zero():
    evidence = evidence_of(C)
    at = evidence.sessions.index
    gone = (at > "2026-11-22T18:26:50Z") & (at < "2026-11-22T18:27:10Z")
    figure = session_panels(examine(with_sessions(evidence, evidence.sessions[~gone])))
    assert any(t.name == "no samples: unknown" for t in figure.data)
    lock = next(t for t in figure.data if t.name == "Lock")
    assert np.isnan(np.array(lock.y, dtype=float)).sum() >= 3


def test_without_sessions_there_is_no_figure():
    assert session_panels(examine(with_sessions(evidence_of(C), no_sessions()))) is None


def test_many_applications_do_not_make_many_traces():
    crowded = session_panels(examine(noisy(evidence_of(C), 100, 1)))
    assert len(crowded.data) <= 20
    assert any(t.name == "held by others" for t in crowded.data)
