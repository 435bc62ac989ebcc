"""How metrics were scraped, in words: what is missing, late or unknown is never shown as if all was well."""

import json
from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest

from analysis import views
from analysis.investigation import examine
from analysis.sources.prometheus import EMPTY, SampleTable
from analysis.views.captured import coverage_lines
from analysis.views.scrapes import COLUMNS, scrape_rows, scrape_table, scraped
from tests.conftest import A
from tests.variants import evidence_of, keep_samples, relabel
from tests.views.test_overview import EVIL, assert_harmless


@pytest.fixture(scope="module")
def of_a():
    return examine(evidence_of(A))


def with_table(result, table, **more):
    evidence = replace(result.evidence, samples=table, **{"stale": (), "modes": (), **more})
    return replace(result, case=replace(result.case, evidence=evidence))


def job_of(table, job):
    return np.array([labels.get("job") == job for labels in table.labels])[table.ids]


def row_of(result, start):
    return next(row for row in scrape_rows(scraped(result)) if row[0].startswith(start))


def test_the_coverage_of_a(of_a):
    rows = scrape_rows(scraped(of_a))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == 7
    assert {row[8] for row in rows} == {"5 s"}
    assert all("(100 %)" in row[1] for row in rows)
    data = scrape_table(of_a).data
    assert data["caption"] == "Scrapes of 7 targets: every sample that was expected in the incident is there"
    assert data["lead"] == ["istio-proxy: a scrape took 1.21 s in the incident (median), 1.17 ms in the baseline."]
    assert coverage_lines(of_a) == [COLUMNS, *rows]


def test_samples_that_are_missing_are_counted_and_placed(of_a):
    table, window = of_a.evidence.samples, of_a.incident.window
    lost = job_of(table, "node") & (table.times > window.start_us + 30e6) & (table.times <= window.start_us + 75e6)
    found = with_table(of_a, keep_samples(table, ~lost))
    row = row_of(found, "node")
    assert row[1].endswith("(70 %)")
    assert row[3].startswith("50 s from 18:04:5")
    assert scrape_rows(scraped(found))[0] == row
    assert scrape_table(found).data["caption"] == (
        "Scrapes of 7 targets: the thinnest, node, has 70 % of its samples in the incident"
    )


def test_one_lost_sample_of_thousands_is_not_rounded_away(of_a):
    table, window = of_a.evidence.samples, of_a.incident.window
    inside = np.flatnonzero(job_of(table, "redis") & (table.times > window.start_us + 60e6))
    keep = np.ones(len(table.ids), bool)
    keep[inside[3]] = False
    assert "5,849 of 5,850 (99.9 %)" in row_of(with_table(of_a, keep_samples(table, keep)), "redis")


def test_a_target_that_is_down_or_silent_is_said_before_the_table(of_a):
    table, window = of_a.evidence.samples, of_a.incident.window
    values = table.values.copy()
    up = np.array([one["__name__"] == "up" and one["job"] == "redis" for one in table.labels])[table.ids]
    values[up & (table.times > window.start_us + 60e6) & (table.times < window.start_us + 90e6)] = 0
    silent = job_of(table, "postgres") & (table.times > window.end_us - 60e6)
    found = with_table(of_a, keep_samples(SampleTable(table.labels, table.ids, table.times, values), ~silent))
    lead = " ".join(scrape_table(found).data["lead"])
    assert "redis: 6 of 30 scrapes failed: 18:05:3" in lead
    assert "postgres: 274 of 274 series fell silent, with their whole target." in lead
    assert "274; 274 silent" in row_of(found, "postgres")
    assert row_of(found, "redis")[4].startswith("24 of 30; down from 18:05:3")


def test_what_is_not_recorded_is_not_good(of_a):
    table = of_a.evidence.samples
    names = ("up", "scrape_duration_seconds")
    without = keep_samples(table, np.array([one["__name__"] not in names for one in table.labels])[table.ids])
    row = row_of(with_table(of_a, without), "node")
    assert row[4:7] == ("not recorded",) * 3
    nothing = scrape_table(with_table(of_a, EMPTY))
    assert nothing.kind == "unavailable"
    assert "nothing that only metrics show can be tested" in nothing.data["text"]
    assert coverage_lines(with_table(of_a, EMPTY)) == []
    gone = with_table(of_a, keep_samples(table, ~job_of(table, "node")))
    assert row_of(gone, "node")[1:4] == ("not there", "not there", "none")
    assert row_of(gone, "node")[7:] == ("0", "unknown")
    assert scrape_table(gone).data["caption"] == "Scrapes of 7 targets: node has no sample in the incident"


