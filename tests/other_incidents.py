"""Other incidents, made of the recordings: two in one window, a slow server, work instead of locks, no rollout."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.collect import Evidence
from analysis.incident import Window
from analysis.sources.prometheus import SampleTable, merge
from tests.variants import CFS, add, drop_series, shift, with_samples

TIMED = ("sessions", "statements", "deployments", "events", "requests")


def later(frame: pd.DataFrame, by: pd.Timedelta) -> pd.DataFrame:
    """Return a frame with its index and every column of times moved."""
    moved = frame.copy()
    if isinstance(frame.index, pd.DatetimeIndex):
        moved.index = (frame.index + by).rename(frame.index.name)
    for column in frame.columns:
        if isinstance(frame[column].dtype, pd.DatetimeTZDtype):
            moved[column] = (frame[column] + by).array
    return moved


def later_logs(evidence: Evidence, by: pd.Timedelta):
    """Return the GC logs moved in time."""
    parts = ("pauses", "safepoints", "lives")
    return tuple(
        replace(g, log=replace(g.log, **{p: later(getattr(g.log, p), by) for p in parts})) for g in evidence.gc_logs
    )


def at_another_time(evidence: Evidence, seconds: float) -> Evidence:
    """Return the evidence with everything but the requests moved."""
    by = pd.Timedelta(seconds=seconds)
    frames = {name: later(getattr(evidence, name), by) for name in TIMED if name != "requests"}
    return replace(with_samples(evidence, shift(evidence.samples, seconds)), gc_logs=later_logs(evidence, by), **frames)


def joined(first: Evidence, second: Evidence, gap_seconds: float = 10.0) -> Evidence:
    """Return one recording in which the second follows the first: counters begin again, as after a restart."""
    begins = min(second.samples.times.min(), second.requests.index[0].value // 1000)
    ends = max(first.samples.times.max(), first.requests.index[-1].value // 1000)
    by = pd.Timedelta(microseconds=int(ends - begins + gap_seconds * 1e6))
    moved = {name: later(getattr(second, name), by) for name in TIMED}
    frames = {name: pd.concat([getattr(first, name), moved[name]]).sort_index(kind="stable") for name in TIMED}
    window = Window(first.incident.window.start, second.incident.window.end + by)
    return replace(
        first,
        samples=merge(first.samples, shift(second.samples, by.total_seconds())),
        gc_logs=(*first.gc_logs, *later_logs(second, by)),
        incident=replace(first.incident, window=window),
        **frames,
    )


def without_rollouts(evidence: Evidence) -> Evidence:
    """Return the evidence with no rollout and no push, though both were recorded."""
    table = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith("pilot_"))
    clocks = ("pilot_proxy_convergence_time_sum", "pilot_proxy_convergence_time_count")
    still = [(s.labels, s.times, np.zeros_like(s.values)) for name in clocks for s in evidence.samples.named(name)]
    kept = evidence.deployments
    before = kept[kept.index < evidence.incident.baseline.start]
    return replace(with_samples(evidence, add(table, still)), deployments=before)


def working_instead_of_waiting(evidence: Evidence) -> Evidence:
    """Return the evidence with every wait for a lock as work on CPU, and who blocked as who works."""
    s = evidence.sessions.copy()
    waits = (s["wait_type"] == "Lock").to_numpy()
    blockers = set(" ".join(s["blocked_by"][waits]).split())
    roots = s["pid"].astype(str).isin(blockers).to_numpy() & (s["state"] == "idle in transaction").to_numpy()
    s.loc[waits | roots, ["wait_type", "wait_event", "blocked_by"]] = ""
    s.loc[roots, "state"] = "active"
    return replace(evidence, sessions=s)


def slow_calls(
    evidence: Evidence, window: Window, destination: str, seconds: float, *, own: tuple[str, ...] = ()
) -> Evidence:
    """Return the evidence in which a destination answers later by some seconds in a window, and so does the service.

    `own` names the counters of seconds in which the server itself counts the delay.
    """
    requests = evidence.requests.copy()
    began = requests.index - pd.to_timedelta(requests["duration_seconds"], unit="s")
    hit = (began > window.start) & (began <= window.end)
    delay = np.where(hit, seconds, 0.0)
    requests["duration_seconds"] = requests["duration_seconds"] + delay
    requests.index = (requests.index + pd.to_timedelta(delay, unit="s")).as_unit("us").rename("end")
    table = evidence.samples
    values = table.values.copy()
    counts = {}
    for i, labels in enumerate(table.labels):
        name = labels["__name__"]
        if name == "outbound_call_duration_seconds_count" and labels["destination"] == destination:
            counts[labels["operation"]] = (table.times[table.ids == i], table.values[table.ids == i])
    for i, labels in enumerate(table.labels):
        name, chosen = labels["__name__"], table.ids == i
        if name == "outbound_call_duration_seconds_sum" and labels["destination"] == destination:
            if labels["operation"] == "connect":
                continue
            times, count = counts[labels["operation"]]
        elif name in own and labels.get("cmd", "get") == "get":
            times, count = next(iter(counts.values()))
        else:
            continue
        grown = np.diff(count, prepend=count[:1])
        inside = (times > window.start_us) & (times <= window.end_us)
        extra = np.cumsum(np.where(inside, grown * seconds, 0.0))
        values[chosen] += np.interp(table.times[chosen], times, extra)
    slowed = SampleTable(table.labels, table.ids, table.times, values)
    return replace(with_samples(evidence, slowed), requests=requests.sort_index(kind="stable"))


def under_a_quota(evidence: Evidence, share: float = 0.9) -> Evidence:
    """Return the evidence in which the JVM's container was throttled in most periods while it collected garbage."""
    from analysis.signals.gc import stop_intervals

    (source,) = evidence.gc_logs
    stops = stop_intervals(source.log.pauses, source.log.safepoints)
    table = evidence.samples
    values = table.values.copy()
    for i, labels in enumerate(table.labels):
        if labels["__name__"] == CFS[1] and labels.get("container") == source.container:
            chosen = table.ids == i
            times = table.times[chosen]
            spent = np.concatenate([[0.0], np.cumsum(stops[:, 1] - stops[:, 0])]) / 1e6
            joints = np.concatenate([stops[:1, 0], stops[:, 1]]).astype(float)
            values[chosen] += np.floor(np.interp(times, joints, spent) * 10 * share)
    return with_samples(evidence, SampleTable(table.labels, table.ids, table.times, values))
