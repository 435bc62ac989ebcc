"""Fingerprints: no literal of any spelling is left, also of cut texts; equal work has one, other work another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.sources.postgres import read_sessions, read_statements
from analysis.sql import fingerprint as module
from analysis.sql.fingerprint import Fingerprints, fingerprint, fingerprint_id, shortened
from tests.sql.spellings import SECRET, statements

ANY_TEXT = st.one_of(
    st.text(max_size=80),
    st.text(st.sampled_from("'\"`$\\/*-#:?%.,;()[]=+ \n\x00\x01\x02eExXuU&a1_@<>|!in…"), max_size=40),
    st.lists(
        st.sampled_from(
            [
                "in (",
                "values (",
                "?",
                ", ",
                ")",
                "array[",
                "]",
                "(",
                "null",
                "is ",
                "not ",
                "- ",
                "::",
                "…",
                "'",
                "a.",
                "1",
            ]
        ),
        max_size=25,
    ).map("".join),
)


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("SELECT 1;", "select ?"),
        ("select * from t1 where a=-5 and b = - 6.5e-3", "select * from t1 where a = ? and b = ?"),
        ("update a set balance=balance-3", "update a set balance = balance - ?"),
        ("update a set balance = balance + $1 where id = $2", "update a set balance = balance + ? where id = ?"),
        (
            "select 'it''s', E'a\\'b', $$x$$, $tag$ y $$ z $tag$, U&'d', 0xFF, .5, x'1f', B'01', 1e5, 1_000",
            "select ?" + 10 * ", ?",
        ),
        ("insert into t values (1,'a'), (2, 'b')", "insert into t values (?)"),
        ("insert into t values (1, now()), (2, now())", "insert into t values (?, now())"),
        ("insert into t (a, b) select 1, 2", "insert into t(a, b) select ?, ?"),
        ("select /* user 7 */ a -- mail x@y\n from T", "select a from t"),
        ("/* a /* nested */ b */ select 1", "select ?"),
        ('select "Name" from "A b"', 'select "Name" from "A b"'),
        ('select * from t where a = "kim@example.org"', "select * from t where a = ?"),
        ("select a from t where id in (1, 2, 3, 4", "select a from t where id in (?) …"),
        ("select a from t where b = 'cut off he", "select a from t where b = ? …"),
        ('select a from "cut na', "select a from …"),
        ("select /* cut", "select …"),
        ("select a where b = :id and c::text = 'x'", "select a where b = ? and c::text = ?"),
        ("select a where b = %s and c = %(name)s and d % s", "select a where b = ? and c = ? and d % s"),
        (
            "select a where b is not null and c is null and d = null or e = true",
            "select a where b is not null and c is null and d = ? or e = ?",
        ),
        ("select a where (b, c) in ((1, 2), (3, 4))", "select a where (b, c) in ((?, ?))"),
        ("select a where b in ('x'::uuid, 'y'::uuid)", "select a where b in (?::uuid)"),
        ("select a where b = any(array[1, 2, 3])", "select a where b = any(array[?])"),
        ("select a in (select b from c)", "select a in (select b from c)"),
        ("select a\t.b ,\n f (x)", "select a.b, f(x)"),
        ("select a->'k' ->> 'l', b #>> '{x}', c ? 'd'", "select a -> ? ->> ?, b #>> ?, c ?"),
        ("SAVEPOINT sp_17", "savepoint ?"),
        ("rollback to savepoint sp_17", "rollback to savepoint ?"),
        ("fetch 100 from c_17", "fetch ? from ?"),
        ("close all", "close all"),
        ("select 'a\\' , 'secret', b", "select ? …"),
        ("select 'a\\\\' , b", "select ?, b"),
        ("", ""),
        (" ; ", ""),
    ],
)
def test_fingerprints(query, shape):
    assert fingerprint(query) == shape


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        (
            "select `a` from `T 1` where b = \"it's\" # c\n and d = 'x\\'y'",
            "select `a` from `T 1` where b = ? and d = ?",
        ),
        ("select /*!40001 SQL_NO_CACHE */ a--1", "select a - ?"),
        ("select _utf8'x', @v, @@global.y", "select ?, @v, @@global.y"),
        ("insert into t value (1, 2)", "insert into t value (?)"),
    ],
)
def test_fingerprints_of_mysql(query, shape):
    assert fingerprint(query, dialect="mysql") == shape


def test_adding_and_subtracting_are_two_classes_and_a_sign_is_none():
    plus, minus = (fingerprint(f"update a set b = b {sign} 5 where c = {sign}7") for sign in "+-")
    assert plus != minus
    assert plus.endswith("c = ?")
    assert minus.endswith("c = ?")
    assert (
        fingerprint("select f(-1), -2, a -3, b[-4] where c>-5 limit -6")
        == "select f(?), ?, a - ?, b[?] where c > ? limit ?"
    )


def test_names_that_differ_in_digits_are_apart():
    assert fingerprint("select a from t_1") != fingerprint("select a from t_2")


def test_a_cut_text_ends_in_a_mark_without_half_a_word():
    assert fingerprint("select a from t where b = 1 and cust", cut=True) == "select a from t where b = ? and …"
    assert fingerprint("insert into t values (1, 2), (3", cut=True) == "insert into t values (?) …"
    assert fingerprint("commit", cut=True) == "commit …"


def test_cut_lists_are_one_class_wherever_they_are_cut():
    query = "select a from t where b in (" + ", ".join(str(n) for n in range(100, 200)) + ")"
    assert {fingerprint(query[:n], cut=True) for n in range(30, 400)} == {"select a from t where b in (?) …"}


def test_an_unknown_dialect_is_named():
    with pytest.raises(SpecError, match="dialect"):
        fingerprint("select 1", dialect="oracle")


@given(statements())
def test_no_literal_is_left(query):
    shape = fingerprint(query)
    assert SECRET.lower() not in shape.lower()
    assert "9021" not in shape


@given(statements(), st.integers(0, 300), st.booleans())
def test_no_prefix_shows_a_part_of_a_literal(query, length, cut):
    shape = fingerprint(query[:length], cut=cut).lower()
    assert SECRET.lower() not in shape
    assert "9021" not in shape


@given(statements(), statements())
def test_literals_do_not_tell_statements_apart_and_the_memo_changes_nothing(one, other):
    memo = Fingerprints()
    for query in (one, other, one):
        assert memo.of(query) == (fingerprint_id(fingerprint(query)), fingerprint(query))
        assert memo.of(query, cut=True)[1] == fingerprint(query, cut=True)


@given(ANY_TEXT, st.booleans(), st.sampled_from(["postgresql", "mysql"]))
def test_any_text_has_a_fingerprint_which_is_its_own(text, cut, dialect):
    shape = fingerprint(text, cut=cut, dialect=dialect)
    assert fingerprint(shape, dialect=dialect) == shape
    assert "\x01" not in shape
    assert "\x02" not in shape
    assert len(fingerprint_id(shape)) == 16
    assert len(shortened(text)) <= 90


@given(st.lists(ANY_TEXT, max_size=6))
def test_a_memo_of_any_texts_changes_nothing(texts):
    memo = Fingerprints()
    for text in [*texts, *texts]:
        assert memo.of(text)[1] == fingerprint(text)


def test_the_memo_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_TEXTS", 10)
    memo = Fingerprints()
    for n in range(200):
        assert memo.of(f"select a{n} /* {n} */")[1] == f"select a{n}"
    assert max(map(len, (memo._recent, memo._older, memo._plain, memo._known))) <= 10


def test_long_texts_take_time_in_proportion():
    rows = ", ".join(f"({n}, 'x''{n}', now())" for n in range(20_000))
    assert fingerprint(f"insert into t values {rows}") == "insert into t values (?, ?, now())"
    assert fingerprint("/*" * 50_000).endswith("…")
    assert fingerprint("(" * 20_000 + "in (" * 5_000).startswith("((")
    assert fingerprint("'" * 50_001) == "? …"


def test_surrogates_have_an_id():
    assert len(Fingerprints().of("select \ud800")[0]) == 16


def test_an_empty_text_is_said():
    assert shortened("") == "unknown statement"


def test_no_personal_data_of_a_recording_is_left(corpus):
    folder = corpus / "db" / "recorded"
    queries = set(read_sessions(folder / "ash.parquet")[0]["query"])
    queries |= set(read_statements(folder / "pg_stat_statements.csv.zst")[0]["query"])
    assert sum("request_id=" in q for q in queries) > 1000
    shapes = {fingerprint(q) for q in queries}
    for secret in ("4111-1111", "@example.com", "request_id="):
        assert not any(secret in shape for shape in shapes)
    assert len(shapes) < 0.1 * len(queries)
