"""incident.yaml and windows: every problem at once, no secret by value, no time without an offset."""

import copy
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.incident import Incident, Window, parse_time
from tests.conftest import A, B, C, D

GOOD = {
    "id": "demo",
    "title": "Something broke",
    "window": {"start": "2026-11-22T18:00:00Z", "end": "2026-11-22T18:30:00Z"},
    "baseline": {"start": "2026-11-22T17:00:00Z", "end": "2026-11-22T17:30:00Z"},
    "service": {"namespace": "shop", "workload": "api"},
    "symptom": {"failed": True},
}


@pytest.fixture
def load(tmp_path):
    """Write a spec (GOOD with changes by dotted path) and load it."""

    def _load(changes=None, *, text=None, remove=(), **times):
        spec = copy.deepcopy(GOOD)
        for path, value in (changes or {}).items():
            *parents, last = path.split(".")
            place = spec
            for part in parents:
                place = place.setdefault(part, {})
            place[last] = value
        for key in remove:
            del spec[key]
        (tmp_path / "incident.yaml").write_text(text or yaml.safe_dump(spec, allow_unicode=True), encoding="utf-8")
        return Incident.load(tmp_path, **times)

    return _load


def problems_of(call, *args, **kwargs):
    with pytest.raises(SpecError) as caught:
        call(*args, **kwargs)
    return caught.value.problems


@pytest.mark.parametrize("folder", [A, B, C, D], ids=lambda p: p.name)
def test_the_bundled_incidents_are_valid(folder):
    incident = Incident.load(str(folder))
    assert incident.spec.id == folder.name
    assert incident.raw == folder / "raw"


def test_defaults(load):
    spec = load().spec
    assert (spec.timezone, spec.language, spec.review.status, spec.symptom.source) == ("UTC", "en", "draft", "requests")
    assert (spec.symptom.objective_ratio, spec.symptom.min_duration_seconds) == (0.99, 30)
    assert spec.sources.requests == spec.changes == spec.timeouts == ()


def test_all_problems_at_once(load):
    found = problems_of(
        load,
        {
            "symptom.objectiv_ratio": 0.9,
            "symptom.min_duration_seconds": 0,
            "window.start": "2026-11-22T18:00:00",
            "timezone": "Asia/Soul",
            "sources": {"gc_logs": [{"path": "/var/log/gc.log"}], "prometheus": {"url": "http://me:pw@prom:9090"}},
        },
        remove=["title", "service"],
    )
    text = "\n".join(found)
    assert len(found) == 8
    assert "symptom.objectiv_ratio: unknown key: did you mean 'objective_ratio'?" in found
    assert "title: missing" in found
    assert "service: missing" in found
    assert "window.start: time without an offset" in text
    assert "timezone: expected an IANA time zone" in text
    assert "sources.gc_logs.0.path: expected a path inside the incident folder" in text
    assert "sources.prometheus.url: expected env:NAME" in text
    assert "symptom.min_duration_seconds" in text


def test_the_message_counts_names_the_file_and_says_what_to_do(load, tmp_path):
    with pytest.raises(SpecError) as caught:
        load(remove=["title"])
    lines = str(caught.value).splitlines()
    assert lines[0] == "1 problem in the spec"
    assert str(tmp_path / "incident.yaml") in lines[1]
    assert lines[-1] == "  - title: missing"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window.end": "2026-11-22T18:00:00Z"}, "the window is empty"),
        ({"baseline.end": "2026-11-22T16:00:00Z"}, "the window is empty"),
        ({"window.start": "yesterday evening"}, "not a time"),
        ({"window.start": 1_700_000_000}, "not a time"),
        ({"window.start": None}, "not a time"),
        ({"baseline.end": "2026-11-22T18:00:00.000001Z"}, "baseline overlaps the incident window"),
        ({"baseline.end": "2026-11-22T19:00:00Z"}, "baseline overlaps the incident window"),
        ({"baseline.end": "2026-11-22T18:01:00+00:00"}, "baseline overlaps the incident window"),
        ({"symptom.failed": False}, "no request could be bad"),
        ({"symptom.source": "errors"}, "neither 'requests' nor 'connects' nor a name under signals (none there)"),
        ({"symptom.source": "errors", "signals": {"lag": {"promql": "lag"}}}, "nor a name under signals (lag)"),
        ({"symptom.slower_than_seconds": float("inf")}, "finite"),
        ({"symptom.slower_than_seconds": float("nan")}, "symptom.slower_than_seconds"),
        ({"symptom.slower_than_seconds": 0}, "symptom.slower_than_seconds"),
        ({"symptom.objective_ratio": 1}, "symptom.objective_ratio"),
        ({"symptom.objective_ratio": float("nan")}, "symptom.objective_ratio"),
        ({"timeouts": [{"call": "redis", "seconds": -1}]}, "timeouts.0.seconds"),
        ({"changes": [{"time": "2026-11-22 18:00", "kind": "x", "what": "y"}]}, "changes.0.time: time without"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"id": "../up"}, "id"),
        ({"id": ""}, "id"),
        ({"title": ""}, "title"),
        ({"language": "fr"}, "language"),
        ({"review": {"status": "done"}}, "review.status"),
        ({"service.workload": ""}, "service.workload"),
        ({"windw": {}}, "windw: unknown key: did you mean 'window'?"),
        ({"zzz": 1}, "zzz: unknown key"),
        ({"sources.requests": [{"kind": "iis", "path": "raw/a"}]}, "sources.requests.0.kind"),
        ({"sources.kubernetes": {"events": "../events.json"}}, "sources.kubernetes.events: expected a path inside"),
        ({"sources.requests": [{"kind": "csv", "path": "raw/../../a.csv"}]}, "expected a path inside"),
        ({"sources.database": [{"kind": "postgres-ash", "path": "/tmp/x"}]}, "expected a path inside"),
    ],
)
def test_each_problem_is_named(load, changes, message):
    found = problems_of(load, changes)
    assert len(found) == 1
    assert message in found[0]


