"""Pauses of both ways together, and the collectors of those that do not name it."""

import pytest

from analysis.sources.gclog.legacy.pause_row import Pause
from analysis.sources.gclog.legacy.quick import quick_look
from analysis.sources.gclog.legacy.rows import name_collectors, pause_columns


def test_pauses_are_in_order_of_lines():
    quick = {line: quick_look(b"%d.500: [GC 9K->5K(20K), 0.1 secs]" % line) for line in (1, 4)}
    pauses = [Pause(line, 0, 1.0, 1.0, 0.1, -1, "G1", "mixed") for line in (5, 2)]
    columns = pause_columns(pauses, quick)
    assert list(columns["line"]) == [1, 2, 4, 5]
    assert columns["kind"] == ["young", "mixed", "young", "mixed"]


@pytest.mark.parametrize(
    ("collectors", "kinds", "flagged", "named"),
    [
        (["", "CMS"], ["full", "young"], [], ["CMS", "CMS"]),
        (["", ""], ["full", "young"], ["Parallel"], ["Parallel", "Parallel"]),
        (["", ""], ["full", "young"], [], ["", ""]),
        (["", "G1", "Parallel"], ["full", "young", "young"], [], ["", "G1", "Parallel"]),
        (["Serial", "CMS"], ["young", "remark"], [], ["CMS", "CMS"]),
        (["Serial", "CMS"], ["full", "young"], [], ["Serial", "Serial"]),
    ],
)
def test_names_of_collectors(collectors, kinds, flagged, named):
    columns = {"line": list(range(len(kinds))), "collector": collectors, "kind": kinds}
    name_collectors(columns, [(1, "collector", name) for name in flagged])
    assert columns["collector"] == named
