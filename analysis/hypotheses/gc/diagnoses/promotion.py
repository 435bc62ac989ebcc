"""Objects that were moved to the old generation and freed by its very next collection."""

from __future__ import annotations

from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, diagnosis, share, size
from analysis.signals.gc_promotion import Premature
from analysis.signals.gc_promotion import premature_promotion as promoted_and_freed
from analysis.sources.gclog.frames import GcLog

__all__ = ["premature_promotion"]

LEAST_YOUNG = 20
LEAST_OLD = 3
TOLD_RATIO = 0.8  # of the young collections; what others promoted is not known, and would be missing
PROMOTED_RATIO = 0.1  # of what young collections found in the young generation
FREED_RATIO = 0.5  # of what was promoted


def premature_promotion(log: GcLog) -> Diagnosis | None:
    """Return that much was promoted, and how much of it the next collection of the old generation could free.

    Parameters
    ----------
    log : GcLog
        Of one JVM, with sizes of its generations.

    Notes
    -----
    Named from twenty young collections and three of the old generation on, where at least a tenth of what the young
    ones found was promoted, and the next of the old freed up to half of that or more.

    Examples
    --------
    >>> premature_promotion(GcLog()) is None
    True
    """
    outer = log.pauses[~log.pauses["nested"].to_numpy(dtype=bool)]
    all_young = outer[outer["kind"].str.startswith("young")]
    young = all_young[all_young["promoted_bytes"].notna()]
    if len(young) < max(LEAST_YOUNG, TOLD_RATIO * len(all_young)):
        return None
    told = [promoted_and_freed(outer[outer["life"] == life]) for life in sorted(set(outer["life"]))]
    found = Premature(*(sum(parts) for parts in zip(*told, strict=True)))
    met = float(young["young_before_bytes"].sum())
    enough = found.collections >= LEAST_OLD and found.promoted_bytes >= PROMOTED_RATIO * met > 0
    if not enough or found.freed_bytes < FREED_RATIO * found.promoted_bytes:
        return None
    values = {
        "young": counted(len(young), "young collection"),
        "old": counted(found.collections, "collection"),
        "promoted_bytes": size(found.promoted_bytes),
        "promoted_ratio": share(float(young["promoted_bytes"].clip(lower=0).sum()), met),
        "freed_bytes": size(found.freed_bytes),
        "freed_ratio": share(found.freed_bytes, found.promoted_bytes),
    }
    template = (
        "{young} moved {promoted_ratio} of what they found to the old generation, {promoted_bytes} before {old} of it, "
        "which freed up to {freed_bytes} of that ({freed_ratio}): much was kept only for a while; first {first}."
    )
    if failed := int((~young["evacuation_failure"].isin(["", "pinned"])).sum()):
        values["failed"] = counted(failed, "of them failed", "of them failed")
        template += " {failed} to move everything: what was left where it lay counts as moved."
    else:
        template += " A larger young generation or survivor space gives it time to die before."
    return diagnosis("premature_promotion", template, values, log, young)
