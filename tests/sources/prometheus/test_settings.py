"""Where a server is and how it is reached: refused before anything is sent, and nothing secret repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.sources.prometheus.settings import Settings, checked_url, file_of, public_url, url_of
from tests.sources.prometheus.test_secrets import said

CERTIFICATE = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://localhost:9090", "http://localhost:9090"),
        ("https://metrics.example/prometheus/", "https://metrics.example/prometheus"),
        ("http://[::1]:9090/a/b//", "http://[::1]:9090/a/b"),
        ("HTTP://h", "HTTP://h"),
        ("http://h/team@home/", "http://h/team@home"),
    ],
)
def test_a_path_prefix_is_kept_and_the_last_slash_is_not(url, kept):
    assert checked_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret@h:9090", "https://s3cret@h", "http://u:s3cret@x@h", "user:s3cret@h:9090", "http://u:s3cret@",
        "ftp://h/s3cret", "s3cret", "", "http://", "http:///s3cret", "http://h:s3cret", "http://h:99999999/s3cret",
        "http://h/?token=s3cret", "http://h/#s3cret", "http://h/s3 cret", "http://h\\@s3cret", "http://[s3cret",
        "http://h/\ns3cret", "http://u:s3cret\uff0f@h",
    ],
)  # fmt: skip
def test_another_url_is_refused_without_printing_it(url):
    for made in (checked_url, Settings):
        with pytest.raises(SpecError) as caught:
            made(url)
        assert "s3cret" not in said(caught.value)
        assert caught.value.where == "sources.prometheus.url"
        assert caught.value.next


@given(st.text())
def test_any_text_is_a_url_or_refused(text):
    try:
        found = checked_url(text)
    except SpecError:
        return
    assert found.lower().startswith(("http://", "https://"))
    assert public_url(found) == found or found != public_url(found).lower()


def test_what_may_be_shown_of_a_url_has_no_credentials():
    assert public_url("https://u:s3cret@h:9/p/?t=s3cret#s3cret") == "https://h:9/p"
    assert public_url("http://[s3cret") == "a URL that is none"


def test_a_url_may_be_a_reference(monkeypatch):
    monkeypatch.setenv("A_URL", "https://h/p/")
    assert url_of(Settings("env:A_URL")) == "https://h/p"
    monkeypatch.setenv("A_URL", "https://u:s3cret@h/p/")
    with pytest.raises(SpecError, match="user or a password") as caught:
        url_of(Settings("env:A_URL"))
    assert "s3cret" not in said(caught.value)
    assert "env:A_URL" in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"auth": "Bearer s3cret"}, "auth"), ({"headers": {"X-Key": "s3cret"}}, "headers.X-Key"),
        ({"headers": {"X Key": "env:A"}}, "headers"), ({"headers": {"Host": "env:A"}}, "headers"),
        ({"auth": "env:A", "headers": {"authorization": "env:A"}}, "auth"), ({"encoding": "br"}, "encoding"),
        ({"client_key": "file:/k"}, "client_cert"), ({"read_seconds": 0}, "read_seconds"),
        ({"connect_seconds": float("nan")}, "connect_seconds"), ({"answer_bytes": -1}, "answer_bytes"),
    ],
)  # fmt: skip
def test_settings_are_refused_by_the_name_of_their_field(wrong, where):
    with pytest.raises(SpecError) as caught:
        Settings("http://h", **wrong)
    assert caught.value.where == f"sources.prometheus.{where}"
    assert "s3cret" not in said(caught.value)


def test_a_variable_may_hold_the_path_of_a_certificate_and_is_not_repeated(tmp_path, monkeypatch):
    path = tmp_path / "c.pem"
    path.write_text(CERTIFICATE)
    monkeypatch.setenv("A_CA", str(path))
    assert file_of("env:A_CA", "ca") == str(path)
    for value in ("-----BEGIN PRIVATE KEY----- s3cret", "/no/s3cret", "s3cret" * 1_000):
        monkeypatch.setenv("A_CA", value)
        with pytest.raises(SpecError, match="env:A_CA cannot be read") as caught:
            file_of("env:A_CA", "client_key")
        assert "s3cret" not in said(caught.value)
        assert caught.value.where == "sources.prometheus.client_key"


def test_a_certificate_is_a_readable_pem_file_without_a_passphrase(tmp_path):
    path = tmp_path / "c.pem"
    with pytest.raises(SpecError, match="cannot be read"):
        file_of(f"file:{path}", "ca")
    path.write_text("s3cret")
    with pytest.raises(SpecError, match="no PEM file") as caught:
        file_of(str(path), "ca")
    assert "s3cret" not in said(caught.value)
    path.write_text(CERTIFICATE)
    assert file_of(f"file:{path}", "ca") == str(path)
    path.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    with pytest.raises(SpecError, match="passphrase"):
        file_of(f"file:{path}", "client_key")
