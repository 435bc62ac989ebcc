"""The memo of texts as bytes gives what the fingerprint of each text gives."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.pglog.texts import Texts
from analysis.sql.fingerprint import fingerprint

WORDS = ["select ", "t1", "é2", "a", "'x y'", "''", "17", "1.5", "1e5", "0x1F", "-", "+", "(", ")", ",",
         " in ", "$1", "e'\\'", '"c 1"',
         "/* r='7' */", "--", "$$a$$", " ", "=", "interval ", "\n", "`", "#"]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map("".join), max_size=12))
def test_equal_rows_are_equal_fingerprints(statements):
    texts = Texts()
    for statement in statements:
        row = texts.of(statement.encode())
        assert texts.texts[row] == fingerprint(statement), statement
