"""The notebooks run by plain papermill and in a real JupyterLab, and show the same figures."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from tests.conftest import ROOT, A, D

PLOTLY = "application/vnd.plotly.v1+json"


FIGURES = {"overview": 2, "suspects": 1, "throttling": 3, "gc_pauses": 4, "db_load": 1, "calls": 2}
SAYS = {  # in the last cells: what stands above has scrolled away
    "overview": "Scrapes of 7 targets",
    "gc_pauses": "Lives of the JVM",
    "db_load": "Statements by the change",
    "calls": "got worse together",
}


def test_every_notebook_is_run():
    assert set(FIGURES) == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_plain_papermill(name, tmp_path):
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", f"notebooks/{name}.ipynb", str(out), "-p", "incident", str(A)]
    command.append("--no-progress-bar")
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Unable to parse" not in run.stderr
    book = nbformat.read(out, as_version=4)
    figures = [o for c in book.cells for o in c.get("outputs", []) if PLOTLY in o.get("data", {})]
    assert len(figures) == FIGURES[name]
    shown = [o for c in book.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})]
    assert shown


def test_papermill_takes_other_windows(tmp_path):
    out = tmp_path / "out.ipynb"
    command = [
        sys.executable, "-m", "papermill", "notebooks/overview.ipynb", str(out), "-p", "incident", str(D),
        "-p", "start", "2026-11-22T18:32:10Z", "-p", "end", "2026-11-22T18:33:20Z", "--no-progress-bar",
    ]  # fmt: skip
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "0 of 1,120 requests" in out.read_text(encoding="utf-8")


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    port, home = _free_port(), tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "root" / "notebooks")  # JupyterLab saves what it ran
    (home / "root" / "data").symlink_to(ROOT / "data")
    places = {"JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home / "data"), "IPYTHONDIR": str(home)}
    environment = {**os.environ, **places}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
        f"--ServerApp.root_dir={home / 'root'}", "--IdentityProvider.token=secret",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None", f"--LabApp.workspaces_dir={home}", f"--LabApp.user_settings_dir={home}",
    ]  # fmt: skip
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token=secret", timeout=2)
                    break
                except OSError:
                    time.sleep(0.5)
            else:
                pytest.fail("JupyterLab did not start: " + (home / "log").read_text()[-2000:])
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_in_a_real_jupyterlab(lab, chromium, name):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = p.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1400, "height": 1200})
        page.goto(f"{lab}/lab/workspaces/{name}/tree/notebooks/{name}.ipynb?token=secret&reset", timeout=60_000)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
        page.wait_for_selector("text=/Python 3.*Idle/", timeout=60_000, state="attached")
        page.click("text=Run")
        page.click("text=/^Run All Cells$/")
        page.wait_for_selector(".jp-Notebook .js-plotly-plot .main-svg", timeout=90_000, state="attached")
        page.wait_for_function(
            "() => document.querySelectorAll('.jp-Notebook .jp-OutputArea-output').length >= 4", timeout=60_000
        )
        assert (
            page.locator(".jp-Notebook .jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        )
        said = "text => document.querySelector('.jp-Notebook').innerText.includes(text)"
        page.wait_for_function(said, arg=SAYS.get(name, "istio-proxy"), timeout=60_000)
        browser.close()
