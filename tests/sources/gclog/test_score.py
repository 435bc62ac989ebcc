"""Our tables against what four other readers' unit tests expect of the same logs, and against our own counts."""

import re

import pandas as pd
import pytest

from tests.sources.gclog.score.answers import Answer
from tests.sources.gclog.score.peer_errors import PEER_ERRORS
from tests.sources.gclog.score.reads import read
from tests.sources.gclog.score.table import TRANSLATORS, Outcome, Score, describe, score
from tests.sources.gclog.score.values import number, tolerance_of, words

MUST = {  # what of a source's quantities must be met, and how nearly all of it
    "generated": (r".*", 1.0),
    "gcviewer": (r"event\[.*", 0.99),
    "jifa": (r"event\[.*", 0.99),
    "gctoolkit-testdata": (r"n\[.*", 1.0),
    "garbagecat": (r"has_event_type:(?!UNKNOWN).*", 0.99),
}
ALL = {"generated": 1.0, "gcviewer": 0.99, "jifa": 0.98, "gctoolkit-testdata": 1.0, "garbagecat": 0.99}


def part_of(outcomes: list[Outcome], pattern: str) -> int:
    return sum(bool(re.match(pattern, o.row.quantity)) for o in outcomes)


def share(done: Score, pattern: str) -> float:
    """Return which share of the compared rows is met, those that are the peer's error left out."""
    met = part_of(done.equal, pattern)
    return met / max(1, met + part_of(done.different, pattern))


@pytest.mark.parametrize("source", sorted(TRANSLATORS))
def test_the_score_per_source(corpus, source):
    done = score(corpus, source)
    print(describe(done))
    pattern, least = MUST[source]
    assert done.compared > 50
    assert share(done, pattern) >= least
    assert share(done, ".*") >= ALL[source]
    assert not done.stale, "an entry of peer_errors.py is met now: remove it"
    assert len(done.excused) <= 0.02 * (done.compared + sum(done.left_out.values()))


def test_every_peer_error_names_a_row_of_the_corpus(corpus):
    found = {(o.row.file, o.row.quantity) for s in TRANSLATORS for o in score(corpus, s).excused}
    assert {(e.file, e.quantity) for e in PEER_ERRORS} == found
    assert all(e.line > 0 and len(e.reason) > 20 for e in PEER_ERRORS)


def test_no_file_of_the_corpus_stops_the_reader(corpus):
    """Every file, other people's formats and plain tables too: read, or refused with an error that says what to do."""
    files = [p for p in sorted((corpus / "gc").rglob("*")) if p.is_file()]
    understood, refused, lines, unknown = 0, [], 0, 0
    for path in files:
        log, report, error = (one := read(path)).log, one.report, one.refused
        if error:
            refused.append(f"{path.relative_to(corpus)}: {error.splitlines()[0]}")
            continue
        understood += report.unrecognised == 0
        lines, unknown = lines + report.records, unknown + report.unrecognised
        assert report.records == report.recognised + report.unrecognised
        assert (log.pauses["start"] <= log.pauses.index).all()
        assert not (log.pauses["duration_seconds"] < 0).any()
    print(f"GC corpus: {len(files)} files, {understood} without an unrecognised line, {len(refused)} refused;", end=" ")
    print(f"{lines} lines, {unknown} not understood ({100 * unknown / max(1, lines):.2f} %)")
    print("\n".join(refused))
    assert understood > 0.9 * (len(files) - len(refused))
    assert unknown < 0.01 * lines


def test_the_two_clocks_of_a_pause_agree(corpus):
    """The duration of a pause and the real time of its CPU line are printed by different code: a second witness."""
    pairs = []
    for path in sorted(p for p in (corpus / "gc").rglob("*") if p.is_file()):
        pauses = read(path).log.pauses
        pairs.append(pauses[["duration_seconds", "real_seconds"]].dropna().assign(file=path.name))
    both = pd.concat(pairs)
    apart = (both["duration_seconds"] - both["real_seconds"]).abs() > 0.05 + 0.1 * both["duration_seconds"]
    print(f"{len(both)} pauses with a CPU line, {apart.sum()} whose real time is not their duration:", end=" ")
    print(dict(both.loc[apart, "file"].value_counts()))
    assert len(both) > 1000
    assert apart.mean() < 0.005


@pytest.mark.parametrize(
    ("text", "value", "tolerance"),
    [
        ("0.0003502 - 0.0002081 (tolerance 0.00000001)", 0.0001421, 1e-8),
        ("(long) 2568199604", 2568199604, 1e-6),
        ("kilobytes(20 * 1024)", 20 << 20, 1e-6),
        ("1952L * 1024 * 1024", 1952 << 20, 1e-6),
        ("bytes(0)", 0, 1e-6),
        ("-1", -1, 1e-6),
    ],
)
def test_java_literals(text, value, tolerance):
    plain, found = tolerance_of(text)
    assert (number(plain), found) == (pytest.approx(value), tolerance)


def test_what_is_no_number_is_said():
    for text in ("logFileDate", "JdkMath.convertMicrosToSecs(x)", "model", ""):
        with pytest.raises(ValueError, match="no number"):
            number(text)
    assert words('"GC pause (young)"') == "GC pause (young)"
    assert words("GCEventType.YOUNG_GC") == "YOUNG_GC"
    assert words('equalTo("GC (x; ') == "GC (x; "


def test_answers_are_held_to_their_tolerance():
    assert Answer(1.0, 1.0000001).equal
    assert not Answer(1.0, 1.1).equal
    assert Answer((1, 2.0), (1.0, 2)).equal
    assert not Answer((1, 2), (1, 2, 3)).equal
    assert not Answer(None, 1.0).equal
    assert not Answer("a", 1.0).equal
    assert Answer("a", "a").equal
    assert not Answer(float("nan"), 1.0).equal
