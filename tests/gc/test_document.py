"""The whole document; nothing to tell is an error."""

import pytest

from analysis.errors import NoDataError
from analysis.gc.document import as_document, refuse_empty
from analysis.sources.lines import ReadReport
from tests.gc_logs import made_log


def test_events_only_when_asked_for():
    log = made_log(pauses=[{"end": 1}])
    assert sorted(as_document(log, {})) == ["coverage", "lives"]
    assert len(as_document(log, {}, events=True)["events"]) == 1


@pytest.mark.parametrize("recognised", [0, 3])
def test_nothing_understood_is_no_data(recognised):
    report = ReadReport("x.log", 9, recognised, 9 - recognised, (), False, ())
    log = made_log(lives=[{"start": 0, "end": 1}] if not recognised else [])
    with pytest.raises(NoDataError, match="no line of a GC log was understood"):
        refuse_empty(log, [report])
    refuse_empty(made_log(), [ReadReport("x.log", 9, 9, 0, (), False, ())])
