"""What a request carries: Bearer, Basic or as it is; masked in every form; .netrc is never looked at."""

import base64
from types import SimpleNamespace

import pytest

from analysis.errors import SpecError
from analysis.sources.prometheus.credentials import Credentials, carried_by, credentials_of, of_proxies
from analysis.sources.prometheus.secrets import Secret, masked
from analysis.sources.prometheus.settings import Settings
from tests.sources.prometheus.test_secrets import said

URL = "http://h"


def sent(credentials: Credentials) -> dict[str, str]:
    return credentials(SimpleNamespace(headers={})).headers


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("tok3n-abc.def", "Bearer tok3n-abc.def"),
        ("Bearer tok3n-abc", "Bearer tok3n-abc"),
        ("bearer  x:y", "bearer  x:y"),
        ("Basic dTpw", "Basic dTpw"),
        ("user:pass:word", "Basic " + base64.b64encode(b"user:pass:word").decode()),
        ("üser:pässword", "Basic " + base64.b64encode("üser:pässword".encode()).decode()),
    ],
)
def test_an_authorization_is_made_of_what_the_reference_holds(value, header, monkeypatch):
    monkeypatch.setenv("AN_AUTH", value)
    credentials = credentials_of(Settings(URL, auth="env:AN_AUTH"))
    assert sent(credentials) == {"Authorization": header}
    words = f"{value} {header} {header.split()[-1]} " + value.partition(":")[2]
    shown = masked(words, credentials.secrets)
    assert value not in shown
    assert header.split()[-1] not in shown
    assert not value.partition(":")[2] or value.partition(":")[2] not in shown
    assert value not in repr(credentials) + str(vars(credentials))


def test_the_password_behind_a_basic_header_is_masked(monkeypatch):
    monkeypatch.setenv("AN_AUTH", "Basic " + base64.b64encode(b"user:s3cret").decode())
    assert "s3cret" not in masked("s3cret user:s3cret", credentials_of(Settings(URL, auth="env:AN_AUTH")).secrets)


def test_tenant_and_headers_are_sent(monkeypatch):
    monkeypatch.setenv("A_KEY", "k3y")
    monkeypatch.setenv("A_TENANT", "team-b")
    plain = credentials_of(Settings(URL, tenant="team-a", headers={"X-Key": "env:A_KEY"}))
    assert sent(plain) == {"X-Key": "k3y", "X-Scope-OrgID": "team-a"}
    assert sent(credentials_of(Settings(URL, tenant="env:A_TENANT"))) == {"X-Scope-OrgID": "team-b"}
    assert masked("team-a k3y", plain.secrets) == "team-a ***"


@pytest.mark.parametrize("value", ["töken", "tok\u200ben", "日本"])
def test_what_cannot_stand_in_a_header_is_refused_by_its_reference(value, monkeypatch):
    monkeypatch.setenv("AN_AUTH", value)
    for settings in (Settings(URL, auth="env:AN_AUTH"), Settings(URL, headers={"X": "env:AN_AUTH"}),
                     Settings(URL, tenant="env:AN_AUTH")):  # fmt: skip
        with pytest.raises(SpecError, match="env:AN_AUTH cannot be sent") as caught:
            credentials_of(settings)
        assert value not in said(caught.value)
    with pytest.raises(SpecError, match="the tenant cannot be sent"):
        credentials_of(Settings(URL, tenant="a\r\nX: y"))


def test_a_ready_connection_keeps_its_headers_and_its_auth():
    session = SimpleNamespace(headers={"User-Agent": "ua", "X-Session": "s3ss10n"}, auth=None)
    ready = SimpleNamespace(headers={"Authorization": "Bearer tok3n"}, auth=None, _session=session)
    carried = carried_by(ready)
    assert sent(carried) == {"Authorization": "Bearer tok3n"}
    assert masked("tok3n s3ss10n ua", carried.secrets) == "*** *** ua"
    ready = SimpleNamespace(headers=None, auth=("user", "s3cret"), _session=session)
    assert sent(carried_by(ready)) == {"Authorization": "Basic " + base64.b64encode(b"user:s3cret").decode()}
    assert "s3cret" not in masked("s3cret", carried_by(ready).secrets)
    session.auth = ("user", "s3cret")
    ready.auth = None
    assert "Authorization" in sent(carried_by(ready))


def test_passwords_of_proxies_are_masked():
    secrets = of_proxies(
        {"http": "http://user:p%40ss@proxy:1", "https": "proxy:1", "no": "http://[bad", "x": "u:w@p:2"}
    )
    assert masked("p%40ss p@ss user:p@ss", secrets) == "*** *** ***"
    assert Secret("w") in secrets
