"""What the JVM chose by itself from the CPUs and the memory that its container shows."""

from __future__ import annotations

from pathlib import PurePath

import pandas as pd

from analysis.findings import sentence
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, plain_word, size, word
from analysis.sources.gclog.frames import GcLog

__all__ = ["serial_by_limits"]

LEAST_CPUS = 2
ALWAYS_G1 = 27  # JDK from which on a small machine gets G1 too
LEAST_BYTES = 1792 * 2**20  # 2 GB less what a machine may keep for itself (HotSpot: os::is_server_class_machine)


def serial_by_limits(log: GcLog) -> Diagnosis | None:
    """Return that a JVM runs the Serial collector on a machine on which HotSpot takes it unasked; else None.

    Parameters
    ----------
    log : GcLog
        Of one JVM: `lives` with collector, cpus, memory_bytes and flags.

    Notes
    -----
    HotSpot takes Serial below two CPUs or 1792 MiB (`os::is_server_class_machine`), until JDK 27 takes G1 everywhere
    (JEP 523). A log whose flags ask for a collector is none; most logs do not tell flags.

    Examples
    --------
    >>> serial_by_limits(GcLog()) is None
    True
    """
    lives = log.lives
    few = (lives["cpus"] < LEAST_CPUS) | (lives["memory_bytes"] < LEAST_BYTES)
    asked = lives["flags"].fillna("").str.contains(r"Use\w+GC", regex=True) | (_release(lives) >= ALWAYS_G1)
    found = lives[(lives["collector"] == "Serial") & few & ~asked]
    if not len(found):
        return None
    row = found.iloc[0]
    place = f"{plain_word(PurePath(str(row['file'])).name)}, line {int(row['line']):,}"
    values = {
        "cpus": counted(row["cpus"], "CPU") if row["cpus"] == row["cpus"] else word("an unknown number of CPUs"),
        "memory_bytes": size(row["memory_bytes"]),
        "least_cpus": counted(LEAST_CPUS, "CPU"),
        "least_bytes": size(LEAST_BYTES),
        "first": word(place),
    }
    template = (
        "The JVM runs the Serial collector, one thread for all work, and sees {cpus} and {memory_bytes} of memory: "
        "below {least_cpus} or {least_bytes} HotSpot takes it unless a flag asks for another. If no flag asked for "
        "it, the limits of the container did ({first})."
    )
    told = sentence(template, values)
    return Diagnosis("serial_by_limits", told, values, str(row["file"]), int(row["line"]))


def _release(lives: pd.DataFrame) -> pd.Series:
    """Return the feature release of each JVM, 0 where it is not known; of "1.8.0_504" it is 1."""
    return pd.to_numeric(lives["version"].fillna("").str.extract(r"^(\d+)")[0]).fillna(0)
