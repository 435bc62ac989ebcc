"""Selectors: what is one and what is not, quoting that a real Prometheus understands, nothing lost on the way."""

import json
import urllib.parse
import urllib.request

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.sources.prometheus.selector import Selector
from tests.servers import backfill, prometheus

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LABEL = st.one_of(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]*", fullmatch=True), st.sampled_from(["by", "sum", "and", "inf"])
)
NAME = st.one_of(
    st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]*", fullmatch=True),
    st.sampled_from(["sum", "by", "nan", "Inf", "bool", "offset", "start", "job:up:rate5m", "a.b", "é"]),
)


@st.composite
def selectors(draw):
    name = ("__name__", "=", draw(NAME))
    rest = draw(
        st.lists(st.tuples(LABEL.filter(lambda n: n != "__name__"), st.sampled_from(["=", "!="]), TEXT), max_size=4)
    )
    return Selector((name, *rest))


@settings(max_examples=300)
@given(selectors())
@example(Selector((("__name__", "=", "up"), ("a", "=", "\"\\\n\r\t\x00\x7f\ufffd`'é💥"))))
@example(Selector((("__name__", "=", "a.b"), ("x.y", "=", "z"))))
def test_text_and_selector_say_the_same(selector):
    assert Selector.parse(str(selector)) == selector
    assert Selector.parse(f" {selector} # and {{a comment\n") == selector


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("up", [("__name__", "=", "up")]),
        (" job:up:rate5m { } ", [("__name__", "=", "job:up:rate5m")]),
        ('up{a="b",}', [("__name__", "=", "up"), ("a", "=", "b")]),
        ('{__name__="up",a=~"b|c"}', [("__name__", "=", "up"), ("a", "=~", "b|c")]),
        ('{__name__=~"up|down"}', [("__name__", "=~", "up|down")]),
        ('{"a.b", "x.y"!="z", c!~"d"}', [("__name__", "=", "a.b"), ("x.y", "!=", "z"), ("c", "!~", "d")]),
        ("up{a='it\\'s'}", [("__name__", "=", "up"), ("a", "=", "it's")]),
        ("up{a=`raw\\n`}", [("__name__", "=", "up"), ("a", "=", "raw\\n")]),
        (r'up{a="\x41\101\u00e9\U0001f4a5\a\b\f\n\r\t\v\\\""}', [
            ("__name__", "=", "up"), ("a", "=", 'AA\u00e9\U0001f4a5\a\b\f\n\r\t\v\\"')]),
        (r'up{a="\xc3\xa9"}', [("__name__", "=", "up"), ("a", "=", "é")]),
        ('up#c\n{#d{}\na#e\n=#f\n"g"#h\n}#i', [("__name__", "=", "up"), ("a", "=", "g")]),
        ('{a="",b="c"}', [("a", "=", ""), ("b", "=", "c")]),
        ("sum", [("__name__", "=", "sum")]),
    ],
)  # fmt: skip
def test_what_is_a_selector(text, matchers):
    assert Selector.parse(text) == Selector(tuple(matchers))


@pytest.mark.parametrize("text", [
    "", " ", "1", "0x1F", "NaN", "inf", "+Inf", '"up"', "up{", "up}", "{}", "up{a}", 'up{a="b"', 'up{a="b"} x', 'up{,}',
    'up{a="b",,}', "up[5m]", 'up{a="b"}[5m]', "up offset 5m", "up @ 0", "up @ end()", "rate(up[5m])", "sum(up)", "-up",
    "(up)", "up + up", "up > 0", "up{a=b}", 'up{a=="b"}', 'up{1a="b"}', 'up{a="b" b="c"}', 'up{__name__="down"}',
    'up{"down"}', '{a=""}', '{a=~".*"}', '{a!="b"}', '{a!~"b+"}', '{a=~"b*"}', 'up{a="\\q"}', 'up{a="\\\'"}',
    "up{a='\\\"'}", 'up{a="\\ud800"}', 'up{a="\\xff"}', 'up{a="\\U00110000"}', 'up{a="\\777"}', 'up{a="b\nc"}',
    "up{a=`b}", "bool", "on", "é", "up down", "a.b", "up;",
])  # fmt: skip
def test_what_is_none(text):
    assert Selector.parse(text) is None


@settings(max_examples=300)
@given(st.one_of(TEXT, st.text("up{}a=~!\"'`\\,#[]() \n", max_size=20)))
def test_no_text_breaks_it(text):
    found = Selector.parse(text)
    assert found is None or Selector.parse(str(found)) == found


def test_syntax_of_regular_expressions_that_python_does_not_know_is_left_to_the_server():
    assert Selector.parse(r'{a=~"\\pL+(?P<x>y)[[:alpha:]]"}') is not None
    assert Selector.parse('{a=~"b{9999999999}"}') is not None


def test_narrowed_adds_and_repeats_nothing():
    up = Selector.parse('up{a="b"}')
    more = up.narrowed(("a", "=", "b"), ("c", "=~", "d|e"), ("c", "=~", "d|e"))
    assert str(more) == 'up{a="b",c=~"d|e"}'
    assert (more.name, Selector.parse('{__name__=~"up"}').name) == ("up", "")


ODD = [
    "plain",
    'quo"te',
    "it's",
    "back`tick",
    "back\\slash",
    "\\n",
    "line\nfeed",
    "tab\t",
    "서비스",
    "💥",
    '{a="b"}',
    "a,b",
    " ",
]


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def found_by(url, promql):
    form = urllib.parse.urlencode({"query": promql, "time": "1763784000"}).encode()
    with urllib.request.urlopen(f"{url}/api/v1/query", data=form, timeout=20) as answer:
        return [(r["metric"]["__name__"], r["metric"].get("odd")) for r in json.load(answer)["data"]["result"]]


def test_a_real_prometheus_finds_exactly_what_was_meant(tmp_path):
    lines = [f'm{{odd="{escaped(value)}"}} 1 1763784000' for value in ODD]
    names = ["sum", "by", "offset", "start", "group", "count_values"]
    with prometheus(backfill(tmp_path, lines + [f"{name} 1 1763784000" for name in names])) as url:
        for value in ODD:
            selector = Selector.parse("m").narrowed(("odd", "=", value))
            assert found_by(url, str(selector)) == [("m", value)]
            assert len(found_by(url, str(Selector.parse("m").narrowed(("odd", "!=", value))))) == len(ODD) - 1
        for name in names:
            assert found_by(url, str(Selector((("__name__", "=", name),)))) == [(name, None)]
        for text in ["\ufffd", "\x00\x01\x7f", "nan"]:
            assert found_by(url, str(Selector((("__name__", "=", "m"), ("odd", "=", text))))) == []
        assert found_by(url, str(Selector((("__name__", "=", "nan"),)))) == []
