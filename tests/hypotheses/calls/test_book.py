"""What the samples say of calls, and a cache whose keys are objects, not values."""

from analysis.hypotheses.calls.book import Same, book_of
from analysis.hypotheses.case import Case
from tests.conftest import C
from tests.variants import evidence_of


def test_a_key_is_equal_only_for_the_very_same_object():
    one, other = [1], [1]
    assert Same(one) == Same(one)
    assert Same(one) != Same(other)
    assert hash(Same(one)) == hash(Same(one))


def test_the_book_of_c():
    book = book_of(Case.of(evidence_of(C)))
    assert {c.destination for c in book.calls} == {"postgres", "redis", "risk-api"}
    assert {c.name for c in book.clocks} == {"postgres", "redis", "payment-api"}
    assert [p.name for p in book.pools] == ["HikariPool-1"]
    assert len(book.paths) == 4
