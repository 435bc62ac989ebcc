"""The glossary: units are the SI units and words that JSON uses, and every label says its unit."""

import pytest

from analysis.glossary import TERMS, label


@pytest.mark.parametrize("name", sorted(TERMS))
def test_the_name_ends_with_its_unit(name):
    suffix = {"ratio": "_ratio", "seconds": "_seconds", "cores": "_cores", "count": "_count", "requests/s": "_second",
              "attempts/s": "_second",
              "sessions": "_sessions", "calls": "_calls"}  # fmt: skip
    assert name.endswith(suffix[TERMS[name].unit])


@pytest.mark.parametrize("name", sorted(TERMS))
def test_the_label_holds_the_unit_and_the_meaning_is_one_line(name):
    shown = {"ratio": "share", "seconds": "s"}.get(TERMS[name].unit, TERMS[name].unit)
    assert label(name) == f"{TERMS[name].label} [{shown}]"
    assert TERMS[name].meaning
    assert "\n" not in TERMS[name].meaning


def test_the_terms_are_sorted_and_an_unknown_one_is_an_error():
    assert list(TERMS) == sorted(TERMS)
    with pytest.raises(KeyError):
        label("cpu_millicores")


def test_two_quantities_never_share_a_label():
    assert len({label(name) for name in TERMS}) == len(TERMS)
