"""Slow, obvious versions of the mathematics, written from the formulas; nothing of the package is used here."""

import itertools
import math

import numpy as np

NAN = float("nan")


# ---- ranks and circular shifts


def mid_ranks(x):
    """1 + how many are smaller + half of the others that are equal."""
    return np.array([1 + sum(b < a for b in x) + (sum(b == a for b in x) - 1) / 2 for a in x])


def spearman(x, y):
    """Pearson's correlation of the mid-ranks; NaN if one is constant."""
    rx, ry = mid_ranks(x), mid_ranks(y)
    dx, dy = rx - sum(rx) / len(rx), ry - sum(ry) / len(ry)
    below = math.sqrt(sum(dx * dx) * sum(dy * dy))
    return sum(dx * dy) / below if below > 0 else NAN


def shifted(x, k):
    """Move every value k places to the right; what leaves at the end comes in at the front."""
    return np.array([x[(i - k) % len(x)] for i in range(len(x))])


def share_at_least(values, tolerance):
    """Share of the statistics, the first one included, that reach the first one."""
    return sum(v >= values[0] - tolerance for v in values) / len(values)


def rank_shift_test(x, y):
    if len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
        return NAN, NAN
    all_shifts = [spearman(shifted(x, k), y) for k in range(len(x))]
    return all_shifts[0], share_at_least(all_shifts, 1e-9)


def contrast_shift_test(values, weights, tolerance=1e-9):
    if len(values) < 3 or not any(weights):
        return NAN, NAN
    all_shifts = [math.fsum(shifted(weights, k) * values) for k in range(len(values))]
    return all_shifts[0], share_at_least(all_shifts, tolerance)


# ---- level changes


def autocorrelation(x):
    """Lag 1, plus its bias (1 + 3 r) / n, held between 0 and 0.99; 0 for constants and fewer than three values."""
    n = len(x)
    if n < 3 or len(set(x)) < 2:
        return 0.0
    mean = math.fsum(x) / n
    r = math.fsum((x[i] - mean) * (x[i - 1] - mean) for i in range(1, n)) / math.fsum((v - mean) ** 2 for v in x)
    return min(max(r + (1 + 3 * r) / n, 0.0), 0.99)


def effective_size(n, phi):
    return n * (1 - phi) / (1 + phi)


def adjust_fdr(p):
    """q of p[i]: the smallest p[j] m / rank(j) over all p[j] >= p[i], at most 1."""
    known = [v for v in p if not math.isnan(v)]
    m = len(known)
    rank = {v: sum(w <= v for w in known) for v in known}
    return [NAN if math.isnan(v) else min(1.0, *(w * m / rank[w] for w in known if w >= v)) for v in p]


def block_bootstrap(part, whole, block, draws, rng, level=0.95):
    """Percentile interval of a ratio of sums: whole blocks from random places, wrapped, cut to length."""
    n, found = len(part), []
    for _ in range(draws):
        index = []
        while len(index) < n:
            start = int(rng.integers(n))
            index += [(start + i) % n for i in range(block)]
        bottom = sum(whole[i] for i in index[:n])
        if bottom > 0:
            found.append(sum(part[i] for i in index[:n]) / bottom)
    return tuple(np.quantile(found, [(1 - level) / 2, (1 + level) / 2]))


# ---- onsets


def sustained(above, steps):
    """A step begins a stretch if it is above, the one before is not, and most of the next steps are."""
    out = []
    for i in range(len(above)):
        ahead = [bool(v) for v in above[i : i + steps]]
        out.append(bool(above[i]) and not (i > 0 and above[i - 1]) and sum(ahead) > len(ahead) / 2)
    return out


def rises(values, low, high, steps=3):
    middle = (low + high) / 2
    up, down = sustained([v >= middle for v in values], steps), sustained([v < middle for v in values], steps)
    found, high_now = [], False
    for i in range(len(values)):
        high_now = high_now and not down[i]
        if up[i] and not high_now:
            found.append(i)
            high_now = True
    return found


def chance_of_near(marks, distance, at=0):
    """Share of the circular shifts of a boolean series that bring a mark within a distance of one place."""
    n = len(marks)
    hits = 0
    for k in range(n):
        moved = [(i + k) % n for i in range(n) if marks[i]]
        hits += any(min((m - at) % n, (at - m) % n) <= distance for m in moved)
    return hits / n


