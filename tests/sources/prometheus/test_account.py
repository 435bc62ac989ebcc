import pytest

from analysis.sources.prometheus.account import Account, naming
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.fetched import Step
from analysis.sources.prometheus.gathered import Gathered


class Counting:
    name, received_bytes, requests = "http://localhost:9090", 100, 3


def test_only_what_came_since_is_counted_and_told():
    source, steps = Counting(), []
    account = Account(source, 10, steps.append)
    for received, units in ((150, 4), (250, 6)):
        source.received_bytes, source.requests = received, source.requests + 1
        assert account.took(units * 5, units) == units * 5
    assert steps == [Step(20, 50, 0.4), Step(30, 100, 1.0)]
    found = account.closed(Gathered(), 1)
    assert (found.bytes, found.requests, found.splits, len(found.table.times)) == (150, 2, 1, 0)


def test_an_error_about_an_answer_names_the_server():
    with pytest.raises(RequestError) as caught, naming(Counting()):
        raise RequestError(Failure("truncated", "retry"), 2, next="wait")
    assert (caught.value.where, caught.value.tries, caught.value.next) == ("http://localhost:9090", 2, "wait")
