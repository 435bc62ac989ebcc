"""Threads that took long to stop: the time to reach a safepoint, which no pause shows."""

from __future__ import annotations

from analysis.findings import value
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, diagnosis, plain_word, share, word
from analysis.hypotheses.gc.diagnoses.parts import span_seconds
from analysis.sources.gclog.frames import GcLog

__all__ = ["slow_safepoints"]

LONG_SECONDS = 0.1  # to reach one; and longer than the work in it
MOST_RATIO = 0.01  # of all time spent on reaching them


def slow_safepoints(log: GcLog) -> Diagnosis | None:
    """Return the safepoints that took longer to reach than what was done in them; None where none was long.

    Parameters
    ----------
    log : GcLog
        Of one JVM, with safepoints.

    Notes
    -----
    Long is a tenth of a second for one; for all together that, a hundredth of all time, and half of the time stopped.

    Examples
    --------
    >>> slow_safepoints(GcLog()) is None
    True
    """
    reached = log.safepoints[log.safepoints["reaching_seconds"].notna()]
    reaching, total = reached["reaching_seconds"], float(reached["total_seconds"].sum())
    more = reaching > reached["total_seconds"] - reaching
    slow = reached[more & (reaching >= LONG_SECONDS)]
    spent = float(reaching.sum())
    often = spent >= LONG_SECONDS and spent > MOST_RATIO * span_seconds(log) > 0 and spent > total / 2
    if not len(slow) and not often:
        return None
    worst = reached.iloc[[int(reaching.to_numpy(dtype="f8").argmax())]]
    values = {
        "n": counted(len(reached), "safepoint"),
        "slow": value(len(slow), "count"),
        "long_seconds": value(LONG_SECONDS, "seconds"),
        "reaching_seconds": value(spent, "seconds"),
        "reaching_ratio": share(spent, total),
        "max_seconds": value(float(reaching.max()), "seconds"),
        "at_seconds": value(float(worst["total_seconds"].iloc[0] - reaching.max()), "seconds"),
        "operation": word(plain_word(str(worst["operation"].iloc[0])) or "unknown"),
    }
    template = (
        "Threads took {reaching_seconds} to reach {n}, {reaching_ratio} of the time in them; {slow} took more than "
        "{long_seconds} and longer than the work done there. The slowest took {max_seconds} to reach for {at_seconds} "
        "of work (operation {operation}), {first}. Loops without a check, page faults, swapping and a lack of CPU keep "
        "threads from stopping; the log does not tell which. Pauses do not include this time."
    )
    return diagnosis("slow_safepoints", template, values, log, worst)
