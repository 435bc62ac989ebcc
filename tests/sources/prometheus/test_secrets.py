"""A secret is read by reference and never shown: as itself, escaped, encoded, in an error or in a pickle."""

import base64
import copy
import html
import json
import pickle
import re
import traceback
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.sources.prometheus.secrets import MASK, Secret, is_reference, masked, resolve

CANARY = "c4n+ry/s3cr&t=="


def said(error: BaseException) -> str:
    """All that a traceback would print of an error and of what it came from."""
    found, shown = error, []
    while found is not None:
        shown += [repr(found), str(found), str(vars(found)), *traceback.format_exception(found)]
        found = found.__context__
    return "\n".join(shown)


def test_a_variable_and_a_file_are_read_without_the_line_end(tmp_path, monkeypatch):
    monkeypatch.setenv("A_TOKEN", CANARY)
    path = tmp_path / "token with space"
    path.write_bytes(b"\xef\xbb\xbf" + CANARY.encode() + b"\r\n")
    assert resolve("env:A_TOKEN").reveal() == CANARY
    assert resolve(f"file:{path}").reveal() == CANARY


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"), (b"", "is empty"), (b"\n \n", "is empty"), (b"s3cret\ns3cret", "more than one line"),
        (b"s3cret\x00", "control"), (b"s3cret\xff", "not UTF-8"), (b"s3cret" * 20_000, "larger"),
        ("s3cret\u2028x".encode(), "more than one line"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_secret_is_refused_by_its_reference(content, why, tmp_path):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError, match=why) as caught:
        resolve(f"file:{path}", where="sources.prometheus.auth")
    assert str(path) in str(caught.value)
    assert "s3cret" not in said(caught.value)
    assert caught.value.where == "sources.prometheus.auth"


def test_a_variable_that_is_not_set_or_empty_is_named(monkeypatch):
    monkeypatch.delenv("NO_TOKEN", raising=False)
    with pytest.raises(SpecError, match="env:NO_TOKEN is not set"):
        resolve("env:NO_TOKEN")
    monkeypatch.setenv("NO_TOKEN", " ")
    with pytest.raises(SpecError, match="env:NO_TOKEN is empty"):
        resolve("env:NO_TOKEN")


@pytest.mark.parametrize("text", [CANARY, "env:", "env:A B", "file:relative", "ENV:X", "env:X ", "", "file:/a\nb"])
def test_a_value_in_the_place_of_a_reference_is_not_repeated(text):
    assert not is_reference(text)
    with pytest.raises(SpecError) as caught:
        resolve(text)
    assert not text.strip() or text not in said(caught.value).replace("env:NAME or file:/path", "")


def test_a_secret_is_masked_wherever_it_is_shown():
    @dataclass(frozen=True)
    class Holder:
        token: Secret

    secret = Secret(CANARY)
    shown = f"{secret} {secret!r} {secret:>9} {[secret]} {Holder(secret)} {asdict(Holder(secret))}" + "%s" % secret  # noqa: UP031
    assert CANARY not in shown
    assert shown.count(MASK) == 7
    assert copy.deepcopy(secret).reveal() == CANARY
    assert Secret("a") == Secret("a") != Secret("b")
    with pytest.raises(TypeError):
        json.dumps(secret)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_holds_no_secret_and_says_so(protocol):
    data = pickle.dumps(Secret(CANARY), protocol)
    assert CANARY.encode() not in data
    back = pickle.loads(data)
    assert repr(back) == MASK
    with pytest.raises(SpecError, match="pickle"):
        back.reveal()


@given(st.text(min_size=4, max_size=40).filter(lambda t: max(t) < "\ud800" and t.strip("*| ")))
def test_no_form_of_a_secret_survives(value):
    data, told = value.encode(), json.dumps(value)[1:-1]
    forms = [
        value, quote(data, safe=""), quote(data), quote_plus(data), told, html.escape(value), repr(value)[1:-1],
        re.sub("%..", lambda m: m[0].lower(), quote(data, safe="")),
        base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(),
        told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
    ]  # fmt: skip
    text = masked(" | ".join(forms), [Secret(value)])
    assert [form for form in forms if form in text and form not in " | *** | "] == []


def test_the_longer_of_two_secrets_goes_first():
    assert masked("password-and-more password", [Secret("password"), Secret("password-and-more")]) == f"{MASK} {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "Post http://user:s3cret@h:9090/x", "http://s3cret@h/", "https://u:s3cret%40x@h?a=b", 'Get "http://:s3cret@h"',
        "Authorization: Bearer s3cret.abc-123", "authorization: basic dTpzM2NyZXQ6", "bearer%20s3cret123456",
    ],
)  # fmt: skip
def test_credentials_of_others_are_masked_too(text):
    shown = masked(text)
    assert "s3cret" not in shown
    assert "dTpz" not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "text", ["a basic explanation of it", "the bearer understands", "see http://h/a@b", "mail a@b.c", "http://h?x=a@b"]
)
def test_innocent_words_stay(text):
    assert masked(text) == text


@given(st.text())
def test_without_secrets_a_text_without_credentials_stays(text):
    if "://" not in text and "bearer" not in text.lower() and "basic" not in text.lower():
        assert masked(text) == text
