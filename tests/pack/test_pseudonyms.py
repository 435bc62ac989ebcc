"""Pseudonyms: the same for the same, different for the different, nothing without the key."""

import ipaddress
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.pack.packed import PackError
from analysis.pack.patterns import is_address, looks
from analysis.pack.pseudonyms import Pseudonyms, kept_key

KEY = bytes(range(32))


@given(st.sets(st.ip_addresses(v=4), min_size=1, max_size=50))
def test_addresses_stay_addresses_one_to_one(addresses):
    names = Pseudonyms(KEY)
    given_out = {str(a): names.address(str(a)) for a in addresses}
    real = {a for a in given_out if is_address(a)}
    assert len({given_out[a] for a in real}) == len(real)
    assert all(ipaddress.ip_address(given_out[a]) in ipaddress.ip_network("240.0.0.0/4") for a in real)
    assert all(names.issued(given_out[a]) for a in real)
    again = Pseudonyms(KEY)
    assert {a: again.address(a) for a in sorted(given_out)} == given_out


@given(st.ip_addresses(v=6))
def test_longer_addresses_too(address):
    new = Pseudonyms(KEY).address(str(address))
    assert ipaddress.ip_address(new) is not None
    assert not is_address(str(address)) or address.ipv4_mapped or new.startswith("2001:db8:")


@given(st.text(min_size=1), st.text(min_size=1))
def test_texts_become_words_that_look_like_nothing(one, other):
    names = Pseudonyms(KEY)
    a, b = names.of(one, "x"), names.of(other, "x")
    assert (a == b) == (one == other)
    assert re.fullmatch(r"anon-[a-r]{12}", a) and not list(looks(a))


def test_another_key_gives_others():
    assert Pseudonyms(KEY).of("kim", "x") != Pseudonyms(bytes(32)).of("kim", "x")


def test_two_values_never_share_one(monkeypatch):
    names = Pseudonyms(KEY)
    shapes = iter(["anon-a", "anon-a", "anon-b"])
    monkeypatch.setattr(names, "_shape", lambda *_: next(shapes))
    assert (names.of("one", "x"), names.of("two", "x"), names.of("one", "x")) == ("anon-a", "anon-b", "anon-a")


def test_loopback_is_the_same_everywhere():
    names = Pseudonyms(KEY)
    assert [names.address(a) for a in ("127.0.0.1", "::1", "0.0.0.0")] == ["127.0.0.1", "::1", "0.0.0.0"]
    assert not names.changed


def test_the_key_is_made_once_for_its_owner(tmp_path):
    key = kept_key(tmp_path)
    assert len(key) == 32 and kept_key(tmp_path) == key
    assert (tmp_path / ".pack-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "xyz", "00" * 31])
def test_what_is_no_key_is_refused(tmp_path, text):
    (tmp_path / ".pack-key").write_text(text)
    (tmp_path / ".pack-key").chmod(0o600)
    with pytest.raises(PackError, match="no key"):
        kept_key(tmp_path)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    kept_key(tmp_path)
    os.chmod(tmp_path / ".pack-key", 0o644)  # noqa: PTH101
    with pytest.raises(PackError, match="others can read"):
        kept_key(tmp_path)
