"""Verbs, access and tables of fingerprints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sql.fingerprint import fingerprint
from analysis.sql.verbs import access_of, tables_of, verb_of


@pytest.mark.parametrize(
    ("query", "verb", "access", "tables"),
    [
        ("select a from t1, s.t2 b where c in (select d from t3)", "select", "r", ("t1", "s.t2", "t3")),
        ("select a from t1 for update skip locked", "select", "w", ("t1",)),
        ("select a from t1 for no key update", "select", "w", ("t1",)),
        ("select extract(year from b), trim(both 'x' from c) from t1", "select", "r", ("t1",)),
        ("select a from generate_series(1, 5)", "select", "r", ()),
        ("select a from t1 where b is distinct from c", "select", "r", ("t1",)),
        ("insert into t1 (a) select b from t2", "insert", "w", ("t1", "t2")),
        ("insert into t1 values (1) on conflict do update set a = 1", "insert", "w", ("t1",)),
        ('update only "T 1" set a = 1 from t2', "update", "w", ('"T 1"', "t2")),
        ("delete from t1 using t2", "delete", "w", ("t1", "t2")),
        ("with x as (select 1 from t1) select * from x join t2 on true", "select", "r", ("t1", "t2")),
        ("with x as (delete from t1 returning *) select * from x", "select", "w", ("t1",)),
        ("with x as (select 1) update t1 set a = 2", "update", "w", ("t1",)),
        ("(select 1) union (select 2)", "select", "r", ()),
        ("BEGIN", "begin", "tcl", ()),
        ("start transaction", "start", "tcl", ()),
        ("savepoint a", "savepoint", "tcl", ()),
        ("prepare transaction 'x'", "prepare", "tcl", ()),
        ("create table if not exists t1 (a int)", "create", "ddl", ("t1",)),
        ("alter table t1 add b int", "alter", "ddl", ("t1",)),
        ("copy t1 (a) from stdin", "copy", "w", ("t1",)),
        ("copy (select a from t1) to stdout", "copy", "r", ("t1",)),
        ("truncate t1", "truncate", "w", ("t1",)),
        ("explain update t1 set a = 1", "explain", "other", ("t1",)),
        ("explain analyze update t1 set a = 1", "explain", "w", ("t1",)),
        ("vacuum analyze", "vacuum", "other", ()),
        ("set search_path = x", "set", "other", ()),
        ("", "", "other", ()),
    ],
)
def test_verb_access_and_tables(query, verb, access, tables):
    shape = fingerprint(query)
    assert (verb_of(shape), access_of(shape), tables_of(shape)) == (verb, access, tables)


@given(st.text(max_size=100))
def test_any_text_has_them(text):
    shape = fingerprint(text)
    assert isinstance(verb_of(shape), str)
    assert access_of(shape) in ("r", "w", "tcl", "ddl", "other")
    assert all(name in shape for name in tables_of(shape))
