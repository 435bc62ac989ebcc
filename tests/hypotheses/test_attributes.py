"""The attribute contrast on frames: planted first, routed unmasked, what cannot be tested stated, recordings."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.hypotheses.attributes import NOT_RECORDED, attribute_contrast
from analysis.signals.requests import bad_requests
from tests import oracles_evidence as oracles
from tests.conftest import A, B, C, D
from tests.variants import evidence_of


def frame(n=24_000, seed=0, **columns):
    """Requests of `oracles.routed`, 300 s long, a block of it a second."""
    client, pod, bad, second = oracles.routed(np.random.default_rng(seed), n, 300, 0.5)
    end = pd.to_datetime(1_795_370_670_000_000 + second * 1_000_000 + 500_000, unit="us", utc=True)
    named = {"client": np.array(["mobile", "web", "batch"])[client], "pod": np.array([f"p{i}" for i in pod])}
    return pd.DataFrame({**named, **columns, "bad": bad}, index=end)


@pytest.mark.parametrize("seed", range(10))
def test_the_planted_pod_comes_first_and_the_routed_client_is_unmasked(seed):
    found = attribute_contrast(frame(seed=seed))
    first = found.table.iloc[0]
    assert (first["label"], first["value"], first["reason"]) == ("pod", "p0", "over-represented")
    assert first["q_value"] < 1e-6
    mobile = found.table.set_index(["label", "value"]).loc[("client", "mobile")]
    assert mobile["share_with"] > 2 * mobile["share_without"]
    assert (mobile["explained_by"], mobile["reason"]) == ("pod", "only by the company it keeps")
    beside = found.conditional.set_index(["label", "value", "beside"])
    assert beside.loc[("client", "mobile", "pod"), "high"] < 0.02
    assert beside.loc[("pod", "p0", "client"), "low"] > 0.05


def test_a_label_that_says_the_same_is_named():
    table = frame()
    table["version"] = np.where(table["pod"] == "p0", "v2", "v1")
    found = attribute_contrast(table).table
    assert found["value"].head(2).tolist() == ["p0", "v2"]
    assert found["inseparable_from"].head(2).tolist() == ["version", "pod"]
    assert (found["explained_by"].head(2) == "").all()


def test_what_cannot_be_tested_is_stated():
    n = 24_000
    rng = np.random.default_rng(1)
    table = frame(n, region="r1", tenant="", zone=None, trace=rng.integers(0, 100_000, n))
    found = attribute_contrast(table)
    why = dict(zip(found.not_tested["label"], found.not_tested["reason"], strict=True))
    assert why["region"] == "all requests have one value, r1"
    assert why["tenant"] == why["zone"] == "not recorded for any request"
    assert why["trace"].startswith("none of its ")
    assert set(found.conditional["beside"]) <= {"pod", "client"}
    traces = found.table[found.table["label"] == "trace"]
    assert (traces["reason"] == "too few blocks to compare").all()
    assert traces["q_value"].isna().all()
    assert found.table["value"].iloc[0] == "p0"


@pytest.mark.parametrize("absent", ["", None, np.nan, pd.NA])
def test_a_missing_value_is_a_value_of_its_own(absent):
    table = frame()
    table["pod"] = table["pod"].where(table["pod"] != "p0", absent).astype(object)
    first = attribute_contrast(table).table.iloc[0]
    assert (first["label"], first["value"]) == ("pod", NOT_RECORDED)


@pytest.mark.parametrize("kind", ["category", "int64", "bool", "float64", "str"])
def test_labels_of_any_type(kind):
    table = frame()
    number = (table["pod"] == "p0").astype("int64")
    table["sick"] = number.astype(kind)
    found = attribute_contrast(table, labels=("sick",)).table
    assert len(found) == 2
    assert found["value"].iloc[0] in {"1", "True", "1.0"}


def test_the_order_of_rows_and_of_labels_means_nothing():
    table = frame()
    turn = np.random.default_rng(3).permutation(len(table))
    same, moved = attribute_contrast(table).table, attribute_contrast(table.iloc[turn][["bad", "pod", "client"]]).table
    assert same.drop(columns=["p_value", "q_value"]).equals(moved.drop(columns=["p_value", "q_value"])) or np.allclose(
        same["excess"], moved["excess"]
    )
    assert same[["label", "value", "reason"]].equals(moved[["label", "value", "reason"]])


def test_requests_belong_to_the_time_they_were_sent():
    """Slow requests end among others than those they met: by their end, the pod of the slow looks bad alone."""
    n, rng = 12_000, np.random.default_rng(4)
    sent = np.sort(rng.integers(0, 300, n))
    slow = (sent % 60 < 4) & (rng.random(n) < 0.5)
    table = pd.DataFrame({"duration_seconds": np.where(slow, 30.0, 0.1), "bad": slow})
    table["minute"] = np.where(sent % 60 < 4, "burst", "calm")
    table.index = pd.to_datetime(
        (sent * 1e6 + table["duration_seconds"].to_numpy() * 1e6).astype("i8"), unit="us", utc=True
    )
    found = attribute_contrast(table, block_seconds=1)
    assert found.table["difference"].isna().all()
    by_end = attribute_contrast(table.drop(columns="duration_seconds"), block_seconds=1)
    assert by_end.table["difference"].notna().any()


@pytest.mark.parametrize("folder", [A, B, C, D], ids=lambda f: f.name)
def test_on_the_recordings(folder):
    evidence = evidence_of(folder)
    symptom = evidence.incident.spec.symptom
    requests = bad_requests(evidence.requests, failed=symptom.failed, slower_than_seconds=symptom.slower_than_seconds)
    found = attribute_contrast(requests)
    assert found.table["label"].unique().tolist() == ["route"]
    assert found.table["count"].sum() == len(requests)
    assert found.table["bad"].sum() == requests["bad"].sum()
    why = dict(zip(found.not_tested["label"], found.not_tested["reason"], strict=True))
    assert why["pod"] == "not recorded for any request"
    again = attribute_contrast(requests)
    assert all(one.equals(other) for one, other in zip(found[:3], again[:3], strict=True))


def test_no_requests_and_no_labels():
    empty = frame().iloc[:0]
    found = attribute_contrast(empty)
    assert found.table.empty
    assert found.not_tested["reason"].tolist() == ["there are no requests"] * 2
    assert attribute_contrast(frame()[["bad"]]).table.empty


def test_what_is_no_request_table_is_refused():
    table = frame()
    for wrong, word in (
        (table.drop(columns="bad"), "bad"),
        (table.assign(bad=1), "bad"),
        (table.tz_localize(None), "offset"),
        (table.reset_index(drop=True), "offset"),
        (pd.concat([table, table[["pod"]]], axis=1), "same name"),
    ):
        with pytest.raises(AnalysisError, match=word):
            attribute_contrast(wrong)
    with pytest.raises(AnalysisError, match="nope"):
        attribute_contrast(table, labels=("nope",))
    with pytest.raises(AnalysisError, match="width"):
        attribute_contrast(table, block_seconds=0)
