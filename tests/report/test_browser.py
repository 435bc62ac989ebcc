"""The report in a real browser without a network: every figure drawn as report.json says, light, dark, and printed."""

import json
import math
import shutil

import nbformat
import pytest

from analysis.report import make_report
from tests.conftest import A, D

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking",
]  # fmt: skip
DRAWN = """() => Array.from(document.querySelectorAll('figure')).map(f => {
  const gd = f.querySelector('.plot');
  const many = x => Array.isArray(x) || ArrayBuffer.isView(x);
  const flat = v => v === undefined ? [] : Array.from(v).flatMap(x => many(x) ? flat(x) : [x]);
  return {id: f.id, svg: f.querySelectorAll('svg.main-svg').length, width: gd.clientWidth,
    traces: (gd._fullData || []).map(t => { const y = flat(t.type === 'heatmap' ? t.z : t.y);
      return {name: t.name || '', type: t.type, points: y.length,
              sum: y.filter(v => typeof v === 'number' && isFinite(v)).reduce((a, b) => a + b, 0)}; })};
})"""


@pytest.fixture(scope="module")
def browser(chromium):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        found = p.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        found.close()


def visit(browser, path, scheme="light"):
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    problems = []
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("request", lambda r: problems.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None)
    page.goto(path.resolve().as_uri())
    height = page.evaluate("document.body.scrollHeight")
    for y in range(0, height, 500):
        page.evaluate(f"window.scrollTo(0, {y})")
        page.wait_for_timeout(60)
    page.wait_for_function(
        "() => Array.from(document.querySelectorAll('.plot')).every(d => d._fullData)", timeout=20_000
    )
    return page, problems


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_is_drawn_as_report_json_says(browser, report_of_a, scheme):
    page, problems = visit(browser, report_of_a / "report.html", scheme)
    expected = {f["id"]: f["traces"] for f in json.loads((report_of_a / "report.json").read_text())["figures"]}
    drawn = page.evaluate(DRAWN)
    assert [d["id"] for d in drawn] == list(expected)
    assert len(drawn) >= 4
    for figure in drawn:
        assert figure["svg"] > 0
        assert figure["width"] > 900
        for trace, told in zip(figure["traces"], expected[figure["id"]], strict=True):
            assert (trace["type"], trace["points"]) == (told["type"], told["points"]), figure["id"]
            assert trace["name"] == told["name"] or not told["name"]
            assert math.isclose(trace["sum"], told["sum"], rel_tol=1e-4, abs_tol=1e-6), (figure["id"], trace, told)
    assert problems == []
    page.close()


def test_the_figures_say_what_the_findings_say(browser, report_of_a):
    found = json.loads((report_of_a / "report.json").read_text())
    page, _ = visit(browser, report_of_a / "report.html")
    ratio = page.evaluate(
        """() => { const t = document.querySelector('#overview-1 .plot')._fullData.find(t => t.name === 'istio-proxy');
        return Array.from(t.x).map((x, i) => [x, t.y[i]]); }"""
    )
    start, end = (_ms(found["symptom"]["episodes"][0][k]) for k in ("start", "end"))
    inside = [y for x, y in ratio if start < x <= end and y is not None]
    told = found["findings"][0]["values"]["throttled_ratio"]["value"]
    assert math.isclose(sum(inside) / len(inside), told, abs_tol=0.02)
    deployments = page.evaluate(
        """() => Array.from(document.querySelector('#overview-1 .plot')._fullData
        .find(t => t.name === 'deployments').x)"""
    )
    assert [x for x in deployments if x is not None][::2] == [
        _ms(r["time"]) for r in found["timeline"] if r["kind"] == "deployment"
    ]
    page.close()


def _ms(text):
    import pandas as pd

    return pd.Timestamp(text).value / 1e6


def test_the_first_screen_tells_it(browser, report_of_a):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((report_of_a / "report.html").resolve().as_uri())
    page.wait_for_function("() => document.querySelector('#overview-1 .plot')._fullData", timeout=20_000)
    bottom = page.evaluate("document.querySelector('#overview-1').getBoundingClientRect().bottom")
    assert bottom <= 800
    visible = page.evaluate("document.querySelector('#overview').innerText").lower()
    for word in ("supported · rank 1", "refuted", "istio-proxy", "1,159", "85.9 %"):
        assert word in visible
    page.close()


