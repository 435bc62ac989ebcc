"""The last gate finds what must not leave in whatever form, and names it without showing it."""

import base64
import gzip
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.pack.gate import SHORTEST, Secrets, forms_of, hits_in, refuse, secrets_of, suspicions_in
from analysis.pack.packed import PackError, Suspicion
from analysis.pack.patterns import is_card, is_iban
from analysis.pack.pseudonyms import Pseudonyms

SECRET = "s3cr&t/+ 77"
NONE = Secrets({}, ())


@given(st.text(min_size=SHORTEST, max_size=30), st.binary(max_size=7), st.binary(max_size=7))
def test_a_secret_is_found_in_base64_wherever_it_stands(secret, before, after):
    data = secret.encode("utf-8", "ignore")
    assume(len(data) >= 2 * SHORTEST)
    coded = base64.b64encode(before + data + after)
    assert any(form in coded for form in forms_of(data.decode()))


@pytest.mark.parametrize("write", [
    lambda p: (p / "a.txt").write_text(f"x{SECRET}y"),
    lambda p: (p / "a.json.gz").write_bytes(gzip.compress(quote(SECRET, safe="").encode())),
    lambda p: (p / "a.txt").write_bytes(base64.b64encode(f"user:{SECRET}".encode())),
    lambda p: (p / "a.csv.zst").write_bytes(pa.compress(SECRET.encode(), codec="zstd", asbytes=True)),
    lambda p: pq.write_table(pa.table({"a": [SECRET] * 9}), p / "a.parquet", compression="zstd"),
    lambda p: pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"k": SECRET}), p / "a.parquet"),
    lambda p: (p / SECRET.replace("/", "")).mkdir(),
])  # fmt: skip
def test_secrets_are_found_in_every_form(write, tmp_path):
    write(tmp_path)
    (tmp_path / "clean.txt").write_text("nothing")
    hits = hits_in(tmp_path, Secrets({"env:TOKEN": SECRET}, ()), Pseudonyms(bytes(32)), words=frozenset())
    if any(p.is_dir() for p in tmp_path.iterdir()):
        return  # an empty folder is not packed
    assert [h.kind for h in hits] == ["secret of env:TOKEN"]
    with pytest.raises(PackError) as error:
        refuse(hits)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(("text", "kind"), [
    ("kim@example.org", "e-mail address"), ("4111111111111111", "card number"), ("10.0.0.7", "address of a host"),
    ("fd00::7", "address of a host"), ("GB82 WEST 1234 5698 7654 32", "account number"),
    ("AKIAIOSFODNN7EXAMPLE", "cloud access key"), ("ip-10-0-0-7", "address of a host"),
])  # fmt: skip
def test_what_is_personal_is_found(text, kind, tmp_path):
    (tmp_path / "a.json").write_text(f'{{\n "a": "{text}"}}')
    pq.write_table(pa.table({"a": ["x", text]}), tmp_path / "b.parquet")
    hits = hits_in(tmp_path, NONE, Pseudonyms(bytes(32)), words=frozenset())
    assert hits == [Suspicion("a.json", 2, kind), Suspicion("b.parquet", 2, kind)]
    assert hits_in(tmp_path, NONE, Pseudonyms(bytes(32)), words=frozenset(("a.json", "b.parquet"))) == []


def test_pseudonyms_ids_and_numbers_pass(tmp_path):
    names = Pseudonyms(bytes(32))
    host = names.address("10.0.0.7")
    (tmp_path / "a.json").write_text(f'{{"query_id":"4111111111111111","host":"{host}","m":"{names.of("kim", "x")}"}}')
    (tmp_path / "b.csv").write_text("queryid,calls,note\n4111111111111111,4111111111111111,fine\n")
    pq.write_table(pa.table({"queryid": ["4111111111111111"], "n": [4111111111111111]}), tmp_path / "c.parquet")
    assert hits_in(tmp_path, NONE, names, words=frozenset()) == []
    refuse([])


def test_an_address_that_was_not_given_out_is_somebodys(tmp_path):
    (tmp_path / "a.txt").write_text("240.1.2.3")
    assert hits_in(tmp_path, NONE, Pseudonyms(bytes(32)), words=frozenset())


def test_words_are_listed_by_line():
    found = suspicions_in("narrative.md", "fine\n10.0.0.7 and 127.0.0.1\ncall kim@example.org", Pseudonyms(bytes(32)))
    assert [(s.line, s.kind) for s in found] == [(2, "address of a host"), (3, "e-mail address")]


def test_references_are_resolved_or_said(tmp_path, monkeypatch):
    monkeypatch.setenv("A_TOKEN", "abcdefgh")
    monkeypatch.setenv("A_SHORT", "abc")
    (tmp_path / "token").write_text("from a file\n")
    found = secrets_of(["env:A_TOKEN", "env:A_SHORT", f"file:{tmp_path}/token", f"file:{tmp_path}/none", "https://x"])
    assert set(found.values.values()) == {"abcdefgh", "from a file"}
    assert len(found.unknown) == 2 and "abc" not in " ".join(found.unknown).replace("env:A_SHORT", "")


@given(st.integers(10**12, 10**18 - 1))
def test_a_card_has_one_right_last_digit(number):
    right = [d for d in range(10) if is_card(f"{number}{d}")]
    assert len(right) == 1 or len(set(f"{number}")) == 1


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=11, max_size=30))
def test_an_account_has_one_right_pair_of_digits(rest):
    assert 1 <= sum(is_iban(f"DE{n:02}{rest}") for n in range(100)) <= 2
