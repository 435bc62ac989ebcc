"""YAML as people write it: what safe_load would let pass in silence is refused or kept as text."""

import pytest
import yaml

from analysis.strict_yaml import parse_yaml


def test_times_stay_text_and_other_values_are_what_they_look_like():
    assert parse_yaml("{no: 1, off: {1: x}}") == {"no": 1, "off": {"1": "x"}}
    assert parse_yaml("base: &b {x: 1}\nmore: {<<: *b, y: 2}")["more"] == {"x": 1, "y": 2}
    assert parse_yaml("{a: 2026-11-22 18:04:30, b: 1.5, c: yes, d: [x, null]}") == {
        "a": "2026-11-22 18:04:30", "b": 1.5, "c": True, "d": ["x", None],
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "a: {b: 1, b: 2}", "{? [a] : 1}", "!!python/object:os.system {}", "a: ["]
)
def test_what_cannot_be_meant_is_refused(text):
    with pytest.raises(yaml.YAMLError):
        parse_yaml(text)
