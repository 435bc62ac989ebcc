"""On a phone no table makes the page wider than the screen; on paper none is cut."""

from pathlib import Path

import pytest

from analysis import report, views
from analysis.investigation import examine
from tests.conftest import A
from tests.variants import evidence_of
from tests.views.test_captured import SERVER, asked_of, one

WORDS = 'failed to read "http://' + "long-name-of-a-store." * 9 + '": connection refused'


@pytest.fixture(scope="module")
def page_of_views(tmp_path_factory):
    found = examine(evidence_of(A))
    queries = [
        one("pods/a", "partial", reason=WORDS),
        one("gc/" + "very_long_metric_name_" * 6, "failed", reason=WORDS),
    ]
    asked = asked_of(found, *queries, server={**SERVER, "name": "https://" + "prometheus." * 12 + "example/p"})
    built = [views.cards(found), views.details(found), views.ledger_table(found), views.coverage_table(found),
             views.scrape_table(found), views.asked_table(asked)]  # fmt: skip
    static = Path(report.__file__).parent / "static"
    style = "".join((static / name).read_text(encoding="utf-8") for name in ("views.css", "report.css"))
    body = "".join(view.html() for view in built)
    path = tmp_path_factory.mktemp("page") / "page.html"
    head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    path.write_text(f'{head}<style>{style}</style><body class="pm"><main>{body}</main>', encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page_does_not_scroll_sideways(page_of_views, chromium, scheme):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 375, "height": 800}, color_scheme=scheme)
        page.goto(page_of_views.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 720, "height": 1000})  # A4 less its margins
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
        browser.close()
