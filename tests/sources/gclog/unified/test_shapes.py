"""Shapes of lines: what is skipped is what the search passes over, too."""

import re

import pytest

from analysis.sources.gclog.unified.areas import AREAS, REGIONS
from analysis.sources.gclog.unified.shapes import (
    CPU,
    DETAIL,
    KEY,
    LETTERED,
    NAMES,
    PAUSE,
    PHASE,
    SEARCHED,
    SKIPPED,
    shape_of,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (b"  Pre Evacuate Collection Set: 0.0ms", SKIPPED), (b"Pause Remark 1.0ms", PAUSE),
        (b"User=0.02s Sys=0.00s", CPU), (b"Concurrent Mark 1.0ms", PHASE), (b"O: Pause Mark End", LETTERED),
        (b"y: Phase", LETTERED), (b"To-space exhausted", SEARCHED), (b"CMS: 4K", SEARCHED), (b"MMU target", SKIPPED),
        (b"Old: 4K->5K(6K)", SEARCHED), (b"Eden\nxxxx", SKIPPED),
    ],
)  # fmt: skip
def test_by_the_first_bytes(text, shape):
    assert shape_of(text[:KEY].ljust(KEY, b"\n")) == shape


def test_every_area_that_is_no_more_than_a_detail_has_a_shape():
    names = [b"%s regions: " % r.capitalize().encode() for r in REGIONS] + [b"%s: " % a for a in AREAS] + [b"Using "]
    for name in names:
        if re.match(DETAIL, name):
            assert name not in NAMES
        else:
            assert NAMES[shape_of((name + b"12345678")[:KEY])] == name
