"""The clocks of request log and Prometheus: the counters of the service's requests beside the log, and what to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from analysis.findings import Observation, Value, number, sentence, value
from analysis.hypotheses.case import Case
from analysis.signals.clocks import ClockOffset, clock_offset, steps_of
from analysis.signals.traffic import arrival_times

__all__ = ["clock_observation", "request_counters"]

COMPLETED: tuple[tuple[str, dict[str, str]], ...] = (
    ("http_server_requests_seconds_count", {}),
    ("istio_requests_total", {"reporter": "destination"}),
)
ARRIVED = ("haproxy_frontend_http_requests_total", "envoy_http_downstream_rq_total")  # one series a listener
SAME = 1.25  # counter and log may differ by such a factor and still count the same requests
ORDER_SECONDS = 1.0  # clocks that surely differ by more than this spoil an order
DRAIN_US = 10_000_000  # responses that were held may arrive this long after an episode

Counters = tuple[np.ndarray, ...]


def clock_observation(case: Case) -> Observation | None:
    """Return what request log and Prometheus say about each other's clocks; nothing is corrected by it.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    Observation or None
        `clock_offset`: the offset with its interval, or why it cannot be estimated; None without requests or samples.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> seen = clock_observation(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> seen.name
    'clock_offset'
    """
    requests = case.symptom.requests
    if case.incident.spec.symptom.source != "requests" or not len(requests) or not len(case.evidence.samples.times):
        return None
    metric, by_start, counters = request_counters(case)
    if not counters:
        reason = "no counter of the same requests was recorded"
        nan = float("nan")
        return _said(ClockOffset(nan, nan, nan, nan, nan, 0, reason), metric)
    done = arrival_times(requests) if by_start else pd.DatetimeIndex(requests.index).as_unit("us").asi8
    held = [
        [min([e.window.start_us, *case.bad_durations(e)[0].tolist()]), e.window.end_us + DRAIN_US]
        for e in case.symptom.episodes
    ]
    return _said(clock_offset(done, counters, leave_out=np.array(held, "f8").reshape(-1, 2)), metric)


def _said(found: ClockOffset, metric: str) -> Observation:
    low, high = (found.low, found.high) if found.seconds >= 0 else (-found.high, -found.low)
    values = {
        "offset_seconds": value(abs(found.seconds), "seconds"),
        "offset_low_seconds": Value(low, "seconds", number(round(low, 1))),
        "offset_high_seconds": Value(high, "seconds", f"{number(round(high, 1))} s"),
        "correlation": value(found.correlation, "rho"),
        "steps": value(found.n, "count"),
        "metric": Value(metric, "name", metric),
        "reason": Value(found.reason, "name", found.reason),
    }
    if not np.isfinite(found.seconds):
        text = "Whether the clocks of the request log and of Prometheus agree cannot be estimated: {reason}."
        return Observation("clock_offset", sentence(text, values), values)
    if found.low <= 0 <= found.high:
        text = (
            "The clocks of the request log and of Prometheus agree to within what can be told: {offset_seconds} apart "
            "[{offset_low_seconds} to {offset_high_seconds}], by {metric} in {steps} steps outside the bad intervals."
        )
        return Observation("clock_offset", sentence(text, values), values)
    way = "ahead of" if found.seconds >= 0 else "behind"
    text = (
        "The clock of the request log runs {offset_seconds} " + way + " that of Prometheus [{offset_low_seconds} to "
        "{offset_high_seconds}], by {metric} in {steps} steps outside the bad intervals; nothing was corrected."
    )
    if low > ORDER_SECONDS:
        text += " What lies closer together than that in the two has no order."
    return Observation("clock_offset", sentence(text, values), values)


def request_counters(case: Case) -> tuple[str, bool, Counters]:
    """Return the counter that saw the logged requests: metric, whether it counts their start, steps of each process.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    (str, bool, tuple of ndarray)
        Of the pods of the service. The first of the known metrics whose increase fits the number of logged requests;
        no process if none does: a counter of other requests too says nothing about this log's clock.
    """
    asked = len(case.symptom.requests)
    for metric, wanted in COMPLETED:
        groups: dict[tuple[str, ...], list[Any]] = defaultdict(list)
        for series in _mine(case, case.evidence.samples.named(metric, **wanted)):
            groups[_process(series)].append(series)
        steps = tuple(_joined(groups[key]) for key in sorted(groups))
        if _fits(steps, asked):
            return metric, False, steps
    for metric in ARRIVED:
        listeners: dict[tuple[str, ...], list[Any]] = defaultdict(list)
        for series in _mine(case, case.evidence.samples.named(metric)):
            listeners[_listener(series)].append(series)
        found = [tuple(_joined([s]) for s in listeners[key]) for key in sorted(listeners)]
        fitting = [steps for steps in found if _fits(steps, asked)]
        if fitting:
            return metric, True, min(fitting, key=lambda steps: abs(_total(steps) - asked))
    return "", False, ()


def _mine(case: Case, found: Iterable[Any]) -> list[Any]:
    """Return the series of the service's pods; of all, where no pod is named."""
    service = case.incident.spec.service
    return [
        s
        for s in found
        if not s.labels.get("pod")
        or (s.labels.get("namespace", ""), case.workload(s.labels.get("namespace", ""), s.labels["pod"]))
        == (service.namespace, service.workload)
    ]


def _process(series: Any) -> tuple[str, ...]:
    return tuple(series.labels.get(key, "") for key in ("namespace", "pod", "instance", "job"))


def _listener(series: Any) -> tuple[str, ...]:
    """Return what a counter is of, whatever the process: its labels without those of the target."""
    target = ("__name__", "namespace", "pod", "instance", "job", "container")
    return tuple(f"{key}={text}" for key, text in sorted(series.labels.items()) if key not in target)


def _joined(group: list[Any]) -> np.ndarray:
    """Return the steps of the sum of a process's series; a series counts from 0 before its first sample."""
    times = np.unique(np.concatenate([s.times for s in group]))
    total = np.zeros(len(times))
    for series in group:
        place = np.clip(np.searchsorted(series.times, times), 0, len(series.times) - 1)
        here = np.where(series.times[place] == times, series.values[place], np.nan)
        total += np.where(times < series.times[0], 0.0, here)
    return steps_of(times, total)


def _total(steps: Counters) -> float:
    return float(sum(s[:, 2].sum() for s in steps))


def _fits(steps: Counters, asked: int) -> bool:
    return bool(steps) and asked / SAME <= _total(steps) <= asked * SAME
