"""Tags in comments of statements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sql.tags import tags_of


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ("select 1", {}),
        ("select 1 /*route='%2Fv1%2Fx%20y',a='it\\'s'*/;", {"route": "/v1/x y", "a": "it's"}),
        ("/*app:shop,controller:items*/ select '/*b=c*/'", {"app": "shop", "controller": "items"}),
        ("/* a=1 */ select /* b=2 */ 3 /* c=4 */", {"a": "1", "c": "4"}),
        ("select '/* a=1 */ x", {}),
        ("select 1 /* only words */", {}),
    ],
)
def test_tags(query, tags):
    assert tags_of(query) == tags


@given(st.text(max_size=80))
def test_any_text_has_tags(text):
    assert all(isinstance(v, str) for v in tags_of(f"/*{text}*/ select 1 /*{text}").values())