def test_windows_may_touch_and_the_baseline_may_follow(load):
    assert load({"baseline.end": "2026-11-22T18:00:00Z"}).baseline.end == load().window.start
    after = load({"baseline.start": "2026-11-22T18:30:00Z", "baseline.end": "2026-11-22T19:00:00Z"})
    assert after.baseline.start == after.window.end


@pytest.mark.parametrize("good", ["env:PROM_TOKEN", "file:/run/secrets/token"])
def test_a_secret_by_reference_is_accepted(load, good):
    spec = load({"sources.prometheus": {"url": "https://prom.example/api", "auth": good}}).spec
    assert spec.sources.prometheus.auth == good
    assert load({"sources.prometheus": {"url": good}}).spec.sources.prometheus.url == good


@pytest.mark.parametrize("bad", ["hunter2", "Bearer abc", "env:", "env:1X", "file:relative", "env:A B", ""])
def test_a_secret_by_value_is_refused_and_not_repeated(load, bad):
    found = problems_of(load, {"sources.prometheus": {"url": "http://p", "auth": bad}})
    assert found[0].startswith("sources.prometheus.auth: a secret must be a reference")
    if bad:
        assert bad not in found[0].replace("env:NAME", "").replace("file:/path", "")


@pytest.mark.parametrize("bad", ["http://me:pw@prom:9090", "https://token@prom/x", "ftp://prom", "prom:9090", "env:"])
def test_an_address_with_a_user_or_of_another_kind_is_refused(load, bad):
    found = problems_of(load, {"sources.prometheus": {"url": bad}})
    assert found[0].startswith("sources.prometheus.url: ")
    assert "pw" not in found[0]
    assert "token" not in found[0]


def test_an_at_sign_in_the_path_is_no_password(load):
    assert load({"sources.prometheus": {"url": "http://prom/a@b"}}).spec.sources.prometheus.url == "http://prom/a@b"


def test_a_signal_of_the_author_keeps_its_label_roles(load):
    spec = load({"symptom.source": "errors", "signals": {"errors": {"promql": "error_ratio", "pod": "instance"}}}).spec
    assert spec.signals["errors"].promql == "error_ratio"
    assert spec.signals["errors"].model_extra == {"pod": "instance"}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("id: a\ntitle: b\nid: c\n", "the key 'id' stands twice", "line 3"),
        ("window: {start: a, start: b}\n", "the key 'start' stands twice", "line 1"),
        ("id: [a\n", "is not YAML", "line 2"),
        ("? [a, b]\n: 1\n", "a key must be plain text", "line 1"),
        ("id: !!python/object:os.system x\n", "is not YAML", "line 1"),
        ("id: \x00\n", "is not YAML", ""),
        ("- a\n- b\n", "holds no mapping", ""),
        ("only words\n", "holds no mapping", ""),
        ("# nothing\n", "holds no mapping", ""),
    ],
)
def test_what_is_no_mapping_in_yaml_is_refused(load, text, message, line):
    with pytest.raises(SpecError) as caught:
        load(text=text)
    assert message in caught.value.what
    assert line in caught.value.where


def test_bytes_that_are_no_utf8_are_refused(tmp_path):
    (tmp_path / "incident.yaml").write_bytes(b"id: \xff\xfe\n")
    with pytest.raises(SpecError, match="is not YAML"):
        Incident.load(tmp_path)


def test_no_incident_here(tmp_path):
    with pytest.raises(SpecError, match="no incident here") as caught:
        Incident.load(tmp_path)
    assert "postmortem new" in caught.value.next


def test_a_time_stays_text_so_that_a_missing_offset_is_seen(load):
    text = yaml.safe_dump(GOOD).replace("'2026-11-22T18:00:00Z'", "2026-11-22 18:00:00")
    assert "window.start: time without an offset" in problems_of(load, text=text)[0]


