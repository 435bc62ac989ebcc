"""Views: every text of the evidence is text, never markup; and what is not known is said."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from analysis import views
from analysis.findings import Entity, Finding, Observation, Test, value
from analysis.investigation import examine
from analysis.views.view import MIME, View, anchor, markdown
from tests.conftest import A, D
from tests.variants import evidence_of

EVIL = """"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}{% raw %}&amp;"""


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found, self.attributes, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def assert_harmless(html):
    tags = Tags(html)
    assert not {"script", "img", "iframe", "object", "svg", "style", "link"} & set(tags.found)
    assert not [a for a, _ in tags.attributes if a.startswith("on") or a in ("src", "srcset", "style")]
    assert not [v for a, v in tags.attributes if a == "href" and not v.startswith(("#", "https://", "http://"))]
    return tags


@pytest.fixture(scope="module")
def of_a():
    return examine(evidence_of(A))


@pytest.fixture(scope="module")
def evil(of_a):
    """A's results with hostile text wherever the evidence or the authors could put it."""
    test = Test("timing", True, words=EVIL, n=3, p_value=0.01, reason=EVIL)
    bad = Finding(
        EVIL, "mechanism", Entity(EVIL, EVIL, EVIL, (EVIL,)), "supported", EVIL, {}, (test,), (EVIL,), (EVIL,), rank=1
    )
    spec = of_a.incident.spec
    spec = spec.model_copy(update={"title": EVIL, "review": spec.review.model_copy(update={"owner": EVIL})})
    incident = replace(of_a.incident, spec=spec)
    report = replace(of_a.evidence.reports[0], file=EVIL, samples=(EVIL,), notes=(EVIL,))
    evidence = replace(of_a.evidence, incident=incident, reports=(report,))
    return replace(
        of_a,
        case=replace(of_a.case, evidence=evidence),
        findings=(bad,) * 20,
        observations=(Observation("o", EVIL),),
        headline=f"{EVIL}; {EVIL}",
        timeline=tuple(replace(r, what=EVIL, source=EVIL, kind=EVIL) for r in of_a.timeline[:3]),
        coverage=tuple(replace(c, signal=EVIL) for c in of_a.coverage[:2]),
    )


BUILDERS = ["headline", "cards", "details", "notes", "timeline_table", "coverage_table"]


@pytest.mark.parametrize("name", BUILDERS)
def test_hostile_text_stays_text(evil, name):
    view = getattr(views, name)(evil)
    assert "alert(1)" in assert_harmless(view.html()).text
    assert "{{ 7 * 7 }}" in view.html()
    json.dumps(view._repr_mimebundle_(), allow_nan=False)


@pytest.mark.parametrize("kind", ["sentence", "notes", "table", "impact", "markdown", EVIL])
def test_hostile_data_of_any_kind_stays_text(kind):
    data = {
        "text": EVIL, "items": [{"name": EVIL, "text": EVIL}] if kind == "impact" else [EVIL], "empty": EVIL,
        "caption": EVIL, "columns": [EVIL], "rows": [[EVIL]], "folded": False,
    }  # fmt: skip
    assert "alert(1)" in assert_harmless(View(kind, data).html()).text


def test_folded_and_open_tables_escape_their_captions():
    for folded in (True, False):
        data = {"caption": EVIL, "columns": ["a"], "rows": [], "folded": folded}
        assert "alert(1)" in assert_harmless(View("table", data).html()).text


@pytest.mark.parametrize(
    "text",
    [
        EVIL,
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>)",
        "![x](https://e.org/x.png)",
        "<scr<!-- -->ipt>alert(1)</scr<!-- -->ipt>",
        "# title <img src=x> {#id}",
        "```html\n<script>alert(1)</script>\n```",
        "| a | <b> |\n|---|---|\n| <i> | [x](vbscript:a) |",
        '<a href="x" onclick="y">z</a>',
    ],
)
def test_markdown_of_the_authors_is_harmless(text):
    assert_harmless(str(markdown(text)))


def test_markdown_keeps_ids_tables_and_hides_comments():
    html = str(markdown("<!-- secret -->\n## Summary {#summary}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"))
    assert '<h2 id="summary">Summary</h2>' in html
    assert "<td>1</td>" in html
    assert "secret" not in html


def test_anchors_are_ids():
    assert re.fullmatch(r"[A-Za-z0-9_.-]*", anchor(EVIL))
    assert anchor("a:b/c") == "a-b-c"


