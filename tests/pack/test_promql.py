"""PromQL with redacted matchers still selects the redacted series."""

import pytest

from analysis.pack.promql import scrubbed_promql
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.scrub import Scrubber


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


@pytest.mark.parametrize("text", [
    "up", 'sum by (pod) (rate(x{code=~"5..",le="+Inf"}[5m])) / 2', 'x{pod=~"api-.*",path="/a\\"b"} offset 1h',
    "a{app='c'} @ end()", 'count({__name__=~"a|b"})', 'label_replace(up, "a", "$1", "b", "(.*)")',
])  # fmt: skip
def test_what_names_no_one_stays(scrub, text):
    assert scrubbed_promql(text, scrub) == text


def test_matchers_follow_the_labels(scrub):
    host = scrub.label("instance", "10.0.0.7:90")
    assert scrubbed_promql('up{instance="10.0.0.7:90"}', scrub) == f'up{{instance="{host}"}}'
    assert scrubbed_promql(r'up{instance=~"10\\.0\\.0\\.7:90|b"}', scrub) == f'up{{instance=~"{host}|b"}}'
    user = scrub.label("user", "kim")
    assert (
        scrubbed_promql('x{user="kim",app="{b}"} + y{user!="kim"}', scrub)
        == f'x{{user="{user}",app="{{b}}"}} + y{{user!="{user}"}}'
    )
    assert scrubbed_promql('pg_calls{user="app"}', scrub) == 'pg_calls{user="app"}'
    assert scrubbed_promql('x{query="select 7"}', scrub) == 'x{query="select ?"}'


def test_a_pattern_of_people_is_one_pseudonym(scrub):
    assert "kim" not in scrubbed_promql('x{user=~"kim.*|lee"}', scrub)
    assert "example" not in scrubbed_promql("up # ask kim@example.org", scrub)


@pytest.mark.parametrize(("text", "canary"), [
    (r'x{instance=~"10\\.91\\.82\\.7[0-9]:90"}', "91"), ('x{ip=~"10[.]91[.]82[.].*"}', "91"),
    ('x{instance=~"10.91.82.*"}', "91"),
    ('x{path=~"/u/(canarya|canaryb)/.*"}', "canary"), (r'x{email=~"canary.*@example\\.org"}', "canary"),
    ('x{team=~"canary.*"}', "canary"), ("up # by canary", "canary"), (r'x{pod=~"\\w+canary"}', "canary"),
])  # fmt: skip
def test_no_part_of_a_pattern_that_is_not_understood_stays(scrub, text, canary):
    assert canary not in scrubbed_promql(text, scrub)


@pytest.mark.parametrize(
    "text", ['x{team=~".+"}', 'x{code=~"[45].."}', 'x{pod=~"api.*|web-.+"}', 'label_replace(up, "a", "#1", "b", "")']
)
def test_what_selects_no_one_in_particular_stays(scrub, text):
    assert scrubbed_promql(text, scrub) == text
