"""Sentences that are true, and a table that nothing can break out of."""

import html.parser
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.suspects import words
from analysis.suspects.ranking import rank_suspects
from analysis.suspects.scoring import CLEAR
from tests.suspects import described, noise, windows

NAN = float("nan")
ROW = {"kind": "cpu", "entity": "a", "_usual": 1.0, "_during": 3.0, "_size": 8.0, "lead_seconds": NAN,
       "_in_order": False, "co_movement": NAN, "path_discount": 0.0, "p_value": NAN}  # fmt: skip
NASTY = [
    "<script>alert(1)</script>",
    "a\"'><img src=x onerror=alert(1)>",
    "</td></tr></table>",
    "&lt;b&gt;",
    "\u202egnp",
]


def reason(*, step=5.0, symptom=True, callee=None, **changed):
    return words.reasons(pd.DataFrame([ROW | changed]), callee or {}, step, has_symptom=symptom)[0]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "rose from 1 to 3 (8 spreads)"),
        ({"_during": 0.25, "_size": -8.0}, "fell from 1 to 0.25 (8 spreads)"),
        ({"_usual": 1e7, "_during": 1e7 + 50}, "rose from 1e+07 to 1.000005e+07 (8 spreads)"),
        ({"_usual": 0.99999, "_during": 0.9, "_size": -9.0}, "fell from 1 to 0.9 (9 spreads)"),
        ({"_during": 1.0, "_size": 0.0}, "stayed at 1"),
        ({"_size": 0.0}, "no change: 3 lies between its usual level, 1, and that just before"),
        ({"co_movement": 0.9}, "moves with the symptom (r 0.9)"),
        ({"co_movement": -0.9}, "moves against the symptom (r -0.9)"),
        ({"co_movement": -0.1}, "hardly moves with the symptom (r -0.1)"),
        ({"lead_seconds": 10.0}, "no order within 2 steps of 5 s"),
        ({"lead_seconds": -10.0}, "no order within 2 steps of 5 s"),
        ({"lead_seconds": 15.0, "_in_order": True}, "began 15 s before the symptom"),
        ({"lead_seconds": -15.0, "_in_order": True}, "began 15 s after the symptom"),
        ({"lead_seconds": 600.0, "_in_order": True}, "began 10 min before the symptom"),
        ({"lead_seconds": 18000.0, "_in_order": True}, "began 5 h before the symptom"),
        ({"kind": "event"}, "no change before the onset"),
        ({"kind": "event", "p_value": 0.02},
         "changed at or before the start of the incident (chance of one as near: 0.02)"),
        ({"kind": "event", "p_value": 0.02, "lead_seconds": 0.0},
         "changed within 2 steps of 5 s of the symptom's onset (chance of one as near: 0.02)"),
        ({"kind": "event", "p_value": 0.2, "lead_seconds": 15.0, "_in_order": True},
         "changed 15 s before the symptom's onset (chance of one as near: 0.2)"),
    ],
)  # fmt: skip
def test_reasons(changed, sentence):
    assert sentence in reason(**changed)


def test_without_a_symptom_nothing_is_said_of_it():
    assert reason(symptom=False, co_movement=0.9, lead_seconds=60.0) == "rose from 1 to 3 (8 spreads)"


def test_the_callee_is_named():
    assert reason(path_discount=4.5, callee={"a": "db"}).endswith("; 4.5 spreads taken off for its callee db")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_two_levels_that_differ_are_written_apart(usual, during):
    size = float(np.sign(during - usual))
    found = re.match(r"(rose|fell) from (\S+) to (\S+) ", reason(_usual=usual, _during=during, _size=size * 9))
    if size:
        way, start, end = found.groups()
        assert (way == "rose") == (float(end) > float(start)) == (during > usual)
        assert float(end) - float(start) == pytest.approx(during - usual, rel=0.1, abs=1e-300)


ENTITIES = pd.DataFrame({"rank": [1], "entity": ["web"], "series": [["web|p95"]], "score": [20.0], "reason": ["rose"]})


