"""Kernels that are forks: each empty and by itself, like the ordinary ones, and none outlives its run."""

import json
import os
import signal
import sys
import time

import nbformat
import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager

from analysis.report import kernels as kernels_module
from analysis.report.execute import execute
from analysis.report.kernels import Host, warm_kernels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forks on Linux only")

LOOK = "import json, os, sys; print(json.dumps([os.getpid(), os.getppid(), os.getcwd(), os.environ.get('LOOK')]))"
STATE = "print('seen' in globals(), sorted(p for p in sys.path if p.endswith('report')), sys.argv[1:2]); seen = 1"


@pytest.fixture
def book(tmp_path):
    def write(*cells):
        found = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        path = tmp_path / f"book-{len(list(tmp_path.iterdir()))}.ipynb"
        nbformat.write(found, path)
        return path

    return write


def said(section):
    return [o["text"] for c in section.notebook.cells for o in c.get("outputs", []) if o.get("name") == "stdout"]


def run(path, managers):
    return execute(path, path.with_name("out-" + path.name), {}, managers)


def test_kernels_are_forks_of_one_process_and_know_nothing_of_each_other(book, tmp_path, monkeypatch):
    path = book(LOOK, STATE)
    with warm_kernels() as managers:
        monkeypatch.setenv("LOOK", "one")  # set after the process began: a kernel has the environment of its start
        first = run(path, managers)
        monkeypatch.setenv("LOOK", "two")
        second = run(path, managers)
    plain = run(path, AsyncKernelManager)
    looks = [json.loads(said(s)[0]) for s in (first, second, plain)]
    assert [s.status for s in (first, second, plain)] == ["ok"] * 3
    assert looks[0][1] == looks[1][1] != os.getpid() == looks[2][1]
    assert looks[0][0] != looks[1][0]
    assert [look[2] for look in looks] == [str(tmp_path)] * 3
    assert [look[3] for look in looks] == ["one", "two", "two"]
    assert [said(s)[1] for s in (first, second)] == [said(plain)[1]] * 2 == ["False [] ['-f']\n"] * 2
    assert not any(psutil.pid_exists(look[0]) or psutil.pid_exists(look[1]) for look in looks[:2])


def test_a_kernel_that_dies_costs_its_own_section_only(book):
    with warm_kernels() as managers:
        dead = run(book("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), managers)
        alive = run(book("print('alive')"), managers)
    assert (dead.status, "DeadKernel" in dead.reason) == ("failed", True)
    assert said(alive) == ["alive\n"]


def test_a_cell_that_takes_too_long_is_interrupted(book, monkeypatch):
    monkeypatch.setattr("analysis.report.execute.CELL_SECONDS", 1)
    with warm_kernels() as managers:
        slow = run(book("import time; time.sleep(60)"), managers)
    assert (slow.status, "Timeout" in slow.reason) == ("failed", True)


def test_without_the_process_kernels_start_as_always(book, tmp_path, monkeypatch):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)\n", encoding="utf-8")
    monkeypatch.setattr(kernels_module, "SCRIPT", broken)
    with warm_kernels() as managers:
        assert said(run(book("print('here')"), managers)) == ["here\n"]
    monkeypatch.setattr(sys, "platform", "darwin")
    with warm_kernels() as managers:
        assert managers is AsyncKernelManager


def test_the_process_ends_with_who_asked_and_takes_its_kernels_along(tmp_path):
    host = Host()
    pid = host.ask(start=["-f", str(tmp_path / "connection.json")], cwd=str(tmp_path), env=dict(os.environ))
    assert host.ask(poll=pid) is None
    host.close()
    assert host.process.returncode == 0
    assert not psutil.pid_exists(pid)
    with pytest.raises((OSError, ValueError)):
        host.ask(poll=pid)


def test_kernels_end_when_the_process_is_killed(tmp_path):
    host = Host()
    try:
        pid = host.ask(start=["-f", str(tmp_path / "connection.json")], cwd=str(tmp_path), env=dict(os.environ))
        time.sleep(2.0)  # until the kernel watches its parent
        os.kill(host.process.pid, signal.SIGKILL)
        for _ in range(50):
            if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                break
            time.sleep(0.1)
        else:
            pytest.fail("the kernel is still there")
    finally:
        host.close()
