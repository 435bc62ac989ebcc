"""Whatever put lines of a log into its own: the same lines come out, each with the time it was taken at."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.wrapped import unwrapped

LINES = [
    "[2026-11-22T18:04:30.123+0000][1.500s][info][gc,start] GC(7) Pause Young (Normal) (G1 Evacuation Pause)",
    '[2026-11-22T18:04:30.140+0000][1.517s][info][safepoint] Safepoint "Op", Time since last: 5 ns, Total: 9 ns',
    "2026-03-04T05:06:07.089+0100: 1.234: [GC (Allocation Failure) 45678K->15432K(126720K), 0.0124567 secs]",
    "   [Eden: 24.0M(24.0M)->0.0B(20.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(126.0M)->8345.6K(126.0M)]",
]
AT = "2026-11-22T18:04:31.123456Z"
SECONDS = 1795370671.123456


def row(line):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow([AT, "api", line])
    return out.getvalue()


RECORDS = {
    "docker": lambda x: json.dumps({"log": x + "\n", "stream": "stdout", "attrs": {"tag": "x"}, "time": AT}),
    "journald": lambda x: json.dumps({"__REALTIME_TIMESTAMP": str(round(SECONDS * 1e6)), "MESSAGE": x}),
    "journald bytes": lambda x: json.dumps({"__REALTIME_TIMESTAMP": SECONDS, "MESSAGE": [*x.encode()]}),
    "fluentd": lambda x: f"{AT}\tkube.app\t" + json.dumps({"log": x, "stream": "stdout"}),
    "fluent bit": lambda x: json.dumps({"date": SECONDS, "log": x}),
    "loki": lambda x: json.dumps({"labels": {"app": "api"}, "line": x, "timestamp": AT}),
    "elasticsearch": lambda x: json.dumps({"_id": "7", "_source": {"@timestamp": AT, "message": x, "log": {"a": 1}}}),
    "google": lambda x: json.dumps({"insertId": "q", "textPayload": x, "timestamp": AT}),
    "splunk": lambda x: json.dumps({"preview": False, "result": {"_raw": x, "_time": AT}}),
    "array": lambda x: json.dumps([{"message": x, "timestamp": AT}]),
    "csv": row,
}
PREFIXES = {
    f"[pod/api-7c9d-x2x/app] {AT} ": True, "[pod/api/app] ": False, "app-1  | ": False, f"app-1  | {AT} ": True,
    f"{AT} stdout F ": True, f"<14>1 {AT} host app 12 - - ": True, "Nov 22 18:04:31 host java[12]: ": False,
    f"{AT} host java[12]: ": True, f"{AT} app[web.1]: ": True, f"{AT} 01O ": True, f'{AT} {{app="api"}} ': True,
    f"{AT} ecs/api/7c9d ": True, f"api-7c9d-x2x app {AT} ": True, "gc.log:12:": False, "12:": False, "18:04:31 ": False,
    "INFO   | jvm 1    | 2026/11/22 18:04:31 | ": False, f"[{AT}] ": True,
}  # fmt: skip


@pytest.mark.parametrize("kind", RECORDS)
def test_records_give_their_text_and_time(kind):
    told = unwrapped("\n".join(RECORDS[kind](line) for line in LINES).encode()).decode().split("\n")
    assert [line.partition(" ")[2] for line in told] == LINES
    assert {line.partition(" ")[0].replace("123455", "123456") for line in told} == {AT}  # a float is not exact


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes_go_but_for_their_time(prefix):
    stamp = f"{AT} " if PREFIXES[prefix] else ""
    told = unwrapped("\n".join(prefix + line for line in LINES).encode()).decode().split("\n")
    assert told == [stamp + line for line in LINES]


def test_records_over_several_lines_and_lines_of_one_record():
    pretty = json.dumps({"events": [{"timestamp": 1, "message": line} for line in LINES]}, indent=4)
    told = unwrapped(pretty.encode()).decode().split("\n")
    assert len(told) == pretty.count("\n") + 1
    assert [line for line in told if line in LINES] == LINES
    assert unwrapped(json.dumps({"log": "\n".join(LINES[:3])}).encode()).decode().split("\n") == LINES[:3]
    assert unwrapped(json.dumps({"log": "one\ntwo"}).encode()) == b"one two"


def test_a_line_that_the_runtime_cut_is_whole_again():
    wrapped = [f"{AT} stdout P {LINES[0][:30]}", f"{AT} stdout P {LINES[0][30:50]}", f"{AT} stdout F {LINES[0][50:]}"]
    told = unwrapped("\n".join([*wrapped, f"{AT} stdout F next"]).encode()).decode().split("\n")
    assert told == ["", "", f"{AT} {LINES[0]}", f"{AT} next"]


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"info","msg":"GC(7) Pause Young 12.5ms"}', '{"instant":{"epochSecond":7},"message":"x"}',
        "2026-11-22 18:04:31.750  INFO 1 --- [main] c.e.App : up", "18:04:31.750 [main] INFO x", '{"log":"broken',
        "[2026-11-22T18:04:30.123+0000][1.500s][info][gc] Using G1", '{"a":1}', "[{", '"', 'a,"b', "",
    ],
)  # fmt: skip
def test_what_is_not_wrapped_stays(line):
    assert unwrapped(line.encode()).decode() == line


@given(st.lists(st.sampled_from(['{"log":"', '"}', "\\n", '","', '"', "[1.5s][gc] ", "GC(1) x", "&gt;", "\t", "=>"])))
def test_garbage_is_not_lost(parts):
    text = "".join(parts).encode()
    assert unwrapped(text + b"\nend").endswith(b"end")
