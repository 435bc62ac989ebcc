"""Redaction of messages: nothing personal stays, what is said and the names of things do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sql.redact import redacted
from tests.sql.spellings import SECRET, statements


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Key (email)=(kim@example.org) already exists.", "Key (email)=(?) already exists."),
        ('Key (a, b)=(1, x) y) is not present in table "t1".', 'Key (a, b)=(?) is not present in table "t1".'),
        ("Key (a)=(cut off", "Key (a)=(?)"),
        ("Failing row contains (1, kim, null).", "Failing row contains (?)."),
        ("parameters: $1 = '7', $2 = 'kim o''neil'", "parameters: ?"),
        ("unnamed portal with parameters: $1 = '7'", "unnamed portal with parameters: ?"),
        ("STATEMENT:  SELECT 1 /* request_id=7 */", "STATEMENT:  select ?"),
        ('COPY t1, line 3, column c: "kim"', "COPY t1, line 3, column c: ?"),
        ('COPY t1, line 3: "1,kim"', "COPY t1, line 3: ?"),
        ("PL/pgSQL function f(integer) line 5 at RAISE", "PL/pgSQL function f(integer) line 5 at RAISE"),
        (
            "SQL statement \"select 1 from t where a = 'x'\"\nPL/pgSQL function f() line 5",
            "SQL statement: select ? from t where a = ?\nPL/pgSQL function f() line 5",
        ),
        ('invalid input syntax for type integer: "abc"', 'invalid input syntax for type integer: "?"'),
        ('relation "t1" does not exist', 'relation "t1" does not exist'),
        ('column "a" of relation "s.t1" does not exist', 'column "a" of relation "s.t1" does not exist'),
        ('syntax error at or near "kim"', 'syntax error at or near "?"'),
        (
            'duplicate key value violates unique constraint "t1_pkey"',
            'duplicate key value violates unique constraint "t1_pkey"',
        ),
        ("ALTER ROLE a PASSWORD 'x'", "ALTER ROLE a PASSWORD ?"),
        ("could not connect to postgres://a:b@h/d password=x", "could not connect to postgres://?@h/d password=?"),
        ("card 4012 8888 8888 1881 of kim@example.org", "card ? of ?"),
        ("IBAN DE89 3704 0044 0532 0130 00 of 123456789012", "IBAN ? of ?"),
        ("id 0b0e3a52-7d3c-4a57-9d02-0d6f3f0c2a11 request_id=r7", "id ? request_id=?"),
        ('duration: 5 ms  plan:\n{"Query Text": "select \'x\'"}', "duration: 5 ms  plan: ?"),
        (
            "Process 368 waits for ShareLock on transaction 785; blocked by process 12.",
            "Process 368 waits for ShareLock on transaction 785; blocked by process 12.",
        ),
        (
            "Process 368: update t1 set a = 'x'\nProcess 12: delete from t1 where a = 'y'",
            "Process 368: update t1 set a = ?\nProcess 12: delete from t1 where a = ?",
        ),
        ("Relation »kim« existiert nicht", "Relation ? existiert nicht"),
        ("", ""),
    ],
)
def test_messages(text, shown):
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "lead", ["STATEMENT:  ", "duration: 1 ms  statement: ", "execute S_1: ", "Process 7: ", "QUERY:  "]
)
@given(statements(), st.integers(10, 300))
def test_no_literal_of_a_statement_is_left(lead, query, length):
    for text in (query, query[:length]):
        shown = redacted(lead + text)
        assert SECRET.lower() not in shown.lower()
        assert "9021" not in shown


@given(
    st.text(max_size=60),
    st.sampled_from(["Key (a)=({}) already exists.", 'near "{}"', "value '{}'", "parameters: $1 = '{}'"]),
)
def test_values_are_never_left(body, template):
    quoted = (body + SECRET).replace("'", "''").replace('"', '""')
    assert SECRET not in redacted(template.format(quoted))


@given(st.text(max_size=200))
def test_any_text_is_redacted_and_again(text):
    assert isinstance(redacted(redacted(text)), str)


@given(st.from_regex(r"\A[a-z]{1,8}@[a-z]{1,8}\.(com|org)\Z"), st.integers(10**11, 10**18))
def test_addresses_and_card_numbers_are_never_left(mail, card):
    shown = redacted(f"the user {mail} with card {card} failed")
    assert mail not in shown
    assert str(card) not in shown
