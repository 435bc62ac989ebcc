"""Slow oracles of coverage: one series, one sample, one missing tick at a time."""

from fractions import Fraction
from itertools import pairwise

GAP_STEPS, SLACK = Fraction(5, 2), Fraction(1, 5)


def missing_ticks(times, interval, window, *, since, until):
    """Times [us] of the samples that are missing in (start, end] of one series of a constant interval [us]."""
    start, end = window
    found = []
    for a, b in pairwise(times):
        steps = int(Fraction(b - a) / interval + Fraction(1, 2))
        found += [a + Fraction((b - a) * k, steps) for k in range(1, steps)]
    found = [t for t in found if start < t <= end]
    k = 1  # before the first and after the last sample a scrape may come a fifth of an interval off
    while times and since < times[0] and times[0] - (k + SLACK) * interval >= start:
        if times[0] - (k + SLACK) * interval < end:
            found.append(times[0] - k * interval)
        k += 1
    k = 1
    while times and until > times[-1] and times[-1] + (k + SLACK) * interval <= end:
        if times[-1] + (k + SLACK) * interval > start:
            found.append(times[-1] + k * interval)
        k += 1
    return found


def counted(times, values_unknown, window):
    """Present samples, of them unknown, and samples that come twice, in (start, end] of one series."""
    start, end = window
    seen, unknown, twice = set(), 0, 0
    for t, nan in zip(times, values_unknown, strict=True):
        if start < t <= end:
            if t in seen:
                twice += 1
            else:
                seen.add(t)
                unknown += bool(nan)
    return len(seen), unknown, twice


def gaps(times, interval, window, *, since, until):
    """Gaps (start, end) of one series that are longer than 2.5 intervals, cut at the window."""
    start, end = window
    pairs = list(pairwise(times))
    if times and since < times[0]:
        pairs.append((start, times[0]))
    if times and until > times[-1]:
        pairs.append((times[-1], end))
    found = []
    for a, b in pairs:
        if b - a > GAP_STEPS * interval:
            a, b = (min(max(t, start), end) for t in (a, b))
            if b - a >= interval:
                found.append((a, b))
    return sorted(found)
