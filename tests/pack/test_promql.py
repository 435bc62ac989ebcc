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
    "a{b='c'} @ end()", 'count({__name__=~"a|b"})', 'label_replace(up, "a", "$1", "b", "(.*)")',
])  # fmt: skip
def test_what_names_no_one_stays(scrub, text):
    assert scrubbed_promql(text, scrub) == text


def test_matchers_follow_the_labels(scrub):
    host = scrub.label("instance", "10.0.0.7:90")
    assert scrubbed_promql('up{instance="10.0.0.7:90"}', scrub) == f'up{{instance="{host}"}}'
    assert scrubbed_promql(r'up{instance=~"10\\.0\\.0\\.7:90|b"}', scrub) == f'up{{instance=~"{host}|b"}}'
    user = scrub.label("user", "kim")
    assert (
        scrubbed_promql('x{user="kim",a="{b}"} + y{user!="kim"}', scrub)
        == f'x{{user="{user}",a="{{b}}"}} + y{{user!="{user}"}}'
    )
    assert scrubbed_promql('pg_calls{user="app"}', scrub) == 'pg_calls{user="app"}'
    assert scrubbed_promql('x{query="select 7"}', scrub) == 'x{query="select ?"}'


def test_a_pattern_of_people_is_one_pseudonym(scrub):
    assert "kim" not in scrubbed_promql('x{user=~"kim.*|lee"}', scrub)
    assert "example" not in scrubbed_promql("up # ask kim@example.org", scrub)
