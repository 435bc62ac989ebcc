"""Documents of servers, read: durations, flavours, clocks, scrape intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.server_facts import (
    ServerFacts,
    clock_offset,
    duration,
    flavour_of,
    metric,
    scrape_of_config,
    scrape_of_targets,
)

CONFIG = """global:
  scrape_interval: 1m
  external_labels:
    job_name: no
scrape_configs:
- job_name: a b
  honor_timestamps: true
  scrape_interval: 15s
  metric_relabel_configs:
  - source_labels: [job_name]
    scrape_interval: 3s
- job_name: "quoted"
  scrape_interval: 1m30s
- job_name: none
  scheme: http
remote_write:
- job_name: other
  scrape_interval: 1s
"""


@given(st.lists(st.integers(0, 99), min_size=6, max_size=6))
def test_a_duration_is_the_sum_of_its_parts(parts):
    text = "".join(f"{n}{u}" for n, u in zip(parts, ("w", "d", "h", "m", "s", "ms"), strict=True))
    expected = sum(n * s for n, s in zip(parts, (604_800, 86_400, 3_600, 60, 1, 0.001), strict=True))
    assert duration(text) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("text", ["", "5", "m", "1s1m", "-5m", "5 m", None, "1.5h", "\u0665m "])
def test_these_are_no_durations(text):
    assert duration(text) is None


@given(st.text())
def test_any_text_is_read(text):
    duration(text)
    clock_offset(text, 0.0, 0.0)
    scrape_of_config("scrape_configs:\n" + text)
    metric(text, "a")


@pytest.mark.parametrize(
    ("build", "header", "stores", "flavour"),
    [
        ({"version": "2.42.0", "goVersion": "go1.19"}, "", False, "prometheus"),
        ({"version": "0.32.0", "goVersion": "go1.20"}, "", True, "thanos"),
        ({"application": "Grafana Mimir", "version": "2.10.0", "goVersion": "go1.20"}, "", False, "mimir"),
        ({}, "", False, "victoriametrics"),
        ({"version": "2.24.0"}, "", False, "victoriametrics"),
        (None, "vm-1", False, "victoriametrics"),
        (None, "", False, "unknown"),
        ({"application": "Elasticsearch", "version": "9", "goVersion": ""}, "", False, "unknown"),
    ],
)
def test_a_server_is_known_by_what_it_says(build, header, stores, flavour):
    assert flavour_of(build, header, has_stores=stores) == flavour


def test_a_clock_without_a_date_is_unknown():
    assert clock_offset(None, 0.0, 0.0) is None
    assert clock_offset("soon", 0.0, 0.0) is None


def test_the_longest_interval_of_a_job_counts_and_oddities_are_passed_over():
    targets = [
        {"labels": {"job": "b"}, "scrapeInterval": "15s"}, {"labels": {"job": "b"}, "scrapeInterval": "1m0s"},
        {"labels": {"job": "a"}, "scrapeInterval": "5s"}, {"labels": None, "scrapeInterval": "5s"},
        {"labels": {"job": "c"}}, {"labels": {"job": "d"}, "scrapeInterval": "0s"}, {},
    ]  # fmt: skip
    assert scrape_of_targets(targets) == {"a": 5.0, "b": 60.0}


def test_jobs_of_a_configuration_have_their_own_interval():
    assert scrape_of_config(CONFIG) == {"a b": 15.0, "quoted": 90.0}
    assert scrape_of_config("") == {}


def test_a_metric_of_a_page():
    page = "# HELP a_b words\na_b_more 3\na_b 9.2e+18\nc nothing\n"
    assert (metric(page, "a_b"), metric(page, "c"), metric(page, "b")) == (9.2e18, None, None)


def test_facts_are_json():
    assert ServerFacts(notes=("x",), scrape_seconds={"a": 1.0}).as_dict()["notes"] == ["x"]
