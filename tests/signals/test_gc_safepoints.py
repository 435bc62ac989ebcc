"""What threads stood still for: the parts never overlap, and together are the stops."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.gc import spans_of
from analysis.signals.gc_safepoints import operation_table, stop_parts
from analysis.signals.stretches import union
from tests.gc_logs import made_log

spans = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=8)


def frame(rows, reach=()):
    index = pd.to_datetime([a + b for a, b in rows], unit="us", utc=True).as_unit("us")
    start = pd.to_datetime([a for a, _ in rows], unit="us", utc=True).as_unit("us")
    found = pd.DataFrame({"start": start}, index=index)
    return found.assign(reaching_seconds=list(reach)) if len(reach) or not rows else found


@given(spans, spans, st.data())
def test_the_parts_are_disjoint_and_cover_what_was_stopped(pauses, stops, data):
    reach = [data.draw(st.sampled_from([0.0, b / 2e6, b / 1e6, 1.0, float("nan")])) for _, b in stops]
    work, held = frame(pauses), frame(stops, reach)
    parts = stop_parts(work, held)
    whole = union(np.concatenate([spans_of(work), spans_of(held)]))
    lengths = [int((p[:, 1] - p[:, 0]).sum()) for p in parts]
    together = union(np.concatenate(parts))
    assert together.tolist() == whole.tolist()
    assert sum(lengths) == int((whole[:, 1] - whole[:, 0]).sum())


def test_operations_with_most_time_first():
    rows = [
        {"end": 1, "seconds": 0.2, "reaching_seconds": 0.1, "operation": "Halt"},
        {"end": 2, "seconds": 0.5, "reaching_seconds": float("nan"), "operation": "ThreadDump"},
        {"end": 3, "seconds": 0.1, "reaching_seconds": 0.05, "operation": "Halt"},
    ]
    table = operation_table(made_log(safepoints=rows).safepoints)
    assert table["operation"].tolist() == ["ThreadDump", "Halt"]
    assert np.isnan(table["reaching_seconds"][0])
    assert table["max_reaching_seconds"][1] == 0.1
