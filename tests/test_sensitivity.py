"""The sensitivity strip: A holds throughout; what flips is fragile and said; a lost interval is no flip."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis import views
from analysis.collect import load
from analysis.incident import Incident, Window
from analysis.investigation import examine, investigate
from analysis.sensitivity import AS_WRITTEN, NOT_COMPARABLE, compared, fragile_under, sensitivity, variations
from analysis.signals.cpu import PERIODS
from analysis.sources.prometheus import EMPTY
from tests.conftest import A, B, C, D
from tests.variants import drop_series, evidence_of, named, thin, with_samples, with_window

ISTIO = "cpu_throttling:payments/payment-api/istio-proxy"
NAMES = [
    "start earlier", "start later", "end earlier", "end later", "step x2", "slow -25 %", "slow +25 %",
    "allowed bad share -25 %", "allowed bad share +25 %", "least duration -25 %", "least duration +25 %",
]  # fmt: skip


def strip(evidence):
    return sensitivity(evidence, examine(evidence))


def with_symptom(evidence, **changes):
    spec = evidence.incident.spec
    spec = spec.model_copy(update={"symptom": spec.symptom.model_copy(update=changes)})
    return replace(evidence, incident=replace(evidence.incident, spec=spec))


@pytest.fixture(scope="module")
def of_a():
    return strip(evidence_of(A))


def test_the_proxy_of_a_is_supported_under_all(of_a):
    mine = of_a[of_a["finding"] == ISTIO]
    assert mine["variation"].tolist() == [AS_WRITTEN, *NAMES]
    assert set(mine["verdict"]) == {"supported"}
    assert mine["explained_ratio"].between(0.9, 1).all()
    assert not [f for f in fragile_under(of_a) if f.startswith("cpu_throttling")]
    assert compared(of_a)[ISTIO] == len(NAMES)


def test_twice_the_same(of_a):
    pd.testing.assert_frame_equal(strip(evidence_of(A)), of_a)


@pytest.mark.parametrize("folder", [B, C, D], ids=lambda f: f.name)
def test_nothing_becomes_supported_elsewhere(folder):
    found = strip(evidence_of(folder))
    found = found[found["finding"].str.startswith("cpu_throttling")]
    assert "supported" not in set(found["verdict"])
    assert fragile_under(found) == {}


@pytest.mark.parametrize("folder", [A, B, C, D], ids=lambda f: f.name)
def test_no_variation_supports_what_was_refuted(folder):
    found = strip(evidence_of(folder))
    written = found[found["variation"] == AS_WRITTEN].set_index("finding")["verdict"]
    flips = found[(found["verdict"] == "supported") & (found["finding"].map(written) == "refuted")]
    assert not len(flips), flips


@pytest.mark.parametrize("folder", [A, B, C], ids=lambda f: f.name)
def test_the_first_suspect_is_not_fragile(folder):
    result = examine(evidence_of(folder))
    assert result.findings[0].id not in fragile_under(strip(evidence_of(folder)))


def test_the_evidence_is_not_changed():
    evidence = load(Incident.load(A))
    before = (evidence.incident, evidence.samples.values.copy(), evidence.requests.copy())
    result = examine(evidence)
    sensitivity(evidence, result)
    assert evidence.incident == before[0]
    assert np.array_equal(evidence.samples.values, before[1], equal_nan=True)
    pd.testing.assert_frame_equal(evidence.requests, before[2])


@pytest.mark.parametrize("folder", [A, B, C, D], ids=lambda f: f.name)
def test_windows_stay_in_the_recording_and_off_the_baseline(folder):
    evidence = evidence_of(folder)
    written, baseline = evidence.incident.window, evidence.incident.baseline
    first = max(evidence.samples.span[0], evidence.requests.index[0])
    last = min(evidence.samples.span[1], evidence.requests.index[-1])
    for v in variations(evidence):
        if v.kind == "window" and v.evidence is not None:
            window = v.evidence.incident.window
            assert window != written
            assert first <= window.start
            assert window.end <= last
            assert window.start >= baseline.end or window.end <= baseline.start
            moved = abs((window.start - written.start) + (written.end - window.end)).total_seconds()
            assert 0 < moved <= 600
            inward = v.name in ("start later", "end earlier")
            assert moved <= (written.duration_seconds / 4 if inward else 600)
            assert v.detail.endswith(("all there is", "a quarter of the window")) or moved == 600


def test_a_long_recording_allows_ten_minutes():
    evidence = evidence_of(A)
    window = Window("2026-11-22T16:00:00Z", "2026-11-22T18:00:00Z")
    requests = evidence.requests.copy()
    requests.index = requests.index.where(requests.index > requests.index[0], pd.Timestamp("2026-11-22T12:00:00Z"))
    span = {"requests": requests.sort_index(), "samples": EMPTY}
    baseline = Window("2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z")
    varied = {v.name: v for v in variations(replace(with_window(evidence, window, baseline), **span))}
    assert {varied[n].detail for n in ("start earlier", "start later", "end earlier", "end later")} == {
        "10 min", "11 min 32 s, all there is",
    } or {varied[n].detail for n in NAMES[:4]} == {"10 min"}  # fmt: skip
    assert varied["start earlier"].evidence.incident.window.iso_start == "2026-11-22T15:50:00Z"


def test_without_room_there_is_no_variation_and_it_says_so():
    evidence = evidence_of(D)
    early = next(v for v in variations(evidence) if v.name == "start earlier")
    assert early.evidence is None
    assert early.detail == "the recording and the baseline leave no room"
    found = strip(evidence)
    assert set(found[found["variation"] == "start earlier"]["verdict"]) == {NOT_COMPARABLE}
    assert found[found["verdict"] == NOT_COMPARABLE]["explained_ratio"].isna().all()


def test_each_variation_changes_one_thing():
    evidence = evidence_of(A)
    for v in variations(evidence):
        changed = {
            "window": v.evidence.incident.window != evidence.incident.window,
            "step": len(v.evidence.samples.ids) != len(evidence.samples.ids),
            "threshold": v.evidence.incident.spec != evidence.incident.spec,
        }
        assert [k for k, c in changed.items() if c] == [v.kind]
        assert v.evidence.requests is evidence.requests


def test_the_step_is_that_of_a_scrape_half_as_often():
    evidence = evidence_of(A)
    half = next(v for v in variations(evidence) if v.kind == "step").evidence.samples
    slow = thin(evidence.samples, 10)
    assert (half.ids == slow.ids).all()
    assert (half.times == slow.times).all()


def test_thresholds_move_by_a_quarter():
    found = {v.name: v.evidence.incident.spec.symptom for v in variations(evidence_of(A)) if v.kind == "threshold"}
    assert found["slow -25 %"].slower_than_seconds == pytest.approx(1.125)
    assert found["slow +25 %"].slower_than_seconds == pytest.approx(1.875)
    assert 1 - found["allowed bad share +25 %"].objective_ratio == pytest.approx(0.0125)
    assert found["least duration -25 %"].min_duration_seconds == pytest.approx(22.5)
    names = {v.name for v in variations(with_symptom(evidence_of(A), slower_than_seconds=None, objective_ratio=0.1))}
    assert not [n for n in names if n.startswith("slow")]
    assert "allowed bad share +25 %" not in names


def test_a_claim_that_rests_on_the_least_duration_is_fragile():
    """Asked for a little less than the time it was bad it is an incident, asked for a little more it is none."""
    evidence = evidence_of(A)
    lasted = examine(evidence).case.symptom.episodes[0].window.duration_seconds
    found = strip(with_symptom(evidence, min_duration_seconds=lasted * 0.9))
    assert found[found["finding"] == ISTIO]["verdict"].iloc[0] == "supported"
    assert fragile_under(found)[ISTIO] == ("least duration +25 %",)
    row = found[(found["finding"] == ISTIO) & (found["variation"] == "least duration +25 %")]
    assert row["verdict"].tolist() == ["not_testable"]


def test_a_coarse_recording_is_fragile_under_a_coarser_step():
    """The coarsest scrape, of 5 s, 10 s, 20 s and so on, that supports the claim: twice that does not."""
    evidence = evidence_of(A)

    def verdict(seconds):
        found = examine(with_samples(evidence, thin(evidence.samples, seconds)))
        return next(f.verdict for f in found.findings if f.id == ISTIO)

    seconds = 5
    while verdict(2 * seconds) == "supported":
        seconds *= 2
    found = strip(with_samples(evidence, thin(evidence.samples, seconds)))
    mine = found[found["finding"] == ISTIO].set_index("variation")["verdict"]
    assert mine[AS_WRITTEN] == "supported"
    assert mine["step x2"] == verdict(2 * seconds)
    assert "step x2" in fragile_under(found)[ISTIO]


def test_a_window_that_loses_the_interval_is_not_comparable():
    """The window is drawn long before and after a short incident at its end: a quarter less holds none of it."""
    evidence = evidence_of(A)
    episode = examine(evidence).case.symptom.episodes[0].window
    end = episode.start + pd.Timedelta(seconds=50)
    baseline = Window("2026-11-22T17:57:40Z", "2026-11-22T17:59:40Z")
    evidence = with_window(evidence, Window("2026-11-22T17:59:50Z", end), baseline)
    assert examine(evidence).case.symptom.episodes
    found = strip(evidence)
    assert set(found[found["variation"] == "end earlier"]["verdict"]) == {NOT_COMPARABLE}
    assert not [names for names in fragile_under(found).values() if "end earlier" in names]


def test_intervals_that_only_a_variation_finds_are_left_out():
    """The same bad requests again two and a half minutes later, when nothing was throttled: beyond the window."""
    evidence = evidence_of(A)
    inside = evidence.requests[evidence.incident.window.holds(evidence.requests.index)]
    later = inside.set_index(inside.index + pd.Timedelta(seconds=200))
    evidence = replace(evidence, requests=pd.concat([evidence.requests, later]).sort_index(kind="stable"))
    end = next(v for v in variations(evidence) if v.name == "end later").evidence
    assert len(examine(end).case.symptom.episodes) == 2
    mine = strip(evidence).query("finding == @ISTIO").set_index("variation")
    shares = mine["explained_ratio"]
    assert shares["end later"] == pytest.approx(shares[AS_WRITTEN], abs=0.02)
    assert set(mine["verdict"]) == {"supported"}


def test_a_quiet_window_that_more_time_would_fill_is_fragile():
    evidence = with_window(evidence_of(A), baseline=Window("2026-11-22T17:57:40Z", "2026-11-22T17:59:40Z"))
    quiet = with_window(evidence, window=Window("2026-11-22T18:00:00Z", "2026-11-22T18:02:00Z"))
    found = strip(quiet)  # nothing bad as written, but ten minutes more hold the incident: that is said
    assert found[found["variation"] == AS_WRITTEN]["verdict"].eq("not_testable").all()
    assert "end later" in fragile_under(found)[ISTIO]


@pytest.mark.parametrize("spoil", ["no samples", "no requests", "no counters"])
def test_spoiled_evidence_gives_a_strip_too(spoil):
    evidence = evidence_of(A)
    if spoil == "no samples":
        evidence = with_samples(evidence, EMPTY)
    elif spoil == "no requests":
        evidence = replace(evidence, requests=evidence.requests.iloc[:0])
    else:
        evidence = with_samples(evidence, drop_series(evidence.samples, named(PERIODS)))
    result = examine(evidence)
    found = sensitivity(evidence, result)
    assert len(found) == len(result.findings) * (1 + len(variations(evidence)))
    assert not [f for f in fragile_under(found) if f.startswith("cpu_throttling")]


def test_an_investigation_carries_it_and_the_views_say_it(of_a):
    result = investigate(A)
    pd.testing.assert_frame_equal(result.sensitivity, of_a)
    assert {f.id: f.fragile for f in result.findings if f.fragile} == fragile_under(of_a)
    html = views.details(result).html()
    assert "the verdict holds under all 11 variations" in html
    assert "ragile" not in result.headline


def test_a_fragile_finding_is_marked_wherever_it_is_shown(copy_of):
    folder = copy_of(A)
    spec = (folder / "incident.yaml").read_text(encoding="utf-8")
    (folder / "incident.yaml").write_text(spec.replace("min_duration_seconds: 30", "min_duration_seconds: 115"))
    result = investigate(folder)
    first = result.findings[0]
    assert (first.id, first.verdict, first.fragile) == (ISTIO, "supported", ("least duration +25 %",))
    assert first.as_dict()["fragile"] == ["least duration +25 %"]
    assert result.headline.endswith("; this is fragile: it changes with least duration +25 %.")
    assert "supported, fragile · rank 1" in views.cards(result).html()
    html = views.details(result).html()
    assert "supported, fragile · rank 1" in html
    assert re.search(r"the verdict changes with 1 of \d+ variations", html)
    many = replace(result, findings=(first,) * 40)
    assert "<strong>supported, fragile</strong>" in views.details(many).html()


def test_examined_alone_nothing_is_said_of_it():
    result = examine(evidence_of(D))
    assert result.sensitivity is None
    assert "variations" not in views.details(result).html()