@pytest.mark.parametrize(
    ("entities", "head", "sentence"),
    [
        (ENTITIES.iloc[:0], (0.0, 1.0, False), "No suspect: nothing could be ranked."),
        (ENTITIES.assign(score=0.0), (0.0, 1.0, False), "No suspect: nothing changed."),
        (ENTITIES, (0.0, 1.0, False), "No suspect: memory, change events and silence name nobody alone."),
        (ENTITIES, (20.0, 0.5, True),
         "No suspect: the baseline is too short to know what it does by itself (largest: x)."),
        (ENTITIES, (20.0, 0.5, False),
         "No suspect: the largest change, that of x, counts for 20 spreads, and by itself the baseline does as much "
         "with a chance of 50%."),
        (ENTITIES.assign(score=3.0), (3.0, 0.01, False),
         f"No suspect: the largest change, that of x, counts for 3 spreads; a suspect needs {CLEAR:g}."),
        (ENTITIES, (3.0, 0.01, False),
         "No suspect: memory, change events and silence aside, the largest change, that of x, counts for 3 spreads; "
         f"a suspect needs {CLEAR:g}."),
    ],
)  # fmt: skip
def test_why_nobody_is_named(entities, head, sentence):
    assert words.nobody(entities, "x", head) == sentence


def test_the_entity_that_stands_out_is_named_with_its_rank():
    series = pd.DataFrame({"series": ["web|p95"], "entity": ["web"], "reason": ["rose"]})
    assert words.named(series, ENTITIES, "web|p95") == "web ranks first: web|p95 rose."
    second = "web stands out (rank 2; what ranks before it names nobody): web|p95 rose."
    assert words.named(series, ENTITIES.assign(rank=2), "web|p95") == second


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.open, self.text = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.seen.add((tag, *attrs))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(page):
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


def test_no_name_becomes_markup():
    frame = noise(k=len(NASTY)).set_axis(NASTY, axis=1)
    frame.iloc[60:, 1:] += [30, 25, 20, 15]
    calls = pd.DataFrame({"caller": [NASTY[1], "<i>x"], "callee": [NASTY[2], "<b>y</b>"]})
    about = pd.DataFrame({"entity": NASTY, "kind": ["<u>"] * len(NASTY)}, index=NASTY)
    page = rank_suspects(frame, *windows(frame), symptom=NASTY[0], graph=calls, about=about)._repr_html_()
    plain = noise(k=3)
    harmless = read(rank_suspects(plain, *windows(plain))._repr_html_())
    found = read(page)
    assert found.seen - harmless.seen <= {("ul",), ("li",)}
    for name in NASTY[1:]:
        assert name in found.text
    assert "<bdi>\u202egnp</bdi>" in page


def test_the_table_shows_the_head_in_order_and_says_what_it_leaves_out():
    frame = noise(k=15)
    frame.iloc[60:] += np.arange(15) * 5
    found = rank_suspects(frame, *windows(frame))
    page = found._repr_html_()
    names = re.findall(r"<td><bdi>(c\d+)</bdi></td>", page)
    assert names == found.entities["entity"].head(words.SHOWN).tolist()
    assert f"The first {words.SHOWN} are shown. 15 series of 15 entities ranked, 0 not" in page
    assert found.summary in "".join(read(page).text)


@pytest.mark.parametrize("k", [1, 3])
def test_a_table_of_nothing(k):
    frame = noise(k=k) * np.nan
    page = rank_suspects(frame, *windows(frame))._repr_html_()
    assert "No suspect: nothing could be ranked." in page
    assert "nan" not in page


def test_no_sentence_holds_a_nan():
    frame = noise(k=6)
    frame.iloc[60:, 2] += 30
    frame.iloc[::2, 3] = np.nan
    frame.iloc[:58, 4] = np.nan
    frame["c5"] = 0.0
    about = described(c5=("deploy", "event"))
    found = rank_suspects(frame, *windows(frame), symptom="c0", about=about)
    text = " ".join([found.summary, *found.series["reason"], *found.not_ranked["reason"], found._repr_html_()])
    assert not re.search(r"\bnan\b|\bNaT\b|\binf\b", text)
