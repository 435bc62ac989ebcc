"""The columns that the frames promise are those that they have, empty or not."""

import pytest

from analysis.sources.gclog import frames
from analysis.sources.gclog.reader import read_gc_log
from tests.conftest import B

TABLES = {
    "pauses": frames.PAUSE_COLUMNS, "safepoints": frames.SAFEPOINT_COLUMNS, "cycles": frames.CYCLE_COLUMNS,
    "phases": frames.PHASE_COLUMNS, "stalls": frames.STALL_COLUMNS, "lives": frames.LIFE_COLUMNS,
    "holes": frames.HOLE_COLUMNS,
}  # fmt: skip


@pytest.mark.parametrize(
    "log", [frames.no_gc_log(), read_gc_log(B / "raw" / "gc" / "gc.log.gz")[0]], ids=["empty", "read"]
)
@pytest.mark.parametrize("name", TABLES)
def test_columns(log, name):
    frame = getattr(log, name)
    assert {n: str(t) for n, t in frame.dtypes.items()} == TABLES[name]
    if name not in ("lives", "holes"):
        assert frame.index.name == "end"
        assert str(frame.index.dtype) == frames.PAUSE_COLUMNS["start"]
        assert frame.index.is_monotonic_increasing
        assert (frame["start"] <= frame.index).all()
    if name == "pauses":
        assert set(frame["kind"]) <= set(frames.KINDS)
        assert set(frame["collector"]) <= set(frames.COLLECTORS)
