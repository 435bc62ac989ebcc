"""A process that imported once what every notebook imports, and becomes a kernel by forking; run as a script.

A kernel of its own costs 2 CPU seconds before its first line (Python, IPython, pandas, plotly: measured); a fork of
this process costs a tenth. Nothing of an incident is read here: a fork is as empty as a fresh kernel. Requests are
lines of JSON on a socket, each answered by one: `{"start": arguments, "cwd": ..., "env": ...}` by the pid of a kernel,
`{"poll": pid}` by its exit code or null. The end of the stream ends this process and its kernels.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

__all__ = ["become", "preload", "serve"]

KERNEL = ("ipykernel.kernelapp", "ipykernel.zmqshell", "ipykernel.debugger", "tornado.platform.asyncio")
OURS = ("analysis.suspects.wide", "scipy.special")
PACKAGES = ("analysis.figures", "analysis.hypotheses", "analysis.views")


def preload() -> None:
    """Import what the kernels will; nothing here starts a thread of Python's."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported: kernels end with us
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else the debugger, which nobody uses here, warns on stderr
    for name in (*KERNEL, *OURS):
        importlib.import_module(name)
    for package in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            importlib.import_module(f"{package}.{module.name}")
    gc.collect()
    gc.freeze()  # the forks share these pages: their collector has no business there


def serve(link: socket.socket) -> dict[str, Any] | None:
    """Answer requests until the stream ends: None. In a new kernel: what it was asked to become.

    Parameters
    ----------
    link : socket
        To who asks; closed afterwards, in a kernel too.
    """
    kernels: set[int] = set()
    with link, link.makefile("rw", encoding="utf-8") as stream:
        while line := stream.readline():
            asked: dict[str, Any] = json.loads(line)
            if "start" in asked:
                answer: int | None = _fork()
                if not answer:
                    return asked
                kernels.add(answer)
            else:
                answer = _poll(asked["poll"], kernels)
            stream.write(json.dumps(answer) + "\n")
            stream.flush()
    for pid in sorted(kernels):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return None


def become(asked: dict[str, Any]) -> None:
    """Be the kernel that was asked for, as `python -m ipykernel_launcher` would, until it is shut down.

    Parameters
    ----------
    asked : dict
        A request as `serve` returns it.
    """
    from ipykernel import kernelapp

    os.setsid()
    os.chdir(asked["cwd"])
    parent = os.environ["JPY_PARENT_PID"]
    os.environ.clear()
    os.environ.update({**asked["env"], "JPY_PARENT_PID": parent})
    sys.argv = ["ipykernel_launcher", *asked["start"]]
    kernelapp.launch_new_instance()


def _fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 warns of the threads of OpenBLAS and jemalloc, which look after themselves in a fork
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _poll(pid: int, kernels: set[int]) -> int | None:
    """Return the exit code of a kernel, negative for a signal; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    kernels.discard(pid)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    if sys.path[0] == str(Path(__file__).resolve().parent):
        del sys.path[0]  # this folder: a kernel has no business there
    preload()
    found = serve(socket.socket(fileno=int(sys.argv[1])))
    if found is not None:
        become(found)