def test_all_time_axes_are_aligned_to_the_pixel_and_zoom_together(browser, report_of_a):
    page, _ = visit(browser, report_of_a / "report.html")
    offsets = page.evaluate(
        """() => ['overview-1', 'throttling-1'].map(id => {
        const a = document.querySelector('#' + id + ' .plot')._fullLayout.xaxis;
        return [a._offset, a._length]; })"""
    )
    assert offsets[0] == offsets[1]
    page.evaluate(
        """() => Plotly.relayout(document.querySelector('#overview-1 .plot'),
        {'xaxis.range[0]': 1795370600000, 'xaxis.range[1]': 1795370900000})"""
    )
    page.wait_for_function(
        "() => { const r = document.querySelector('#throttling-1 .plot')._fullLayout.xaxis.range; "
        "return new Date(r[0] + 'Z').getTime() === 1795370600000 || r[0] === 1795370600000; }",
        timeout=10_000,
    )
    page.close()


def test_printing_draws_everything(browser, report_of_a, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((report_of_a / "report.html").resolve().as_uri())
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    drawn = page.evaluate("Array.from(document.querySelectorAll('.plot')).every(d => d._fullData)")
    assert drawn
    page.emulate_media(color_scheme="dark")
    ink = page.evaluate(
        """() => { window.dispatchEvent(new Event('beforeprint'));
        return Array.from(document.querySelectorAll('.plot')).map(d => d.layout.font.color); }"""
    )
    assert set(ink) == {"#000000"}  # black on white, whatever the screen
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
    page.close()


HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"\'{{7*7}}&\u2028</script>'


def test_hostile_names_stay_text_on_every_path(browser, tmp_path):
    from tests.variants import evidence_of, relabel

    folder = tmp_path / "incident"
    shutil.copytree(A, folder, ignore=shutil.ignore_patterns("report"))
    spec = (folder / "incident.yaml").read_text(encoding="utf-8")
    title = json.dumps(f"title {HOSTILE}")
    spec = spec.replace("title: All outbound calls of payment-api fail together", f"title: {title}")
    spec = spec.replace("what: istio-proxy CPU limit", f"what: {title}")
    (folder / "incident.yaml").write_text(spec, encoding="utf-8")
    (folder / "narrative.md").write_text(
        f"## Summary {{#summary}}\n\n{HOSTILE} [x](javascript:window.hacked=1) ![i](http://evil.example/x.png)\n",
        encoding="utf-8",
    )
    swap = {"istio-proxy": f"proxy{HOSTILE}", "redis": f"redis{HOSTILE}", "redis-0": f"redis{HOSTILE}-0"}
    swap |= {"app": "x" * 5000, "postgres": "$x^2$ \u202ewen"}

    def change(labels):
        return {k: swap.get(v, v) if k != "__name__" else v for k, v in labels.items()}

    _replace_samples(folder, relabel(evidence_of(A).samples, change))
    made = make_report(folder)
    assert made.result.findings[0].entity.container.startswith("proxy<img")
    page, problems = visit(browser, folder / "report" / "report.html")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('img, .pm script:not([type]) ~ img').length") == 0
    for link in page.query_selector_all("a"):
        assert (link.get_attribute("href") or "").startswith("#")
    assert "<img src=x" in page.evaluate("document.querySelector('#overview').innerText")
    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.close()


def _replace_samples(folder, table):
    """Write other samples into raw/ and say so in the manifest, as a capture of them would."""
    from dataclasses import replace

    from analysis.sources.prometheus import write_samples
    from analysis.store import digest, read_manifest, write_manifest

    raw = folder / "raw"
    write_samples(table, raw / "series.parquet", raw / "samples.parquet")
    manifest = read_manifest(raw)
    entries = tuple(
        replace(e, sha256=digest(raw / e.path), bytes=(raw / e.path).stat().st_size) for e in manifest.entries
    )
    write_manifest(raw, replace(manifest, entries=entries))


def test_a_report_without_an_incident_draws_too(browser, tmp_path):
    make_report(D, output=tmp_path)
    page, problems = visit(browser, tmp_path / "report.html")
    assert "no incident" in page.evaluate("document.querySelector('h1').innerText")
    assert problems == []
    page.close()


def test_an_authors_own_table_is_shown_as_text(browser, tmp_path, monkeypatch):
    from analysis.report import execute as execute_module

    folder = tmp_path / "notebooks"
    folder.mkdir()
    book = nbformat.v4.new_notebook()
    parameters = f"incident = {str(D)!r}\nstart = end = baseline_start = baseline_end = None"
    table = "import pandas as pd\npd.DataFrame({'<b>x</b>': ['<script>window.hacked=1</script>']})"
    book.cells = [
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(table),
    ]
    nbformat.write(book, folder / "mine.ipynb")
    monkeypatch.setattr(execute_module, "notebook_folder", lambda: folder)
    make_report(D, output=tmp_path / "out")
    page, problems = visit(browser, tmp_path / "out" / "report.html")
    assert page.evaluate("window.hacked") is None
    assert "<script>" in page.evaluate("document.querySelector('#mine pre').innerText")
    assert problems == []
    page.close()
