"""Matchers and expressions as PromQL."""

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.catalogue.expressions import matchers_text, quoted, quoted_regex, substitute
from analysis.catalogue.model import Expression
from analysis.errors import SpecError
from tests.servers import need

RATE = Expression("e", "1/s", {"own": 'rate(x{$sel}[$w]) / on (a) y{$nsel} - z{a=~"b$",$dbsel}'})


def test_every_place_is_filled_and_nothing_else():
    text = substitute(
        RATE, "own", 0.25, service=[("a", "=", "$w")], nodes=[("b", "!=", "1")], databases=[("c", "!~", "2|3")]
    )
    assert text == 'rate(x{a="$w"}[250ms]) / on (a) y{b!="1"} - z{a=~"b$",c!~"2|3"}'


def test_whole_seconds_and_no_matchers():
    assert substitute(RATE, "own", 60.0).startswith("rate(x{}[60s])")


def test_what_cannot_be_filled():
    with pytest.raises(SpecError, match="has no form in other"):
        substitute(RATE, "other", 60)
    with pytest.raises(SpecError, match="a window of"):
        substitute(RATE, "own", 0.0001)


@given(st.text())
def test_a_quoted_regex_fits_its_text_only(text):
    assert re.fullmatch(quoted_regex(text), text)
    assert not re.fullmatch(quoted_regex(text), text + "x")


@given(st.text(st.characters(codec="utf-8")))
def test_quotes_are_closed_where_they_should(text):
    found = quoted(text)
    assert re.fullmatch(r'"([^"\\\n]|\\["\\n])*"', found)
    assert found[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\\n", "\n").replace("\0", "\\") == text or (
        "\0" in text
    )


def test_promtool_reads_what_was_quoted(tmp_path):
    hostile = 'a"b\\c\nd} or up{x="{{ $labels }}" é'
    rule = f"x{{{matchers_text([('a', '=', hostile), ('b', '=~', quoted_regex(hostile))])}}}"
    path = tmp_path / "rules.yml"
    path.write_text(f"groups:\n- name: g\n  rules:\n  - record: r\n    expr: |\n      {rule}\n")
    done = subprocess.run([need("promtool"), "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
