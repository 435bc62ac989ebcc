"""One file per hypothesis: signals -> tests -> findings. A file that defines `examine` is found by listing."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from analysis.findings import Finding, Observation
from analysis.hypotheses.case import Case

__all__ = ["Examination", "hypotheses"]

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
