import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus import gathered as gathered_module
from analysis.sources.prometheus.decode import Matrix
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.gathered import Gathered
from analysis.sources.prometheus.samples import table_of

POINT = st.tuples(st.integers(0, 5), st.integers(0, 39))


def labels_of(series: int) -> dict[str, str]:
    return {"__name__": "m", "s": str(-series)}


def matrix_of(points: list[tuple[int, int]], **more) -> Matrix:
    rows = sorted({series for series, _ in points}, reverse=len(points) % 2 == 0)
    times = [sorted(t for s, t in points if s == row) for row in rows]
    flat = np.array([t for some in times for t in some], "i8")
    values = np.array([row + t / 100 for row, some in zip(rows, times, strict=True) for t in some])
    counts = np.array([len(some) for some in times], "i8")
    return Matrix(tuple(labels_of(row) for row in rows), counts, flat, values, **more)


@given(st.sets(POINT), st.lists(st.integers(1, 39), unique=True), st.randoms())
def test_windows_in_any_order_are_the_whole(points, edges, random):
    windows = list(zip([0, *sorted(edges)], [*sorted(edges), 40], strict=True))
    random.shuffle(windows)
    gathered = Gathered()
    for lo, hi in windows:
        gathered.add(lo, matrix_of([p for p in points if lo <= p[1] < hi]))
    found = gathered.table()
    ordered = sorted(points)
    expected = table_of(
        [labels_of(s) for s, _ in ordered], np.arange(len(ordered)), np.array([t for _, t in ordered], "i8"),
        np.array([s + t / 100 for s, t in ordered], "f8"),
    )  # fmt: skip
    assert found.labels == expected.labels
    for name in ("ids", "times", "values"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))
    assert (found.ids.dtype, found.times.dtype, found.values.dtype) == ("i4", "i8", "f8")


def test_large_parts_in_pages_of_their_own_are_the_same(monkeypatch):
    tables = []
    for large in (1, 10**9):
        monkeypatch.setattr(gathered_module, "LARGE_BYTES", large)
        gathered = Gathered()
        for at in (20, 0):
            gathered.add(at, matrix_of([(s, at + t) for s in range(3) for t in range(20)]))
        gathered.add(40, matrix_of([]))
        tables.append(gathered.table())
    assert len(tables[0].times) == 120
    for name in ("ids", "times", "values"):
        assert np.array_equal(getattr(tables[0], name), getattr(tables[1], name))


def test_one_label_set_twice_in_an_answer_is_an_error():
    twice = Matrix((labels_of(1), labels_of(1)), np.ones(2, "i8"), np.array([1, 2]), np.zeros(2))
    with pytest.raises(RequestError, match="same labels"):
        Gathered().add(0, twice)


def test_words_are_kept_once_and_native_histograms_counted_once():
    gathered = Gathered()
    for at in (0, 20):
        gathered.add(
            at, matrix_of([(1, at)], histograms=(labels_of(1), labels_of(2)), partial=("p",), advice=("a", "b"))
        )
    assert (gathered.partial, gathered.advice) == (("p",), ("a", "b"))
    assert gathered.left_out == ("2 series hold native histograms, which are left out; floats beside them are kept",)
    assert Gathered().left_out == ()
    assert len(Gathered().table().times) == 0
