"""CFS bandwidth control in small steps: one group, one quota, n CPUs; counters as a scrape would see them.

Rules: the period timer starts on the first work and finds a full quota; at each of its ticks nr_periods grows by one
and, if threads stood still for want of quota, nr_throttled too; then the quota is full again. A tick at which nobody
stood still marks the group idle, the first work unmarks it, and a tick that finds it idle stops the timer: so one idle
tick is counted after the last period with work. No slices per CPU, no burst allowance, no other tenants.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

MS = 1000  # all times are whole microseconds


@dataclass
class Run:
    """What a simulation saw: counters at the scrapes, the stops, and how long every burst took."""

    times: np.ndarray  # us
    usage: np.ndarray  # CPU seconds
    periods: np.ndarray
    throttled: np.ndarray
    throttled_seconds: np.ndarray  # summed over the threads that stood still, added when they run again
    stops: list[tuple[int, int]] = field(default_factory=list)  # us
    delays: list[int] = field(default_factory=list)  # us, from the arrival of a burst to its end

    @property
    def ratio(self):
        return (self.throttled[-1] - self.throttled[0]) / (self.periods[-1] - self.periods[0])

    @property
    def active_share(self):
        return (self.periods[-1] - self.periods[0]) * 0.1 / ((self.times[-1] - self.times[0]) / 1e6)

    @property
    def cores(self):
        return (self.usage[-1] - self.usage[0]) / ((self.times[-1] - self.times[0]) / 1e6)

    @property
    def longest_stop_seconds(self):
        return max((end - start for start, end in self.stops), default=0) / 1e6


def simulate(bursts, *, limit, threads, seconds, scrape_seconds=5.0, step_ms=0.5, period_ms=100):
    """Run bursts through a group.

    Parameters
    ----------
    bursts : iterable of (float, sequence of float)
        Arrival [s] and the CPU work of each single-thread job [ms].
    limit : float
        Limit [cores]; infinite: no quota.
    threads : int
        CPUs, and so threads that run at once.
    """
    step, period = round(step_ms * MS), period_ms * MS
    quota = limit * period
    coming = deque(sorted((-(-round(at * 1e6) // step) * step, [round(w * MS) for w in work]) for at, work in bursts))
    end, scrape = round(seconds * 1e6), round(scrape_seconds * 1e6)
    jobs, running = deque(), []  # [work left, burst]
    left_in, arrived, delays = [], [], []
    usage = stood = 0
    periods = throttled = 0
    pool, tick, idle, stopped_at = quota, None, False, None
    stops, rows = [], []
    now = 0
    while now <= end:
        if tick is not None and now == tick:
            periods += 1
            if stopped_at is not None:
                throttled += 1
                stood += (now - stopped_at) * len(running)
                stops.append((stopped_at, now))
            elif idle:
                tick = None
            idle = stopped_at is None
            stopped_at = None
            pool = quota
            if tick is not None:
                tick += period
        if now % scrape == 0:
            rows.append((now, usage / 1e6, periods, throttled, stood / 1e6))
        while coming and coming[0][0] <= now:
            at, work = coming.popleft()
            jobs.extend([w, len(arrived)] for w in work)
            arrived.append(at)
            left_in.append(len(work))
        while jobs and len(running) < threads:
            running.append(jobs.popleft())
        if running:
            if tick is None and quota != float("inf"):
                tick, pool = now + period, quota
            idle = False
            for i, job in enumerate(running):
                spent = min(step, job[0], pool)
                if spent <= 0:  # this thread stands still; the group does when nobody runs
                    if i == 0 and stopped_at is None:
                        stopped_at = now
                    break
                pool, usage, job[0] = pool - spent, usage + spent, job[0] - spent
            for _, burst in [job for job in running if job[0] <= 0]:
                left_in[burst] -= 1
                if not left_in[burst]:
                    delays.append(now + step - arrived[burst])
            running = [job for job in running if job[0] > 0]
        now += step
        if stopped_at is not None:  # nothing happens before the quota is full again: go there, or to the next scrape
            now = min(tick, -(-now // scrape) * scrape)
        elif not running and not jobs:
            ahead = [t for t in (tick, coming[0][0] if coming else None) if t is not None]
            now = max(now, min([*ahead, -(-now // scrape) * scrape]))
    columns = np.array(rows, dtype=float).T
    return Run(columns[0].astype("i8"), *columns[1:], stops, delays)
