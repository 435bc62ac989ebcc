"""One file per hypothesis: signals -> tests -> findings. A file that defines `examine` is found by listing."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from analysis.findings import Finding, Observation
from analysis.hypotheses.case import Case
from analysis.hypotheses.relations import settle

__all__ = ["Examination", "examined", "hypotheses"]

Examination = Callable[[Case], tuple[tuple[Finding, ...], tuple[Observation, ...]]]


def hypotheses() -> dict[str, Examination]:
    """Return name -> examine of every hypothesis, sorted by name.

    Examples
    --------
    >>> "cpu_throttling" in hypotheses()
    True
    """
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    found = {m.__name__.rpartition(".")[2]: m.examine for m in modules if hasattr(m, "examine")}
    return dict(sorted(found.items()))


def examined(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Run every hypothesis on a case; return the findings ranked and set in relation, and what was seen besides.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examined(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> {f.rank for f in findings}
    {None}
    """
    findings: list[Finding] = []
    seen: list[Observation] = []
    for run in hypotheses().values():
        some, more = run(case)
        findings += some
        seen += more
    settled, notes = settle(findings)
    return settled, (*seen, *notes)
