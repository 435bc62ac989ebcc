"""What is refused, with what, where, expected, next; what is said; what is read as it is."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import SpecError
from analysis.suspects.inputs import KINDS, check_inputs
from analysis.window import Window
from tests.suspects import described, noise, windows

MINUTE = pd.Timedelta("1min")


def checked(frame, given=None, *, symptom=None, graph=None, about=None):
    return check_inputs(frame, given or windows(frame), symptom, graph, about)


def refused(frame, given=None, **options):
    with pytest.raises(SpecError) as caught:
        checked(frame, given, **options)
    assert all(caught.value.as_dict().values()), caught.value
    return str(caught.value)


def test_windows_that_overlap():
    frame = noise()
    t = frame.index
    assert "overlap" in refused(frame, (Window(t[50], t[69]), Window(t[0], t[51])))
    assert "overlap" in refused(frame, (Window(t[10], t[20]), Window(t[0], t[69])))
    checked(frame, (Window(t[50], t[69]), Window(t[0], t[50])))


@pytest.mark.parametrize("name", ["incident", "baseline"])
def test_windows_that_hold_nothing(name):
    frame = noise()
    outside = Window(frame.index[-1] + 60 * MINUTE, frame.index[-1] + 70 * MINUTE)
    given = dict(zip(("incident", "baseline"), windows(frame), strict=True)) | {name: outside}
    text = refused(frame, (given["incident"], given["baseline"]))
    assert f"no sample lies in the {name}" in text
    assert frame.index[0].isoformat() in text


def test_windows_that_reach_beyond_lie_after_or_far_away_are_said():
    frame = noise()
    t = frame.index
    assert any("beyond" in r for r in checked(frame, (Window(t[59], t[69] + 9 * MINUTE), Window(t[0], t[59]))).remarks)
    after = checked(frame, (Window(t[0], t[10]), Window(t[10], t[69])))
    assert after.before.tolist() == list(range(69, 10, -1))
    assert any("after the incident" in r for r in after.remarks)
    assert any("old" in r for r in checked(frame, (Window(t[65], t[69]), Window(t[0], t[10]))).remarks)
    assert checked(frame).remarks == ()


@pytest.mark.parametrize("first", [59, 60])
def test_an_incident_from_its_first_or_from_its_last_good_sample_is_the_same(first):
    frame = noise()
    t = frame.index
    found = checked(frame, (Window(t[first], t[-1]), Window(t[0], t[59])))
    assert found.during.tolist() == list(range(60, 70))
    assert found.before.tolist() == list(range(60))


def test_where_two_windows_touch_a_sample_belongs_to_one():
    frame = noise()
    t = frame.index
    for given in ((Window(t[60], t[69]), Window(t[0], t[60])), (Window(t[0], t[9]), Window(t[9], t[69]))):
        found = checked(frame, given)
        assert sorted([*found.during.tolist(), *found.before.tolist()]) == list(range(70))


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda f: f.iloc[[0, 2, 1, *range(3, 70)]], "out of order"),
        (lambda f: f.iloc[[0, 1, 1, *range(2, 70)]], "twice"),
        (lambda f: f.iloc[::-1], "out of order"),
        (lambda f: f.tz_localize(None), "not a time with an offset"),
        (lambda f: f.reset_index(drop=True), "not a time with an offset"),
        (lambda f: f.set_index(f.index.insert(5, pd.NaT)[:70]), "a time is missing"),
        (lambda f: f.iloc[:0], "nothing to rank: 0 times x 3 series"),
        (lambda f: f.iloc[:, :0], "nothing to rank: 70 times x 0 series"),
        (lambda f: f.iloc[:, [0, 1, 1]], "more than once: c1"),
        (lambda f: f.set_axis([1, "1", "c"], axis=1), "more than once: 1"),
        (lambda f: f["c0"], "no frame but a Series"),
    ],
)
def test_frames_that_are_refused(spoil, what):
    frame = noise()
    assert what in refused(spoil(frame), windows(frame))


def test_arguments_of_another_type():
    frame = noise()
    incident, baseline = windows(frame)
    assert "the incident is no window but a tuple" in refused(frame, ((frame.index[60], frame.index[69]), baseline))
    assert "the baseline is no window but a NoneType" in refused(frame, (incident, None))
    assert "about is no frame but a dict" in refused(frame, about={"c0": ("a", "cpu")})
    assert "graph is no frame but a list" in refused(frame, graph=[("a", "b")])
    assert "no column 'callee'" in refused(frame, graph=pd.DataFrame({"caller": ["a"]}))


def test_an_unknown_symptom_gets_the_nearest_names():
    frame = noise().set_axis(["web|latency|p95", "web|load|rps", "db|cpu|mean"], axis=1)
    text = refused(frame, symptom="web|latency|p99")
    assert "'web|latency|p99'" in text
    assert "web|latency|p95" in text
    assert "one of the 3 columns" in refused(frame, symptom="qqq")


def test_a_symptom_that_says_nothing_is_said():
    frame = noise()
    constant, unknown, text = frame.assign(c1=1.0), frame.assign(c1=np.nan), frame.assign(c1="x")
    assert any("never changes" in r for r in checked(constant, symptom="c1").remarks)
    for empty in (unknown, text, frame.assign(c1=frame["c1"].where(np.arange(70) < 60))):
        assert any("no value in the incident" in r for r in checked(empty, symptom="c1").remarks)


def test_without_a_description_a_column_is_its_own_entity_of_kind_other():
    found = checked(noise().set_axis(["web|cpu", "b", 3], axis=1))
    assert found.entities.tolist() == found.names == ["web|cpu", "b", "3"]
    assert set(found.kinds) == {"other"}


def test_about_may_be_partial_and_kinds_unknown():
    about = described(c0=("web", "cpu"), c1=("db", "quarks"), elsewhere=("x", "cpu"))
    found = checked(noise(k=4), about=about)
    assert found.entities.tolist() == ["web", "db", "c2", "c3"]
    assert found.kinds.tolist() == ["cpu", "other", "other", "other"]
    assert found.remarks == (
        "2 series have no entity: each is its own",
        "kinds that are not known are taken as other: quarks",
    )


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA])
def test_what_a_description_leaves_out_is_not_an_entity_called_nan(nothing):
    found = checked(noise(k=2), about=described(c0=(nothing, "cpu"), c1=("web", nothing)))
    assert found.entities.tolist() == ["c0", "web"]
    assert found.kinds.tolist() == ["cpu", "other"]


def test_a_description_that_is_wrong():
    frame, about = noise(), described(c0=("a", "cpu"))
    assert "'entity' is missing" in refused(frame, about=about.drop(columns="entity"))
    assert "described twice" in refused(frame, about=pd.concat([about, about]))


@pytest.mark.parametrize("levels", [["entity", "kind", "stat"], ["stat", "kind", "entity"], [None, None, None]])
def test_columns_of_several_levels(levels):
    parts = {"entity": ["web", "db"], "kind": ["latency", "weird"], "stat": ["p95", "mean"]}
    order = levels if levels[0] else ["entity", "kind", "stat"]
    columns = pd.MultiIndex.from_arrays([parts[name] for name in order], names=levels)
    found = checked(noise(k=2).set_axis(columns, axis=1), symptom=columns[0])
    assert found.entities.tolist() == ["web", "db"]
    assert found.kinds.tolist() == ["latency", "other"]
    assert found.symptom == 0
    assert found.names[0] == "|".join(columns[0])


def test_columns_of_one_level_are_names():
    columns = pd.MultiIndex.from_tuples([("a",), ("b",)])
    assert checked(noise(k=2).set_axis(columns, axis=1)).entities.tolist() == ["a", "b"]


def test_every_kind_is_known():
    columns = {f"c{i}": ("x", kind) for i, kind in enumerate(KINDS)}
    found = checked(noise(k=len(KINDS)), about=described(**columns))
    assert found.kinds.tolist() == list(KINDS)
    assert found.remarks == ()


def test_numbers_of_every_type():
    frame = noise(k=2).round()
    mixed = frame.assign(
        small=frame["c0"].astype("float32"), whole=frame["c0"].astype(int), yes=frame["c0"] > 0,
        nullable=frame["c0"].astype("Int64"), maybe=(frame["c0"] > 0).astype("boolean").where(frame["c0"] > -1),
        text="x", objects=frame["c0"].astype(object), moment=frame.index, group=pd.Categorical(["a"] * 70),
    )  # fmt: skip
    found = checked(mixed)
    at = {name: found.values[:, j] for j, name in enumerate(found.names)}
    for name in ("small", "whole", "nullable"):
        assert at[name].tolist() == frame["c0"].tolist()
    assert at["yes"].tolist() == (frame["c0"] > 0).astype(float).tolist()
    assert np.isnan(at["maybe"]).any()
    assert set(found.not_numbers) == {"text", "objects", "moment", "group"}
    assert all(np.isnan(at[name]).all() for name in found.not_numbers)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
def test_numbers_of_one_type_are_not_copied(dtype):
    frame = noise().abs().astype(dtype)
    assert np.shares_memory(checked(frame).values, frame.to_numpy())


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_times_of_any_unit_and_zone(unit, zone):
    frame = noise()
    found = checked(frame.set_axis(frame.index.tz_convert(zone).as_unit(unit)), windows(frame))
    assert len(found.during) == 10
    assert found.step_seconds == 60
    assert str(found.times.tz) == "UTC"
