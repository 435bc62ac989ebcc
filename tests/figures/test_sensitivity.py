"""The strip: a cell for each finding and variation, shapes and colours that differ, flips framed, names as text."""

from dataclasses import replace

import pytest

from analysis.figures.sensitivity import LOOK, MOST_ROWS, sensitivity_strip
from analysis.investigation import examine, investigate
from analysis.sensitivity import NOT_COMPARABLE, fragile_under
from tests.conftest import A, D
from tests.variants import evidence_of

EVIL = '<img src=x onerror="a">$\\frac{1}{2}$'


@pytest.fixture(scope="module")
def of_a():
    return investigate(A)


def spoiled(result):
    frame, ids = result.sensitivity.copy(), [f.id for f in result.findings]
    frame.loc[(frame["finding"] == ids[0]) & (frame["variation"] == "step x2"), "verdict"] = "insufficient"
    frame.loc[frame["variation"] == "start later", "verdict"] = NOT_COMPARABLE
    changed = fragile_under(frame)
    findings = tuple(replace(f, fragile=changed.get(f.id, ())) for f in result.findings)
    return replace(result, sensitivity=frame, findings=findings)


def test_one_cell_for_each_finding_and_variation(of_a):
    figure = sensitivity_strip(of_a)
    cells = [(x, y) for t in figure.data for x, y in zip(t.x, t.y, strict=True)]
    tested = of_a.sensitivity["verdict"] != "not_testable"  # what was never recorded has no row
    assert len(cells) == len(set(cells)) == tested.sum()
    assert figure.layout.yaxis.categoryarray[0] == "cpu throttling: istio-proxy"
    assert figure.layout.xaxis.categoryarray[0] == "as written"
    assert {t.name for t in figure.data} == {"supported", "refuted"}


def test_shape_and_colour_both_tell():
    assert len({symbol for _, symbol, _ in LOOK.values()}) == len(LOOK)
    filled = [colour for _, symbol, colour in LOOK.values() if not symbol.endswith("open")]
    assert len(set(filled)) == len(filled)


def test_a_flip_is_framed_and_its_row_says_fragile(of_a):
    figure = sensitivity_strip(spoiled(of_a))
    (frame,) = [t for t in figure.data if t.name == "flips: fragile"]
    assert list(zip(frame.x, frame.y, strict=True)) == [("step x2", "fragile: cpu throttling: istio-proxy")]
    (gone,) = [t for t in figure.data if t.name == "not comparable"]
    assert set(gone.x) == {"start later"}


def test_hostile_names_are_no_markup(of_a):
    first = of_a.findings[0]
    evil = replace(first, entity=replace(first.entity, container=EVIL))
    figure = sensitivity_strip(replace(of_a, findings=(evil, *of_a.findings[1:])))
    shown = [*figure.layout.yaxis.categoryarray, *(t for trace in figure.data for t in trace.text)]
    assert not [t for t in shown if "<" in t or "$\\" in t]


def test_names_that_look_alike_keep_their_rows(of_a):
    frame = of_a.sensitivity.copy()
    twins = tuple(
        replace(f, entity=replace(f.entity, container="app", workload="api", namespace=f"n{i}" * 30))
        for i, f in enumerate(of_a.findings)
    )
    ids = dict(zip([f.id for f in of_a.findings], [f.id for f in twins], strict=True))
    frame["finding"] = frame["finding"].map(ids)
    figure = sensitivity_strip(replace(of_a, findings=twins, sensitivity=frame))
    assert len(set(figure.layout.yaxis.categoryarray)) == min(len(twins), MOST_ROWS)


def test_nothing_examined_draws_nothing(of_a):
    assert sensitivity_strip(examine(evidence_of(D))) is None
    assert sensitivity_strip(replace(of_a, sensitivity=of_a.sensitivity.iloc[:0])) is None
