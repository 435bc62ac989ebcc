import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.decode import decode_matrix
from analysis.sources.prometheus.failures import RequestError

NASTY = [
    '"+Inf"',
    ',"+Inf"]',
    '["+Inf"],[1,"-0"]',
    "+Inf",
    '"-0"',
    "NaN",
    'a"b\\c',
    "\u2028é\U0001f600",
    "]]}]}",
    "",
    "\n",
]
TEXT = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
NAMES = st.one_of(st.sampled_from(["value", "timestamp", "__name__", "le", "values", "metric", "histograms"]), TEXT)
LABELS = st.dictionaries(NAMES, TEXT, max_size=4)
MS = st.lists(st.integers(-(10**12), 4 * 10**12), max_size=6, unique=True).map(sorted)
SERIES = st.tuples(
    LABELS, MS.flatmap(lambda ms: st.tuples(st.just(ms), st.lists(st.floats(), min_size=len(ms), max_size=len(ms))))
)


def as_go(value: float) -> str:
    """Write a number as Prometheus does."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return (
        "-0"
        if value == 0 and math.copysign(1, value) < 0
        else f"{value:.0f}"
        if value == int(value) and abs(value) < 1e21
        else repr(value)
    )


def seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".") if ms % 1000 else str(ms // 1000)


def body_of(series, *, compact=True, kind="matrix", **more) -> bytes:
    result = [
        {"metric": labels, "values": [["@" + seconds(t), as_go(v)] for t, v in zip(*samples, strict=True)]}
        for labels, samples in series
    ]
    document = {"status": "success", "data": {"resultType": kind, "result": result}, **more}
    text = json.dumps(document, ensure_ascii=not compact, separators=(",", ":") if compact else (" , ", " : "))
    return _unquoted(text).encode()


def _unquoted(text: str) -> str:
    """Take the quotes off times, which JSON in Python would not write with three digits."""
    parts = text.split('["@')
    return parts[0] + "".join("[" + part.replace('"', "", 1) for part in parts[1:])


def answer(result, kind="matrix", **more) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more}).encode()


def bits(values) -> list[str]:
    return [np.float64(v).tobytes().hex() if v == v else "nan" for v in values]


@given(st.lists(SERIES, max_size=4), st.booleans())
def test_every_label_time_and_value_comes_out_as_it_was_written(series, compact):
    found = decode_matrix(body_of([s for s in series if '["@' not in str(s)], compact=compact))
    there = [s for s in series if s[1][0] and '["@' not in str(s)]
    assert list(found.labels) == [labels for labels, _ in there]
    assert found.counts.tolist() == [len(times) for _, (times, _) in there]
    assert found.times.tolist() == [t * 1000 for _, (times, _) in there for t in times]
    assert bits(found.values) == bits([v for _, (_, values) in there for v in values])


@given(st.integers(-(10**12), 4 * 10**12))
def test_times_are_exact_to_the_millisecond_however_they_are_written(ms):
    for text in (f"{ms / 1000:.3f}", repr(ms / 1000)):
        body = b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[%s,"1"]]}]}}'
        assert decode_matrix(body % text.encode()).times.tolist() == [ms * 1000]


def test_special_values_are_exact():
    texts = [
        "+Inf",
        "-Inf",
        "NaN",
        "5e-324",
        "1.7976931348623157e+308",
        "9007199254740994",
        "-0",
        "0.30000000000000004",
    ]
    texts.append("17976931348623157" + "0" * 292)  # VictoriaMetrics writes them out
    values = decode_matrix(answer([{"metric": {}, "values": [[i, t] for i, t in enumerate(texts)]}])).values
    expected = [math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 2.0**53 + 2, -0.0, 0.1 + 0.2]
    assert bits(values) == bits([*expected, 1.7976931348623157e308])


def test_labels_that_look_like_values_stay_what_they_are():
    labels = {"le": "+Inf", "q": ',"+Inf"]', "z": '"-0"', "value": "1", "timestamp": "2", "é\\": "\U0001f600\\"}
    found = decode_matrix(answer([{"metric": labels, "values": [[1, "+Inf"], [2, "-0"]]}]))
    assert found.labels == (labels,)
    assert bits(found.values) == bits([math.inf, -0.0])


def test_vectors_and_scalars_are_one_sample_a_series():
    vector = decode_matrix(answer([{"metric": {"a": "b"}, "value": [1.5, "+Inf"]}], "vector"))
    assert (vector.labels, vector.times.tolist(), vector.values.tolist()) == (({"a": "b"},), [1_500_000], [math.inf])
    scalar = decode_matrix(answer([7, "-0"], "scalar"))
    assert (scalar.labels, scalar.times.tolist(), bits(scalar.values)) == (({},), [7_000_000], bits([-0.0]))
    for kind in ("matrix", "vector"):
        for nothing in ([], None):
            assert decode_matrix(answer(nothing, kind)).labels == ()


def test_native_histograms_are_left_out_and_named():
    histogram = [1, {"count": "3", "sum": "2.5", "buckets": [[0, "1", "2", "3"]]}]
    found = decode_matrix(answer([
        {"metric": {"n": "only"}, "histograms": [histogram]},
        {"metric": {"n": "both"}, "values": [[1, "4"]], "histograms": [histogram]},
        {"metric": {"n": "none"}, "values": [[1, "5"]]},
    ]))  # fmt: skip
    assert [labels["n"] for labels in found.labels] == ["both", "none"]
    assert found.values.tolist() == [4, 5]
    assert [labels["n"] for labels in found.histograms] == ["only", "both"]
    now = decode_matrix(answer([{"metric": {"n": "now"}, "histogram": histogram}], "vector"))
    assert (now.labels, now.histograms) == ((), ({"n": "now"},))


def test_warnings_are_told_apart():
    found = decode_matrix(answer([], warnings=["remote_read: refused", "PromQL warning: a"], infos=["PromQL info: b"]))
    assert found.partial == ("remote_read: refused",)
    assert found.advice == ("PromQL warning: a", "PromQL info: b")
    assert len(decode_matrix(answer([], isPartial=True)).partial) == 1
    assert decode_matrix(answer([], isPartial=False, warnings=None)).partial == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "truncated"), (b"404 page not found", "not_understood"), (b"<html>", "not_understood"),
        (b"[]", "not_understood"), (b"{}", "not_understood"), (b'{"status":"success"}', "not_understood"),
        (b'{"status":"error","errorType":"execution","error":"many-to-many"}', "rejected"),
        (answer([1, "text"], "string"), "not_understood"), (answer([], "streams"), "not_understood"),
        (answer({}, "matrix"), "not_understood"), (answer([{"metric": {"a": 1}}]), "not_understood"),
        (answer([{"metric": {}, "values": [[1]]}]), "not_understood"),
        (answer([{"metric": {}, "values": [[1, None]]}]), "not_understood"),
        (answer([{"metric": {}, "values": [[1, "x"]]}]), "not_understood"),
        (answer([{"metric": {}, "values": [[1, "1"], [1, "2"]]}]), "not_understood"),
        (answer([{"metric": {"z": "w"}, "values": [[2, "1"], [1, "2"]]}]), "not_understood"),
        (answer([{"metric": {}, "values": [["NaN", "1"]]}]), "not_understood"),
        (answer([{"metric": {}, "values": [[1e300, "1"]]}]), "not_understood"),
        (answer([]) + b"}", "not_understood"), (b'{"status":"success\xff"}', "not_understood"),
    ],
)  # fmt: skip
def test_other_answers_are_errors_in_words(body, kind):
    with pytest.raises(RequestError) as caught:
        decode_matrix(body)
    assert caught.value.failure.kind == kind
    assert caught.value.failure.text


def test_a_body_that_is_cut_anywhere_is_never_half_an_answer():
    body = body_of([({"a": "b"}, ([1, 2], [1.5, math.inf])), ({"a": "c"}, ([1], [2.0]))], warnings=["x"])
    for length in range(len(body)):
        with pytest.raises(RequestError) as caught:
            decode_matrix(body[:length])
        assert caught.value.failure.kind == "truncated"


@given(st.binary(max_size=80), st.integers(0, 200))
def test_garbage_is_an_error_or_an_answer(noise, at):
    body = body_of([({"a": "b"}, ([1, 2], [1.5, math.inf]))])
    for spoiled in (noise, body[:at] + noise + body[at:]):
        try:
            decode_matrix(spoiled)
        except RequestError as error:
            assert error.failure.text


def test_secrets_are_taken_out_of_the_words_of_the_server():
    with pytest.raises(RequestError, match=r"\*\*\*"):
        decode_matrix(b'{"status":"error","error":"no s3cret"}', hide=lambda text: text.replace("s3cret", "***"))