# ---- counts of coarse steps in fine intervals


def counts_within(start, end, edges, counts, slots):
    """Low, mid, high and capacity of one interval; every step is cut into its slots, the interval holds whole ones.

    Every placement of the hits on the slots is tried, all steps together.
    """
    inside = []
    for j, s in enumerate(slots):
        width = (edges[j + 1] - edges[j]) / s if s else 0.0
        inside.append([start <= edges[j] + (i + 0.5) * width <= end for i in range(s)])
    ways = [list(itertools.combinations(range(s), c)) for s, c in zip(slots, counts, strict=True)]
    found = [
        sum(inside[j][slot] for j, hit in enumerate(placement) for slot in hit)
        for placement in itertools.product(*ways)
    ]
    return min(found), sum(found) / len(found), max(found), sum(sum(v) for v in inside)


# ---- counters, classes, requests


def increments(values):
    """NaN, then the rise since the sample before; a drop means that the counter began again at 0."""
    out = [NAN] * min(len(values), 1)
    for before, now in itertools.pairwise(values):
        out.append(now - before if now >= before else now)
    return out


def cpu_class(ratio, use, limited=True):
    """Return the class as a table: the rows are read from the top, the first that fits holds."""
    table = [
        (not limited, "unlimited"),
        (math.isnan(ratio) or ratio <= 0.01, "clean"),
        (use >= 0.9, "saturated"),
        (ratio <= 0.1, "light"),
        (math.isnan(use), None),
        (use < 0.6, "bursty"),
        (True, "mixed"),
    ]
    return next(name for fits, name in table if fits)


def stall_bound(quota, threads, period):
    """Threads spend the quota together; what is left of the period is the stop."""
    return max(0.0, period - quota / threads)


def bins(times, bad, edges):
    total, hits = [0] * (len(edges) - 1), [0] * (len(edges) - 1)
    for t, b in zip(times, bad, strict=True):
        for i in range(len(edges) - 1):
            if edges[i] < t <= edges[i + 1]:
                total[i] += 1
                hits[i] += bool(b)
    return total, hits


def at_least(hits, total, p):
    """Chance of at least so many hits in `total` independent tries."""
    return 1 - math.fsum(math.comb(total, i) * p**i * (1 - p) ** (total - i) for i in range(hits))


def episodes(times, bad, window, objective, duration):
    """Return (first bad, last bad, requests, bad) of every episode; times and window in whole microseconds."""
    first, last = window
    rows = [(t, b) for t, b in zip(times, bad, strict=True) if first < t <= last]
    if not rows:
        return []
    narrow = width = max(round(duration / 6), 1)
    first, last = max(first, rows[0][0] - 1), rows[-1][0]
    while any(b for _, b in rows) and (width <= 4 * narrow or len(rows) * width < 30 * (last - first)):
        edges = [first, first + width]
        while edges[-1] < last:
            edges.append(edges[-1] + width)
        total, hits = bins([t for t, _ in rows], [b for _, b in rows], edges)
        marked = [i for i in range(len(total)) if hits[i] and at_least(hits[i], total[i], 1 - objective) <= 0.05]
        groups = []
        for i in marked:
            if groups and edges[i] - edges[groups[-1][-1] + 1] < duration:
                groups[-1].append(i)
            else:
                groups.append([i])
        found = []
        for group in groups:
            lo, hi = edges[group[0]], edges[group[-1] + 1]
            wrong = [t for t, b in rows if b and lo < t <= hi]
            held = [b for t, b in rows if wrong[0] <= t <= wrong[-1]]
            if wrong[-1] - wrong[0] + 1 >= duration and sum(held) / len(held) > 1 - objective:
                found.append((wrong[0], wrong[-1], len(held), sum(held)))
        if found:
            return found
        if len(edges) == 2:
            break
        width *= 2
    return []


# ---- null data


def ar1(rng, phi, shape):
    """Rows of a stationary AR(1) series with unit innovations."""
    rows, n = shape
    x = np.empty((rows, n))
    x[:, 0] = rng.standard_normal(rows) / math.sqrt(1 - phi**2)
    noise = rng.standard_normal((rows, n))
    for i in range(1, n):
        x[:, i] = phi * x[:, i - 1] + noise[:, i]
    return x
