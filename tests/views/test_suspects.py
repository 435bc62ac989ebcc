"""What the page says of the ranking: a number first, changed and never caused, p-values that can be read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.investigation import examine
from analysis.suspects.document import as_document, level, reason_counts
from analysis.suspects.wide import suspects_of
from analysis.views import suspects as suspect_views
from tests.conftest import A, D
from tests.variants import evidence_of, keep_samples, with_samples

EVIL = "<script>x</script>"


def both(folder):
    result = examine(evidence_of(folder))
    return result, suspects_of(result.case)


@pytest.fixture(scope="module")
def of_a():
    return both(A)


@pytest.fixture(scope="module")
def of_d():
    return both(D)


def test_the_sentence_has_a_number_first_and_accuses_nobody(of_a, of_d):
    for _, found in (of_a, of_d):
        text = suspect_views.ranked(found).data["text"]
        assert text[0].isdigit()
        assert "caus" not in text
    assert "istio-proxy (payment-api) ranks first" in suspect_views.ranked(of_a[1]).data["text"]
    assert "no suspect: the objective was not missed" in suspect_views.ranked(of_d[1]).data["text"]


def test_the_tables_show_levels_with_units_and_claim_no_order_below_the_resolution(of_a):
    rows = suspect_views.entity_table(of_a[1]).data["rows"]
    rows = [[cell.replace("\u00a0", " ") for cell in row] for row in rows]
    assert rows[0][:5] == ["1", "istio-proxy (payment-api)", "throttled periods", "0 %", "100 %"]
    assert rows[0][7] == "within 10 s"
    series = suspect_views.series_table(of_a[1]).data
    assert len(series["rows"]) == 20
    assert series["folded"]
    assert not [cell for row in series["rows"] for cell in row if "nan" in cell.lower() or "NaT" in cell]


def test_an_abstaining_ranking_is_folded_and_says_so(of_d):
    found = suspect_views.entity_table(of_d[1])
    assert found.data["folded"]
    assert "none of them is named a suspect" in found.data["caption"]


def test_chance_and_what_was_left_out(of_a):
    found = of_a[1]
    (text,) = suspect_views.chance(found).data["items"]
    assert f"by chance alone {found.ranking.expected_by_chance:.3g} would" in text
    assert "not what caused it" in text
    table = suspect_views.not_ranked(found).data
    assert sum(int(row[1].replace(",", "")) for row in table["rows"]) == len(found.ranking.not_ranked)
    assert reason_counts(found.ranking)[0][1] == max(count for _, count, _ in reason_counts(found.ranking))


def test_names_of_the_evidence_are_escaped(of_a):
    result, found = of_a
    ranking = replace(found.ranking, remarks=(EVIL,), entities=found.ranking.entities.assign(entity=EVIL),
                      series=found.ranking.series.assign(entity=EVIL))  # fmt: skip
    evil = found._replace(ranking=ranking)
    for view in (suspect_views.ranked(evil), suspect_views.entity_table(evil), suspect_views.remarks(evil)):
        assert "<script" not in view.html()
    assert "<script" not in suspect_views.gaps(result, evil).html()


def test_labels_of_the_bad_requests(of_a, of_d):
    table = suspect_views.attributes(of_a[0]).data
    assert table["caption"].startswith("1 of 3 label values had more bad requests")
    assert table["rows"][0][-1] == "over-represented"
    assert not [row for row in table["rows"] if row[5].startswith("0.0000")]
    assert "0 of" in suspect_views.attributes(of_d[0]).data["caption"]
    result = of_d[0]
    calm = result.case.symptom.requests.assign(bad=False)
    quiet = replace(result, case=replace(result.case, symptom=replace(result.case.symptom, requests=calm)))
    assert "no request was bad" in suspect_views.attributes(quiet).data["items"][0]


def test_gaps_are_told(of_a):
    result, found = of_a
    assert suspect_views.gaps(result, found).data["items"] == ["Gaps: 0 of 7 scrape targets miss a sample."]
    samples, window = result.evidence.samples, found.wide.incident
    mine = np.array([labels.get("job") == "istio-proxy" for labels in samples.labels])[samples.ids]
    inside = (samples.times > window.start_us) & (samples.times <= window.end_us)
    evidence = with_samples(result.evidence, keep_samples(samples, ~(mine & inside)))
    holed = replace(result, case=replace(result.case, evidence=evidence))
    table = suspect_views.gaps(holed, found).data
    assert table["rows"][0][0] == "istio-proxy"
    assert float(table["rows"][0][2].split()[0]) > 90


def test_the_document_is_plain_json(of_a):
    found = as_document(of_a[1].ranking, of_a[1].wide)
    flat = [v for rows in (found["series"], found["entities"]) for row in rows for v in row.values()]
    assert not [v for v in flat if isinstance(v, (pd.Timestamp, np.generic)) or (isinstance(v, float) and v != v)]


@pytest.mark.parametrize(
    ("x", "unit", "text"),
    [(0.0, "B", "0 B"), (1.5e9, "B", "1.5 GB"), (-3.0, "s", "-3 s"), (2.5e6, "1/s", "2.5 M/s"), (7.0, "", "7"),
     (1e6, "", "1 M"), (0.25, "s/s", "0.25 s/s"), (5.0, "cores", "5 cores")],
)  # fmt: skip
def test_levels_are_written_as_a_reader_would(x, unit, text):
    assert level(x, unit) == text
