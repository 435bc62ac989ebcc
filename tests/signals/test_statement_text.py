"""Shapes of statements: no literal of any kind is left, and equal statements have equal shapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.statement_text import shape_of, shortened
from analysis.sources.postgres import read_sessions, read_statements


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("SELECT 1;", "select ?"),
        ("select * from t1 where a=-5 and b = - 6.5e-3", "select * from t1 where a=? and b = ?"),
        ("update a set balance=balance-3", "update a set balance=balance-?"),
        ("update a set balance = balance + $1 where id = $2", "update a set balance = balance + ? where id = ?"),
        ("select 'it''s', E'a\\'b', $$x$$, $tag$ y $$ z $tag$, U&'d', 0xFF, .5", "select ?, ?, ?, ?, ?, ?, ?"),
        ("insert into t values (1,'a'), (2, 'b')", "insert into t values (?), (?)"),
        ("select /* user 7 */ a -- mail x@y\n from T", "select a from t"),
        ('select "Name" from "A b"', 'select "Name" from "A b"'),
        ("select a from t where id in (1, 2, 3, 4", "select a from t where id in (?"),
        ("select a from t where b = 'cut off he", "select a from t where b = ?"),
        ("select /* cut", "select"),
        ("select a where b = :id and c::text = 'x'", "select a where b = ? and c::text = ?"),
        ("", ""),
    ],
)
def test_shapes(query, shape):
    assert shape_of(query) == shape


def test_a_backslash_before_a_quote_ends_the_shape():
    assert shape_of("select 'a\\' , 'secret', b") == "select ? …"


@given(st.text(st.characters(blacklist_characters="\\", blacklist_categories=("Cs",)), min_size=3))
def test_no_literal_is_left(text):
    literal = "'" + text.replace("'", "''") + "'"
    assert shape_of(f"select a from t where b = {literal} and c = 1") == "select a from t where b = ? and c = ?"


@given(st.text(max_size=200))
def test_any_text_has_a_shape_and_a_short_one(text):
    assert len(shortened(text)) <= 90
    assert shape_of(text) == shape_of(text)


@given(st.integers(0, 400))
def test_a_cut_text_shows_no_part_of_its_literals(length):
    query = "SELECT id FROM accounts WHERE mail = 'jo@example.com' AND card = 4111111111111111 AND note = $$private$$"
    shape = shape_of(query[:length])
    assert not any(secret in shape for secret in ("jo@", "41", "priv"))


def test_an_empty_text_is_said():
    assert shortened("") == "unknown statement"


def test_no_personal_data_of_a_recording_is_left(corpus):
    folder = corpus / "db" / "recorded"
    queries = set(read_sessions(folder / "ash.parquet")[0]["query"])
    queries |= set(read_statements(folder / "pg_stat_statements.csv.zst")[0]["query"])
    assert sum("request_id=" in q for q in queries) > 1000
    shapes = {shape_of(q) for q in queries}
    for secret in ("4111-1111", "@example.com", "request_id="):
        assert not any(secret in shape for shape in shapes)
    assert len(shapes) < 0.1 * len(queries)
