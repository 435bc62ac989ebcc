"""What is said of threads that wait for memory: how long, how many, and that none is known to serve a request."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.correlate.known import mean_of_known
from analysis.findings import Test, Value, sentence, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import Jvm
from analysis.hypotheses.gc.stall_cover import hold_of
from analysis.incident import Window
from analysis.signals.gc_stalls import StallStatistics, stall_statistics

__all__ = ["stall_caveat", "stall_clause", "stall_values", "unclear", "what_of", "which_thread"]

SATURATED = 0.5  # of the baseline; with a stall in more of it, a rise of this share says little


def what_of(pods: tuple[Jvm, ...], window: Window) -> str:
    """Return what of some JVMs can hold requests in a window, in words: stops, and stalls where there are any.

    Examples
    --------
    >>> what_of((), Window("2026-11-22T18:00:00Z", "2026-11-22T18:01:00Z"))
    'stops'
    """
    return "stops and stalls" if any(p.stalls_in(window) for p in pods) else "stops"


def which_thread(magnitude: Test) -> Test:
    """Return an undecided magnitude test with what leaves it open.

    Examples
    --------
    >>> from analysis.findings import undecided
    >>> which_thread(undecided("magnitude", "the interval is too wide")).words[:56]
    'not decidable: which of the threads that waited for memo'
    """
    reason = "which of the threads that waited for memory served a bad request is not known"
    if magnitude.low is not None and magnitude.high is not None:
        low, high = (value(x, "ratio").text for x in (magnitude.low, magnitude.high))
        reason += f": stops and stalls cover between {low} and {high} of the bad requests' excess time"
    return replace(magnitude, reason=reason, words=f"not decidable: {reason}")


def unclear(case: Case, pods: tuple[Jvm, ...]) -> str | None:
    """Return why JVMs with stalls cannot be tested, None if they can.

    Parameters
    ----------
    case : Case
        For the baseline.
    pods : tuple of Jvm
        Those that are suspected.
    """
    if any(p.silent and len(p.stalled) for p in pods):
        return "its GC log holds no pauses, only threads that waited for memory"
    before = max((np.nan_to_num(s.ratio) for s in _statistics(pods, case.incident.baseline)), default=0.0)
    if before > SATURATED:
        return f"a thread waited for memory in {value(before, 'ratio').text} of the baseline too: no rise can be seen"
    return None


def _statistics(pods: tuple[Jvm, ...], window: Window) -> list[StallStatistics]:
    return [stall_statistics(p.log.stalls, window, p.known) for p in pods if len(p.stalled)]


def stall_values(case: Case, pods: tuple[Jvm, ...], window: Window) -> dict[str, Value]:
    """Return the numbers of stalls in an episode and the baseline; empty for JVMs without any.

    Parameters
    ----------
    case : Case
        Requests and baseline.
    pods : tuple of Jvm
        Those that are suspected.
    window : Window
        The stretch to explain.

    Returns
    -------
    dict of str to Value
        Of several JVMs: ratios and threads at a time are means over those that stalled, the rest are sums.
    """
    during, before = _statistics(pods, window), _statistics(pods, case.incident.baseline)
    if not during or not sum(s.n for s in (*during, *before)):
        return {}
    holds = [hold_of(case, window, p) for p in pods if len(p.stalled)]
    expected = [h.expected for h in holds if np.isfinite(h.expected)]
    return {
        "stalled_ratio": value(mean_of_known([s.ratio for s in during]), "ratio"),
        "stalled_baseline_ratio": value(mean_of_known([s.ratio for s in before]), "ratio"),
        "stalled_threads": value(mean_of_known([s.mean_threads for s in during]), "count"),
        "stalls": value(sum(s.n for s in during), "count"),
        "stalled_thread_seconds": value(sum(s.thread_seconds for s in during), "seconds"),
        "stall_max_seconds": value(float(np.fmax.reduce([s.max_seconds for s in during])), "seconds"),
        "stall_full_seconds": value(sum(h.full_seconds for h in holds), "seconds"),
        "stall_completed": value(sum(h.completed for h in holds), "count"),
        "stall_expected": value(round(sum(expected)) if expected else float("nan"), "count"),
    }


def stall_clause(values: dict[str, Value]) -> str:
    """Return what a sentence says of stalls, as a template; "" without any.

    Examples
    --------
    >>> stall_clause({})
    ''
    """
    if "stalled_ratio" not in values:
        return ""
    text = "at least one thread waited for memory in {stalled_ratio} of the bad interval, {stalled_baseline_ratio} of "
    text += "the baseline"
    return text + (", {stalled_threads} at a time on average" if values["stalled_threads"].value else "")


def stall_caveat(values: dict[str, Value]) -> str | None:
    """Return on what it rests that stalls held requests; None where no rate of completions is known.

    Examples
    --------
    >>> stall_caveat({})
    """
    if "stall_expected" not in values or values["stall_expected"].value is None:
        return None
    text = (
        "No log says which thread serves a request. That stalls held them is taken from completions: while at least as "
        "many threads waited as requests were under way ({stall_full_seconds}), {stall_completed} completed, where "
        "{stall_expected} were to be expected by the rest of the bad interval."
    )
    return sentence(text, values)
