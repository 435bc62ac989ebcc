"""Entries of the catalogue's files."""

from analysis.catalogue.entries import Dialect, Entry, Question, metrics_of, problems_of
from analysis.catalogue.model import Absence, Expression, Way

SCOPES = frozenset({"pod", "cluster"})


def timer(**given):
    return Entry(**{"name": "t_seconds", "kind": "summary", "unit": "seconds", "role": "seconds", **given})


def of(entry, **dialect):
    return metrics_of("own", Dialect(scope="pod", metrics=(entry,), **dialect), (Way(("namespace",)),))


def test_parts_are_stored_under_their_own_names():
    found = of(timer(parts=("count", "sum", "max", "bucket", "quantile"), scale=1e-3))
    told = {m.pattern: (m.kind, m.unit, m.role, m.scale, m.heavy, m.optional) for m in found}
    assert told == {
        "t_seconds_count": ("summary", "count", "calls", 1.0, False, False),
        "t_seconds_sum": ("summary", "seconds", "seconds", 1e-3, False, False),
        "t_seconds_max": ("gauge", "seconds", "longest", 1e-3, False, True),
        "t_seconds_bucket": ("histogram", "count", "spread", 1.0, True, True),
        "t_seconds": ("summary", "seconds", "context", 1e-3, False, True),
    }
    assert all(m.plain and m.ways == (Way(("namespace",)),) for m in found)


def test_buckets_can_be_kept():
    assert [m.heavy for m in of(timer(parts=("count", "bucket"), heavy=False))] == [False, False]


def test_notes_and_shifts_of_a_dialect_are_of_all_its_metrics():
    found = of(timer(note="own"), note="of all", shift_seconds=(60.0, 600.0), source="somewhere")
    assert (found[0].note, found[0].shift_seconds, found[0].source) == ("own. of all", (60.0, 600.0), "somewhere")


def problems(question):
    return problems_of(question, SCOPES)


def test_absences_and_expressions_are_checked():
    own = Dialect(scope="pod", metrics=(timer(parts=("count",)), timer(name="t_seconds_count")))
    question = Question(
        id="q",
        question="?",
        dialects={"own": own},
        absences=(Absence("t_seconds_count", "x", beside="up"), Absence("t_second", "x")),
        expressions=(
            Expression("a", "s", {"own": "rate(x{$sell}[$w])", "other": "x @ end()"}),
            Expression("b", "s", {}),
            Expression("c", "s", {"own": "x{$sel,$nsel,$dbsel}"}, whole_window=True),
        ),
    )
    assert problems(question) == [
        "dialects.own.metrics: t_seconds_count stands twice",
        "absences.t_seconds_count: beside and otherwise come together",
        "absences.t_second: no dialect of the question has this name",
        "expressions.a.expr.own: $sell is none of $dbsel, $nsel, $sel, $w",
        "expressions.a.expr.other: whole_window is true where @ start() or @ end() is used, and only there",
        "expressions.a.expr.other: the question has no such dialect",
        "expressions.b.expr: no dialect",
        "expressions.c.expr.own: whole_window is true where @ start() or @ end() is used, and only there",
    ]


def test_parts_of_a_pattern_and_wrong_shifts():
    own = Dialect(scope="pod", metrics=(timer(name="", pattern="t_.+", parts=("sum",)),), shift_seconds=(600.0, 60.0))
    assert problems(Question(id="q", dialects={"own": own})) == [
        "dialects.own.shift_seconds: least and most, not [600.0, 60.0]",
        "dialects.own.metrics.1.parts: parts are those of a name; write the ends into the pattern",
    ]
