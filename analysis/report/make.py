"""One run: analyse once, execute the notebooks, render, and publish in one step under a lock."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from analysis.investigation import RUN_VARIABLE, Investigation, investigate
from analysis.lock import held
from analysis.report.document import document, to_json
from analysis.report.execute import Section, execute, notebooks
from analysis.report.kernels import warm_kernels
from analysis.report.light import nbformat
from analysis.report.render import render
from analysis.store import replace_atomically

__all__ = ["Report", "make_report"]

BUSY = "wait for it, or choose another folder with --output"
WORK = ".run-"


@dataclass(frozen=True)
class Report:
    """A published report: where it is, what was found, and how the sections went."""

    folder: Path
    result: Investigation
    sections: tuple[Section, ...]
    status: str


def make_report(
    folder: str | Path,
    *,
    times: dict[str, str | None] | None = None,
    only: tuple[str, ...] = (),
    output: Path | None = None,
    jobs: int = 1,
    progress: Callable[[str], object] = lambda _: None,
) -> Report:
    """Make report.html, report.json and the executed notebooks of an incident.

    Parameters
    ----------
    folder : str or Path
        The incident folder.
    times : dict, optional
        start, end, baseline_start, baseline_end: ISO-8601 with an offset; replace those of the spec.
    only : tuple of str
        Notebooks to run; empty: all.
    output : Path, optional
        Where to publish; by default the folder `report` of the incident.
    jobs : int
        Notebooks at a time.
    progress : callable
        Called with a line before each step.

    Returns
    -------
    Report
        status "complete" or "partial".

    Raises
    ------
    SpecError, EvidenceError, NoDataError
        Before anything is written; the last report stays.
    BusyError
        If another run holds the folder.
    """
    times = times or {}
    chosen = notebooks(only)
    folder = Path(folder).resolve()  # the kernels run elsewhere
    target = output or folder / "report"
    with warm_kernels() as managers:  # they get ready while the evidence is read
        progress("reading the evidence")
        result = investigate(folder, **times)
        with held(target, doing="making this report", next=BUSY), _workplace(target) as work:
            result.save(work)
            run = partial(execute, parameters={"incident": str(folder), **times}, managers=managers)
            sections = _execute_all(chosen, work, run, jobs, progress)
            progress("rendering")
            found = document(result, sections)
            html, data = render(result, sections), to_json(found)
            _publish(target, sections, html, data)
    return Report(target, result, sections, found["status"])


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """Give a folder for the run inside the target; what a killed run left there is removed."""
    for left in target.glob(f"{WORK}*"):
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=WORK, dir=target)).resolve()
    before = os.environ.get(RUN_VARIABLE)
    os.environ[RUN_VARIABLE] = str(work)
    try:
        yield work
    finally:
        if before is None:
            os.environ.pop(RUN_VARIABLE, None)
        else:
            os.environ[RUN_VARIABLE] = before
        shutil.rmtree(work, ignore_errors=True)


def _execute_all(
    chosen: list[Path],
    work: Path,
    run: Callable[[Path, Path], Section],
    jobs: int,
    progress: Callable[[str], object],
) -> tuple[Section, ...]:
    def one(path: Path) -> Section:
        progress(f"notebook {path.stem}")
        return run(path, work / path.name)

    if jobs > 1:
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            return tuple(pool.map(one, chosen))
    return tuple(one(path) for path in chosen)


def _publish(target: Path, sections: tuple[Section, ...], html: str, data: str) -> None:
    """Put the files in their places, each in one step, the page last."""
    (target / "notebooks").mkdir(exist_ok=True)
    for old in (target / "notebooks").glob("*.ipynb"):
        if old.stem not in {s.name for s in sections}:
            old.unlink()  # of an earlier run: not what this page shows
    for section in sections:
        text = nbformat.writes(section.notebook) + "\n"
        write = partial(Path.write_text, data=text, encoding="utf-8")
        replace_atomically(target / "notebooks" / f"{section.name}.ipynb", write)
    replace_atomically(target / "report.json", lambda p: p.write_text(data, encoding="utf-8"))
    replace_atomically(target / "report.html", lambda p: p.write_text(html, encoding="utf-8"))