def test_values_on_a_grid_are_told_apart(of_a):
    table = of_a.evidence.samples
    modes = tuple("range" if one.get("job") == "node" and one["__name__"] != "up" else "raw" for one in table.labels)
    found = with_table(of_a, table, modes=modes)
    grid = next(row for row in scrape_rows(scraped(found)) if row[0].endswith("on a grid"))
    assert grid[8] == "grid of 5 s"
    assert "not recorded" in grid[4]


def test_thousands_of_targets_end_in_one_line(of_a):
    table = of_a.evidence.samples
    many = relabel(table, lambda one: {**one, "instance": f"{crc32(one['__name__'].encode()) % 50}:80"})
    rows = scrape_rows(scraped(with_table(of_a, many)))
    targets = {(one.get("job"), one.get("instance")) for one in many.labels}
    assert len(rows) == 21
    assert rows[-1][0].startswith(f"and {len(targets) - 20:,} more, each with ")
    assert {len(row) for row in rows} == {len(COLUMNS)}


def test_hostile_labels_stay_text(of_a):
    table = relabel(of_a.evidence.samples, lambda one: {**one, "job": EVIL, "instance": EVIL})
    view = scrape_table(with_table(of_a, table))
    assert "alert(1)" in assert_harmless(view.html()).text
    json.dumps(view._repr_mimebundle_(), allow_nan=False)


def test_series_without_labels_of_a_target(of_a):
    table = relabel(of_a.evidence.samples, lambda one: {k: v for k, v in one.items() if k not in ("job", "instance")})
    assert scrape_rows(scraped(with_table(of_a, table)))[0][0] == "series without a job"


def test_the_view_is_offered_to_notebooks():
    assert views.scrape_table is scrape_table


def test_a_series_that_a_stale_marker_ended_is_not_missing(of_a):
    table, window = of_a.evidence.samples, of_a.incident.window
    one = next(i for i, labels in enumerate(table.labels) if labels.get("job") == "node" and labels["__name__"] != "up")
    stop = window.start_us + 60_000_000
    cut = keep_samples(table, (table.ids != one) | (table.times <= stop))
    marked = with_table(of_a, cut, stale=((dict(table.labels[one]), stop + 5_000_000),))
    assert row_of(marked, "node")[7] == "146; 1 ended"
    assert row_of(with_table(of_a, cut), "node")[7] == "146; 1 last seen"
    assert "(100 %)" in row_of(marked, "node")[1]


def test_targets_that_ended_before_do_not_hide_the_worst(of_a):
    """A rollout leaves many targets behind: they are counted, and come last."""
    table, window = of_a.evidence.samples, of_a.incident.window
    ended = job_of(table, "redis") & (table.times > window.start_us - 60_000_000)
    lost = job_of(table, "node") & (table.times > window.start_us + 30e6) & (table.times <= window.start_us + 75e6)
    stale = tuple((dict(one), window.start_us - 50_000_000) for one in table.labels if one.get("job") == "redis")
    found = with_table(of_a, keep_samples(table, ~(ended | lost)), stale=stale)
    rows = scrape_rows(scraped(found))
    assert rows[0][0] == "node"
    assert rows[-1][:3] == ("redis", "not there", "100 %")
    assert scrape_table(found).data["lead"][0] == "Without any sample in the incident: 1 of 7 targets."


def test_a_recording_that_ends_too_early_is_said_once(of_a):
    table, window = of_a.evidence.samples, of_a.incident.window
    data = scrape_table(with_table(of_a, keep_samples(table, table.times <= window.start_us + 60_000_000))).data
    assert data["lead"][0] == "All targets fell silent: the recording ends before the incident window does."
    assert not any("fell silent, with" in text for text in data["lead"])
    assert "the thinnest, payment-api, has 36.8 % of its samples" in data["caption"]
