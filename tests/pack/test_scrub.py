"""Redaction by kind of value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.pack.patterns import is_address, looks
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.rules import TOPOLOGY
from analysis.pack.scrub import Scrubber

PERSONAL = [
    "kim@example.org", "4111 1111 1111 1111", "DE89370400440532013000", "ghp_0123456789abcdef0123456789abcdef",
    "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc", "password=hunter22", "api_key: 'abcdef'",
    "https://kim:hunter2@host/x", "Bearer abcdef0123456789", "10.0.0.7", "fd00::77", "aa:bb:cc:dd:ee:ff",
    "0ca4a4c4-77aa-4bbb-8ccc-123456ca4a4c", "900101-1234567", "DB_PASSWORD=secret1", "ip-10-0-0-7", "10-42-0-7",
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "10.1.2.3-10.9.9.9", "x_10.0.0.7_y",
]  # fmt: skip
HARMLESS = [
    "payment-api-7d9c6b5f4-x2k8p", "0.25", "+Inf", "503", "GET /pay", "2026-11-22T18:04:30.123Z", "12:30:45", "1.27.3",
    "default", "java.lang.OutOfMemoryError", "Scaled up replica set api-5d to 2", "G1 Young Generation", "::",
    "a::b::c",
    "127.0.0.1:8080", "outbound|6379||cart.data.svc.cluster.local", "1.3.6.1.4.1", "token_bucket", "999.0.0.1",
]  # fmt: skip


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


@pytest.mark.parametrize("text", PERSONAL)
def test_what_is_personal_does_not_stay(scrub, text):
    for made in (
        scrub.text(f"before {text} after"),
        scrub.value(text),
        scrub.label("tag", text),
        scrub.label("app", text),
    ):
        assert text not in made
        assert not [look for look in looks(made) if "@" in made]
    assert scrub.text(f"before {text} after").startswith("before ") and " after" in scrub.text(f"before {text} after")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_not_stays(scrub, text):
    assert scrub.text(text) == scrub.value(text) == scrub.label("app", text) == text
    assert not scrub.names.changed


@given(st.text())
def test_redacting_twice_changes_no_words(text):
    scrub = Scrubber(Pseudonyms(bytes(32)))
    once = scrub.text(text)
    assert not list(looks(once)) or not list(looks(text))
    assert not is_address(once) or scrub.names.issued(once) or once == text


@given(st.lists(st.text(alphabet="abcXYZ019/-_.@% ", max_size=12), min_size=2, max_size=2, unique=True))
def test_different_routes_stay_different(routes):
    scrub = Scrubber(Pseudonyms(bytes(32)))
    one, other = (scrub.route(r) for r in routes)
    assert one != other


def test_a_route_keeps_what_names_no_one(scrub):
    assert scrub.route("/v1/items") == "/v1/items"
    made = scrub.route("/users/42/cards/998877665544?mail=kim@example.org")
    assert made.startswith("/users/anon-") and "/cards/anon-" in made and "~anon-" in made and "?" not in made


def test_labels_by_rule(scrub):
    label = scrub.label
    assert label("query", "select 1") == "select ?" == label("digest_text", "select 2")
    assert label("user", "kim").startswith("anon-") and label("user", "app", "pg_stat_statements_calls_total") == "app"
    assert label("client_addr", "10.0.0.7") == label("pod_ip", "10.0.0.7") == label("instance", "10.0.0.7")
    assert label("client_addr", "some-laptop").startswith("anon-")
    assert label("uri", "/users/42") == scrub.route("/users/42") != "/users/42" and label("uri", "/v1/pay") == "/v1/pay"
    assert label("queryid", "4111111111111111") == "4111111111111111"
    assert label("tag", "a" * 30 + "9" * 10).startswith("anon-") and label("user", "") == ""


def test_images_keep_path_and_tag(scrub):
    assert scrub.image("ghcr.io/org/app:1.2") == "ghcr.io/org/app:1.2"
    assert scrub.image("library/nginx") == "library/nginx"
    made = scrub.image("docker-pullable://registry.corp:5000/team/app@sha256:" + "ab" * 32)
    assert (
        "corp" not in made
        and made.startswith("docker-pullable://anon-")
        and made.endswith("/team/app@sha256:" + "ab" * 32)
    )


def test_every_label_that_stays_has_a_reason():
    names = [name for names in TOPOLOGY.values() for name in names]
    assert len(names) == len(set(names))
    assert all(reason for reason in TOPOLOGY)
