"""Words that people and programs wrote: messages, images, routes, secrets in texts, and what a manifest says."""

import gzip
import json

import pytest

from analysis.pack.gate import suspicions_in
from analysis.pack.kubernetes import pack_deployments
from analysis.pack.manifest_copy import file_name, manifest_copy
from analysis.pack.patterns import looks
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.scrub import Scrubber
from analysis.pack.server_messages import error_message
from analysis.sources.kubernetes import read_deployments
from analysis.store import Entry, Manifest
from tests.pack.test_server_log import packed

KEPT = [
    "deadlock detected", 'duplicate key value violates unique constraint "people_pkey"',
    "sorry, too many clients already", "canceling statement due to lock timeout",
    'password authentication failed for user "app"',
    'relation "t" does not exist', "division by zero",
]  # fmt: skip
SECRETS = [
    "PGPASSWORD=zebra1", "DB_PASS=zebra1", "clientSecret: zebra1", "AccountKey=zebra1", "SharedAccessKey=zebra1",
    "password is zebra1", "--db-password zebra1", r'{\"password\": \"zebra1\"}', '{"api_key":"zebra1"}',
    "x?sig=zebra1&y=1",
    "mysql -h db -uroot -pzebra1", "curl -u kim:zebra1 x", "Authorization: Digest zebra1", "Authorization: zebra1",
    "https://hooks.slack.com/services/T0/B0/zebra1", "hf_zebra1zebra1", "hvs.zebra1zebra1",
    "sk-proj-zebra1zebra1zebra1",
    "passphrase=zebra1", "private_key=zebra1", "credentials: zebra1",
]  # fmt: skip
WARNED = [
    "call 010-1234-5678", "call (02) 123-4567", "7001011234567", "iban de89370400440532013000", "4111.1111.1111.1111",
    "select a from b where c = 'zebra'", "pw: zebra1", "sk-proj-abc", "비밀번호: 얼룩말",
]  # fmt: skip


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


@pytest.mark.parametrize("text", KEPT)
def test_messages_of_the_server_stay_without_a_code(scrub, text):
    assert error_message(text, b"", scrub) == text == error_message(text, b"P0001", scrub)


@pytest.mark.parametrize("state", [b"", b"P0001", b"P0004", b"45000", b"ZZ123", b"2", b"00000"])
def test_messages_of_others_are_pseudonyms(scrub, state):
    for text in (
        "Zebra has no funds",
        "deadlock detected by Zebra",
        "존재하지 않는 사용자 Zebra",
        "could not obtain Zebra",
    ):
        assert error_message(text, state, scrub).startswith("anon-")
    made = error_message('role "app" does not exist, says Zebra', state, scrub)
    assert made.startswith('role "app" does not exist anon-') and "Zebra" not in made


@pytest.mark.parametrize("severity", ["ERROR", "FATAL"])
def test_a_log_without_codes_holds_no_words_of_others(tmp_path, scrub, severity):
    head = "2026-11-22 18:04:30.123 UTC [7] "
    lines = [f"{head}{severity}:  Zebra has {n} funds" for n in range(9)] + [f"{head}LOG:  duration: 1 ms"]
    lines += [f"{head}FATAL:  sorry, too many clients already", f"{head}FATAL:  Zebra authentication failed for x"]
    file = packed("\n".join(lines) + "\n", tmp_path, scrub)
    made = gzip.decompress(file.target.read_bytes()).decode()
    assert "Zebra" not in made and "too many clients" in made and made.count("anon-") >= 9


def test_each_of_several_images(scrub, tmp_path):
    made = scrub.image("zebra:5000/a:5.17.0.1, zuser:zpw@zreg.corp/b:1, nginx:1.27, c@sha256:" + "ab" * 32).split(", ")
    assert made[0].startswith("anon-") and made[0].endswith("/a:5.17.0.1") and made[2] == "nginx:1.27"
    assert made[1].startswith("anon-") and made[1].endswith("/b:1") and made[3] == "c@sha256:" + "ab" * 32
    assert "10.9.8.7" not in scrub.image("a/b:10.9.8.7") and "zpw" not in scrub.image("zuser:zpw@b:1")
    text = "started_at,namespace,deployment,image,status\n"
    text += '2026-11-22T18:05:00Z,s,d,"a/b:6.17.0.1, zreg.corp/z:1",to 6.17.0.1\n'
    (tmp_path / "d.csv").write_text(text)
    pack_deployments(tmp_path / "d.csv", tmp_path / "out.csv", scrub)
    row = read_deployments(tmp_path / "out.csv")[0].iloc[0]
    assert row["image"].startswith("a/b:6.17.0.1, anon-") and row["status"] == "to 6.17.0.1"


@pytest.mark.parametrize("route", [
    "/v1/items;zebra=1", "/v1/items#zebra", "/users/zebra", "/%75sers/zebra", "/Account/zebra/x", "/reset/zebra",
    "/~zebra",
    "/x/zebra123", "/x/Zebra1", "/x/zebra%2Fkim", "/x/zebrazebrazebrazebrazebra",
    "/tenants/zebra/members/zebra", "/x/%257Ezebra",
    "https://zebra@h.org/x",
])  # fmt: skip
def test_no_route_names_anyone(scrub, route):
    made = scrub.route(route)
    assert "zebra" not in made.lower() and "anon-" in made and scrub.route(route + "2") != made


@pytest.mark.parametrize(
    "route", ["/v1/items", "/users/{id}/orders", "/oauth2/token", "/actuator/health-check", "/", ""]
)
def test_routes_of_words_stay(scrub, route):
    assert scrub.route(route) == route


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_in_words_go(scrub, text):
    made = scrub.text(f"it said {text} there")
    assert "zebra1" not in made and made.startswith("it said") and not list(looks(made))
    assert made.endswith("there") or text.startswith("Authorization")  # its value may be of two words
    assert suspicions_in("narrative.md", text, scrub.names)


@pytest.mark.parametrize("text", WARNED)
def test_words_of_people_are_warned_of(scrub, text):
    assert [s.line for s in suspicions_in("narrative.md", f"fine\n{text}", scrub.names)][:1] == [2]


@pytest.mark.parametrize(
    "text", ["we bypass: the cache", "the token bucket was empty", "at 18:04 2026-11-22 503 errors"]
)
def test_plain_words_are_not(scrub, text):
    assert suspicions_in("narrative.md", text, scrub.names) == [] and scrub.text(text) == text


def test_a_manifest_names_no_folder_and_no_command(tmp_path, scrub):
    detail = {"cmd": "psql zebra", "path": "/srv/zebra/x.log", "query": 'up{team="zebra"}', "series": 7}
    entry = Entry("a.log", "gc-log", "C:\\zebra\\a.log", "", 0, "", detail)
    skipped = ({"file": "/srv/zebra/b.log", "reason": "in /srv/zebra/c.log"},)
    made = manifest_copy(Manifest((entry,), skipped, (("pandas", "3.1"), ("x", "zebra"))), tmp_path, (), (), scrub, "")
    assert "zebra" not in json.dumps([made.skipped, made.versions]) and dict(made.versions)["pandas"] == "3.1"
    assert made.skipped[0]["file"] == "b.log" and file_name(entry.source, scrub) == "a.log"
