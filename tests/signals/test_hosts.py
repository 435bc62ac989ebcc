"""Which host a name means."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.hosts import host_of, same_name


def test_names_of_hosts():
    assert same_name("be_risk", ["risk-api", "redis"]) == "risk-api"
    assert same_name("outbound_postgres", ["postgres", "postgres-replica"]) is None
    assert same_name("postgres", ["postgres", "postgres-replica"]) == "postgres"
    assert same_name("api", ["risk-api", "pay-api"]) is None, "a part that any host may have tells nothing"
    assert same_name("noise-17", ["noise-18"]) == "noise-18", "numbers tell nothing"
    assert host_of("jdbc:x") == "jdbc"
    assert host_of("/10.1.2.3:6379") == "10.1.2.3"


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_names(text):
    assert isinstance(host_of(text), str)
    assert same_name(text, [text]) == text
