"""The waterfall of what raised the load, and the statements by what they waited for."""

import numpy as np
import pytest

from analysis.figures.database_parts import contribution_waterfall, statement_waits
from analysis.investigation import examine
from analysis.signals.database import aas_in, foreground, sampling, wait_classes
from analysis.sources.postgres import no_sessions
from tests.conftest import A, C
from tests.session_variants import with_sessions
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_c():
    return examine(evidence_of(C))


def _load(result, window):
    sessions = foreground(result.evidence.sessions)
    active = ~np.isin(wait_classes(sessions), ("", "idle in transaction"))
    return aas_in(sessions, np.asarray(active), window, sampling(result.evidence.sessions).instants)


def test_the_parts_lead_from_the_baseline_to_the_incident(of_c):
    figure = contribution_waterfall(of_c)
    load, *parts = figure.data
    assert load.x[-1] == pytest.approx(_load(of_c, of_c.incident.window))
    assert load.x[0] == pytest.approx(_load(of_c, of_c.incident.baseline))
    moved = sum(x for trace in parts for x in trace.x if x is not None)
    assert load.x[0] + moved == pytest.approx(load.x[-1])
    names = [a.text for a in figure.layout.annotations]
    assert names[0] == "baseline"
    assert names[-1] == "incident"
    assert names[1].startswith("payment-api: update accounts set balance = balance - ?")


def test_the_bars_of_the_statements_sum_to_the_load(of_c):
    figure = statement_waits(of_c, most=1000)
    total = sum(sum(trace.x) for trace in figure.data)
    assert total == pytest.approx(_load(of_c, of_c.incident.window))
    assert figure.layout.barmode == "stack"
    assert {"Lock"} <= {trace.name for trace in figure.data}


def test_a_load_that_did_not_rise_has_no_waterfall_and_no_samples_have_no_figure(of_c):
    assert contribution_waterfall(examine(evidence_of(A))) is None
    nothing = examine(with_sessions(evidence_of(C), no_sessions()))
    assert contribution_waterfall(nothing) is None
    assert statement_waits(nothing) is None


def test_names_of_the_evidence_are_no_markup(of_c):
    sessions = of_c.evidence.sessions.assign(application="<b>$x$</b>")
    figure = statement_waits(examine(with_sessions(of_c.evidence, sessions)))
    assert "<b>" not in figure.layout.annotations[0].text


def test_checkpoints_and_temporary_files_are_marked_where_they_were_logged(of_c):
    from dataclasses import replace

    import pandas as pd

    from analysis.figures.database import session_panels

    at = pd.DatetimeIndex([of_c.incident.window.start + pd.Timedelta(seconds=5)])
    log = of_c.evidence.database_log
    marked = replace(log, temp_files=pd.DataFrame({"size_bytes": [4096.0]}, index=at))
    evidence = replace(of_c.evidence, database_log=marked)
    traces = {t.name: t for t in session_panels(examine(evidence)).data}
    assert traces["temporary file"].x[0] == at[0].timestamp() * 1e3
    assert traces["temporary file"].customdata[0] == 4096
    assert "temporary file" not in {t.name for t in session_panels(of_c).data}
