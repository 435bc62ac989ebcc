"""The plain parts of a manifest are kept whole and refused where a known key is of another type."""

import pytest

from analysis.manifest_parts import PackPart, ServerPart, plain_part


def test_what_is_not_known_is_kept():
    part = {"name": "prometheus", "version": None, "of_a_later_version": [1, {"a": 2}]}
    assert plain_part({"server": part}, "server", ServerPart) == part
    assert plain_part({}, "pack", PackPart) == {}


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ({"notes": "one"}, "notes"),
        ({"notes": [1]}, "notes"),
        ({"oldest_time": 0}, "oldest_time"),
        ({"scrape_intervals_seconds": {"job": "5s"}}, "scrape_intervals_seconds"),
        ({"lookback_seconds": True}, "lookback_seconds"),
    ],
)
def test_a_known_key_of_another_type_is_named(part, where):
    with pytest.raises(ValueError, match=rf"^server: Expected .*{where}"):
        plain_part({"server": part}, "server", ServerPart)


def test_a_part_that_is_no_mapping_is_refused():
    with pytest.raises(ValueError, match="pack: Expected `object`"):
        plain_part({"pack": ["is_pack"]}, "pack", PackPart)
