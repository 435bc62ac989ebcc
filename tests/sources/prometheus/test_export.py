"""VictoriaMetrics' export: numbers that are no JSON, label text that looks like them, times and cuts."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.export import PATH, fetch_export, lines_of, read_line
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.frames import Ended
from analysis.sources.prometheus.protobuf import Malformed
from analysis.sources.prometheus.selector import Selector
from tests.servers import backfill, import_to_victoria, prometheus, victoria_metrics
from tests.sources.prometheus.remote_answers import Stand, cut

T0 = 1_763_784_000
BARE = {float("inf"): "+Inf", float("-inf"): "-Inf"}
ODD = [0.0, float("inf"), float("-inf"), 1.7976931348623157e308, 0.30000000000000004, 123456.789012345, -1.5, 2.0**53]
JSON_LINES = "application/stream+json; charset=utf-8"
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text('"\\:[],+-InfNaul{} valuestmp', max_size=20),
    st.sampled_from(['"values":[1,+Inf]', "+Inf", "NaN", '\\"values\\":[', '],"timestamps":[1]', "null", "\\"]),
)
LABELS = st.dictionaries(st.one_of(st.sampled_from(["values", "timestamps", "le", "metric"]), TEXT), TEXT, max_size=4)
VALUES = st.one_of(st.floats(allow_nan=False), st.sampled_from(list(BARE)), st.integers(0, 10**6).map(float))


def line(labels, values, times, *, order=("metric", "values", "timestamps"), none="null"):
    told = ",".join(none if v != v else BARE.get(v, repr(v)) for v in values)
    parts = {
        "metric": json.dumps(labels, ensure_ascii=False, separators=(",", ":")),
        "values": f"[{told}]", "timestamps": f"[{','.join(map(str, times))}]",
    }  # fmt: skip
    return ("{" + ",".join(f'"{name}":{parts[name]}' for name in order) + "}").encode()


@settings(max_examples=400)
@given(LABELS, st.lists(VALUES, max_size=6), st.permutations(["metric", "values", "timestamps"]))
@example({"a": '"values":[+Inf]', "values": "["}, [float("inf")], ["metric", "values", "timestamps"])
def test_labels_and_numbers_are_read_whatever_they_look_like(labels, values, order):
    times = [T0 * 1000 + i for i in range(len(values))]
    found = read_line(line(labels, values, times, order=order))
    assert found.labels == labels
    assert found.values.view("u8").tolist() == np.array(values, "f8").view("u8").tolist()
    assert found.times_us.tolist() == [t * 1000 for t in times]


@pytest.mark.parametrize(("token", "value"), [
    ("+Inf", np.inf), ("Inf", np.inf), ("-Inf", -np.inf), ("Infinity", np.inf), ("-Infinity", -np.inf), ("NaN", np.nan),
    ("null", np.nan), ("inf", np.inf), ("nan", np.nan), ("1e-7", 1e-7), ("18446744073709551616", 2.0**64),
    ("1" + "0" * 308, 1e308), ("-0.5", -0.5),
])  # fmt: skip
def test_every_way_to_write_a_number(token, value):
    found = read_line(b'{"metric":{},"values":[1,%b,2],"timestamps":[1,2,3]}' % token.encode()).values
    assert np.array_equal(found, [1, value, 2], equal_nan=True)
    assert np.signbit(found[1]) == (token[0] == "-")


@pytest.mark.parametrize("bad", [
    b"", b"{}", b"[]", b"x", b'{"metric":{},"values":[1]}', b'{"metric":{},"values":[1],"timestamps":[1,2]}',
    b'{"metric":{},"values":["a"],"timestamps":[1]}', b'{"metric":{},"values":[1],"timestamps":[1.5]}',
    b'{"metric":{"a":1},"values":[1],"timestamps":[1]}', b'{"values":[1],"timestamps":[1]}',
    b'{"metric":{},"values":[1],"timestamps":[1]', b'{"metric":{"a":"\xff"},"values":[1],"timestamps":[1]}',
    b'{"metric":{},"values":[1],"timestamps":[9223372036854775807]}',
    b'{"metric":{},"values":[1;2],"timestamps":[1,2]}', b'{"metric":{},"values":[Infx],"timestamps":[1]}',
    b'{"metric":{},"values":[1],"timestamps":[99999999999999999999999]}',
    b"<html>502</html>", b'{"status":"error","errorType":"422","error":"x"}',
])  # fmt: skip
def test_what_is_no_line_of_an_export_is_refused(bad):
    with pytest.raises(Malformed):
        read_line(bad)


@settings(max_examples=200)
@given(st.binary(max_size=60), st.data())
def test_garbage_is_refused_or_read(garbage, data):
    good = line({"a": "b"}, [1.0, float("inf")], [1, 2])
    place = data.draw(st.integers(0, len(good)))
    try:
        found = read_line(good[:place] + garbage + good[place + len(garbage) :])
    except Malformed:
        return
    assert len(found.times_us) == len(found.values)


@given(st.lists(st.binary(max_size=9).map(lambda b: b.replace(b"\n", b"")), max_size=5), st.integers(1, 9))
def test_lines_are_whole_wherever_the_answer_is_cut(lines, size):
    data = b"".join(one + b"\n" for one in lines)
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert list(lines_of(pieces)) == [one for one in lines if one]
    with pytest.raises(Ended, match="ends within a line"):
        list(lines_of([*pieces, b"x"]))


LINES = (
    line({"__name__": "up", "a": "1"}, [1.0, 2.0], [2000, 1000])
    + b"\n"
    + line({"__name__": "up"}, [3.0], [1000])
    + b"\n"
)
UP = Selector.parse("up")


def failure_of(*answers, content_type=JSON_LINES):
    stand = Stand(*answers, content_type=content_type)
    with pytest.raises(RequestError) as caught:
        fetch_export(stand, UP, 0, 10**12)
    return caught.value.failure, stand


def test_what_is_asked_and_what_becomes_of_it():
    stand = Stand(LINES, content_type=JSON_LINES)
    found = fetch_export(stand, UP, 1_000_001, 2_000_000)
    (path, said), *_ = stand.asked
    assert (path, said["form"]["match[]"]) == (PATH, "up")
    assert (said["form"]["start"], said["form"]["end"]) == ("1.000", "2.000")
    assert (found.table.labels, found.table.times.tolist()) == (({"__name__": "up", "a": "1"},), [2_000_000])
    everything = fetch_export(Stand(LINES, content_type=JSON_LINES), UP, 0, 2_000_000).table
    assert everything.values.tolist() == [3.0, 2.0, 1.0]


def test_a_cut_answer_is_asked_for_once_more_and_faults_are_said():
    stand = Stand([LINES, cut()], LINES, content_type=JSON_LINES)
    assert len(fetch_export(stand, UP, 0, 10**12).table.times) == 3
    assert len(fetch_export(Stand(LINES[:-5], LINES, content_type=JSON_LINES), UP, 0, 10**12).table.times) == 3
    failure, stand = failure_of(LINES[:-5], LINES[:-5])
    assert (failure.kind, stand.requests) == ("truncated", 2)
    failure, stand = failure_of(LINES + b"<html>\n")
    assert (failure.kind, stand.requests) == ("not_understood", 1)
    failure, _ = failure_of(LINES, content_type="text/html")
    assert failure.kind == "not_offered"


@pytest.fixture(scope="module")
def victoria(tmp_path_factory):
    rng = np.random.default_rng(5)
    # a series each: VictoriaMetrics keeps the digits of a block below its largest value
    lines = [f'odd{{i="{i}"}} {BARE.get(v, repr(v))} {T0 * 1000 + i * 15_000}' for i, v in enumerate(ODD)]
    times = (T0 * 1000 + np.cumsum(15_000 + rng.normal(0, 200, 300))).astype(int).tolist()
    values = np.cumsum(rng.random(300)).round(6).tolist()
    lines += [f'jitter{{le="+Inf",pod="{pod}"}} {v!r} {t}' for pod in "ab" for v, t in zip(values, times, strict=True)]
    with victoria_metrics(tmp_path_factory.mktemp("victoria")) as url:
        import_to_victoria(url, lines)
        yield url, times, values


def test_a_real_victoria_metrics_gives_times_and_values_as_scraped(victoria):
    url, times, values = victoria
    steps = []
    with connect(Settings(url)) as source:
        odd = fetch_export(source, Selector.parse("odd"), T0 * 10**6, (T0 + 200) * 10**6).table
        jitter = fetch_export(
            source, Selector.parse('jitter{pod="a"}'), T0 * 10**6, (T0 + 10**5) * 10**6, progress=steps.append
        )
        part = fetch_export(source, Selector.parse("jitter"), times[100] * 1000, times[200] * 1000).table
        nothing = fetch_export(source, Selector.parse("nobody"), T0 * 10**6, (T0 + 10**5) * 10**6)
    assert np.allclose(odd.values, ODD, rtol=1e-11, atol=0)
    assert odd.times.tolist() == [(T0 + i * 15) * 10**6 for i in range(len(ODD))]
    assert jitter.table.labels == ({"__name__": "jitter", "le": "+Inf", "pod": "a"},)
    assert jitter.table.times.tolist() == [t * 1000 for t in times]
    assert np.allclose(jitter.table.values, values, rtol=1e-11, atol=0)
    assert sum(step.samples for step in steps) == 300
    assert sum(step.bytes for step in steps) == jitter.bytes > 0
    assert (len(part.labels), part.span[0].value // 1000) == (2, times[100] * 1000)
    assert part.times.max() == times[200] * 1000
    assert len(part.times) == 202
    assert (nothing.table.labels, nothing.requests) == ((), 1)


def test_prometheus_has_no_export_and_says_so(tmp_path):
    folder = backfill(tmp_path, [f"up 1 {T0}"])
    with prometheus(folder) as url, connect(Settings(url)) as source, pytest.raises(RequestError) as caught:
        fetch_export(source, UP, 0, 10**15)
    assert caught.value.failure.kind == "not_offered"