def test_cards_are_five_at_most_and_the_other_suspects_stand_in_a_line(evil, of_a):
    view = views.cards(evil)
    supported = [f for f in evil.findings if f.rank]
    assert (len(view.data["items"]), view.data["more"]) == (min(len(supported), 5), max(len(supported) - 5, 0))
    first = views.cards(of_a).data["items"][0]
    assert (first["word"], first["place"], first["entity"]) == ("supported", "rank 1", "istio-proxy of payment-api")
    places = {c["title"]: c["place"] for c in views.cards(of_a).data["items"]}
    assert places["client side fault"] == "where"
    assert "trigger" in places.values()
    others = {c["title"]: c["word"] for c in views.cards(of_a).data["others"]}
    assert others["GC pauses"] == "refuted"
    assert others["needless API calls"] == "not tested"
    assert not set(others) & {"CPU throttling", "client side of all calls"}
    ranked = tuple(replace(f, rank=i, verdict="supported") for i, f in enumerate(of_a.findings, 1))
    many = replace(of_a, findings=ranked)
    assert views.cards(many).data["more"] == len(of_a.findings) - 5
    assert f"{len(of_a.findings) - 5} more supported findings" in views.cards(many).html()


def test_details_show_the_five_tests_and_list_what_is_left(of_a):
    first = views.details(of_a).data["items"][0]
    assert [t["name"] for t in first["tests"]] == ["timing", "magnitude", "dose", "specificity", "reversal"]
    assert first["open"] is True
    assert len(views.details(of_a, most=3).data["rest"]) == len(of_a.findings) - 3


def test_every_card_links_to_its_details_or_to_the_ledger(of_a):
    html = views.cards(of_a).html() + views.details(of_a).html() + views.ledger_table(of_a).html()
    ids = {v for a, v in Tags(html).attributes if a == "id"}
    assert {v[1:] for a, v in Tags(html).attributes if a == "href"} <= ids


def test_the_ledger_lists_every_suspect_with_the_data_that_would_decide(of_a):
    rows = views.ledger_table(of_a).data["rows"]
    assert len(rows) == len(of_a.ledger)
    states = {suspect: state.replace("\N{NO-BREAK SPACE}", " ") for state, suspect, _, _ in rows}
    assert states["CPU throttling"] == "● supported"
    assert states["database locks"] == "✕ refuted"
    assert states["coupling to caches and queues"] == "◌ not tested"
    assert all(data != "–" for state, _, _, data in rows if state.startswith(("◌", "○")))


def test_the_headline_has_utc_first_and_local_time_beside(of_a):
    data = views.headline(of_a).data
    assert data["window"] == "2026-11-22 18:04:30 to 18:07:00 UTC (03:04 KST)"
    assert data["baseline"] == "17:57:40 to 18:02:20 UTC"
    assert data["owner"] == "no owner"


def test_problems_are_shown_in_the_headline(of_a):
    missing = replace(of_a, case=replace(of_a.case, symptom=replace(of_a.case.symptom, measurable=False)))
    assert "Incomplete:" in views.headline(missing).html()
    assert "not measurable" in views.impact(missing).data["text"]


def test_the_impact_of_a_and_of_a_quiet_time(of_a):
    items = {i["name"]: i["text"] for i in views.impact(of_a).data["items"]}
    assert items["failed requests"] == "1,159"
    assert items["duration"] == value(128, "seconds").text
    assert views.impact(examine(evidence_of(D))).data["items"] == []


def test_tables_of_a(of_a):
    rows = views.timeline_table(of_a).data["rows"]
    assert len(rows) == len(of_a.timeline)
    assert {len(r) for r in rows} == {6}
    coverage = views.coverage_table(of_a).data
    assert len(coverage["rows"]) == len(of_a.coverage) + len(of_a.evidence.reports)
    containers = views.container_table(of_a).data["rows"]
    assert [r for r in containers if r[0] == "payments/payment-api/istio-proxy" and r[2] == "incident"]
    assert len(views.container_table(of_a, most=1).data["rows"]) == 1


def test_without_observations_and_narrative_something_is_said(of_a, tmp_path):
    assert "Nothing." in views.notes(replace(of_a, observations=())).html()
    incident = replace(of_a.incident, folder=tmp_path)
    bare = replace(of_a, case=replace(of_a.case, evidence=replace(of_a.evidence, incident=incident)))
    assert "No narrative.md" in views.narrative(bare).html()
    (tmp_path / "narrative.md").write_bytes(b"\xff <script>x</script>")
    assert_harmless(views.narrative(bare).html())


def test_a_view_carries_its_data_for_the_report_and_html_for_the_notebook():
    bundle = View("sentence", {"text": "a < b"})._repr_mimebundle_()
    assert bundle[MIME] == {"kind": "sentence", "data": {"text": "a < b"}}
    assert '<p class="lead">a &lt; b</p>' in bundle["text/html"]
    assert bundle["text/plain"] == "a < b"