def test_arguments_replace_the_times(load):
    found = load(
        start="2026-11-23T03:05:00+09:00",
        end="2026-11-22T18:10:00Z",
        baseline_start="2026-11-22T16:00:00Z",
        baseline_end="2026-11-22T16:30:00Z",
    )
    assert found.window == Window("2026-11-22T18:05:00Z", "2026-11-22T18:10:00Z")
    assert found.baseline == Window("2026-11-22T16:00:00Z", "2026-11-22T16:30:00Z")
    assert load(start="2026-11-22T18:05:00Z").window.end == load().window.end


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"start": "2026-11-22T18:05:00"}, "window.start: time without an offset"),
        ({"end": "soon"}, "window.end: not a time"),
        ({"start": "2026-11-22T19:00:00Z"}, "the window is empty"),
        ({"baseline_end": "2026-11-22T18:05:00Z"}, "baseline overlaps"),
    ],
)
def test_arguments_are_checked_like_the_spec(load, times, message):
    assert message in problems_of(load, **times)[0]


def test_a_window_is_two_positional_times_in_utc():
    window = Window("2026-11-22T18:04:30Z", datetime(2026, 11, 22, 18, 7, tzinfo=UTC))
    assert window.as_dict() == {"start": "2026-11-22T18:04:30Z", "end": "2026-11-22T18:07:00Z"}
    assert window.duration_seconds == 150.0
    assert (window.end_us - window.start_us) == 150_000_000
    assert window.start.unit == "us"
    assert window == Window(window.start, window.end)
    assert len({window, Window(window.start, window.end)}) == 1


def test_a_window_is_open_at_its_start_and_closed_at_its_end():
    window = Window("2026-11-22T18:00:00Z", "2026-11-22T18:01:00Z")
    index = pd.DatetimeIndex([window.start, window.start + pd.Timedelta("1us"), window.end,
                              window.end + pd.Timedelta("1us")])  # fmt: skip
    assert window.holds(index).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2026-11-22T18:00:00", "2026-11-22T18:01:00Z", "time without an offset"),
        (datetime(2026, 11, 22), "2026-11-23T18:01:00Z", "time without an offset"),  # noqa: DTZ001 - naive is the point
        ("2026-11-22T18:00:00Z", "2026-11-22T18:00:00Z", "the window is empty"),
        ("2026-11-22T18:01:00Z", "2026-11-22T18:00:00Z", "the window is empty"),
        ("2026-11-22T18:00:00Z", pd.NaT, "not a time"),
        (None, "2026-11-22T18:00:00Z", "not a time"),
        (0, "2026-11-22T18:00:00Z", "not a time"),
        ("2026-02-30T18:00:00Z", "2026-11-22T18:00:00Z", "not a time"),
    ],
)
def test_a_window_that_is_none_is_refused(start, end, message):
    with pytest.raises(SpecError, match=message):
        Window(start, end)


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset():
    first, second = parse_time("2026-10-25T02:30:00+02:00"), parse_time("2026-10-25T02:30:00+01:00")
    assert second - first == pd.Timedelta("1h")
    zone = ZoneInfo("Europe/Berlin")
    assert parse_time(datetime(2026, 10, 25, 2, 30, tzinfo=zone)) == first
    assert parse_time(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zone)) == second
    window = Window(datetime(2026, 10, 25, 1, 0, tzinfo=zone), datetime(2026, 10, 25, 4, 0, tzinfo=zone))
    assert window.duration_seconds == 4 * 3600


def test_digits_below_a_microsecond_are_cut():
    assert parse_time("2026-11-22T18:04:30.123456789Z") == pd.Timestamp("2026-11-22T18:04:30.123456Z")


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(-14 * 60, 14 * 60),
)
def test_any_offset_comes_to_the_same_utc_time(moment, minutes):
    there = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    found = parse_time(there.isoformat())
    assert found == parse_time(there) == pd.Timestamp(there)
    assert str(found.tz) == "UTC"
    assert found.unit == "us"
    assert found.to_pydatetime() == there


@pytest.mark.parametrize("text", ["18:04Z", "22/11/2026 18:04Z", "tomorrow", "2026-11-22Z"])
def test_a_time_that_is_not_iso_is_refused(text):
    with pytest.raises(SpecError, match="not a time"):
        parse_time(text)


def test_a_far_year_is_a_time_like_any_other():
    assert Window("9999-12-30T00:00:00Z", "9999-12-31T00:00:00Z").end_us > 2**57


@pytest.mark.parametrize("text", ["x: !!int abc\n", "a: " + "[" * 3000 + "\n", "? [a, b]\n: 1\n"])
def test_strange_yaml_is_a_spec_error(tmp_path, text):
    (tmp_path / "incident.yaml").write_text(text)
    with pytest.raises(SpecError, match="not YAML"):
        Incident.load(tmp_path)
