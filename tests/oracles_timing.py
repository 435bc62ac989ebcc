"""Slow, obvious versions of the tests of timing, written from the formulas; nothing of the package is used here."""

import itertools
import math

import numpy as np

NAN = float("nan")


def known(v):
    return v is not None and math.isfinite(v)


def lag_one(x):
    """Mean product of known neighbours over the mean square, plus (1 + 3 r) / pairs."""
    have = [v for v in x if known(v)]
    pairs = [(a, b) for a, b in itertools.pairwise(x) if known(a) and known(b)]
    if len(have) < 3 or len(set(have)) < 2 or not pairs:
        return 0.0
    mean = math.fsum(have) / len(have)
    r = math.fsum((a - mean) * (b - mean) for a, b in pairs) / len(pairs)
    r /= math.fsum((v - mean) ** 2 for v in have) / len(have)
    return min(max(r + (1 + 3 * r) / len(pairs), -0.99), 0.99)


def effective_pairs(x, y):
    both = [i for i in range(len(x)) if known(x[i]) and known(y[i])]
    if len(both) <= 2:
        return float(len(both))
    masked = [[v[i] if i in both else NAN for i in range(len(x))] for v in (x, y)]
    f = max(lag_one(masked[0]) * lag_one(masked[1]), 0.0)
    return len(both) ** 2 / math.fsum(f ** abs(i - j) if i != j else 1.0 for i in both for j in both)


def ranks(x):
    return [1 + sum(b < a for b in x) + (sum(b == a for b in x) - 1) / 2 for a in x]


def pearson(a, b):
    ma, mb = sum(a) / len(a), sum(b) / len(b)
    sa, sb = math.fsum((v - ma) ** 2 for v in a), math.fsum((v - mb) ** 2 for v in b)
    if sa <= 1e-12 or sb <= 1e-12:
        return NAN
    return math.fsum((u - ma) * (v - mb) for u, v in zip(a, b, strict=True)) / math.sqrt(sa * sb)


def comovement(x, y):
    """Spearman's rho without gaps, and the share of all circular shifts of x with at least its size."""
    n, rx, ry = len(x), ranks(x), ranks(y)
    rho = [pearson([rx[(i - k) % n] for i in range(n)], ry) for k in range(n)]
    return rho[0], sum(abs(r) >= abs(rho[0]) - 1e-9 for r in rho) / n


def partial(x, y, z):
    """Correlation of the ranks' residuals after least squares on 1, r, r^2, r^3 of the control's ranks."""
    design = np.array([[(r / len(z)) ** k for k in range(4)] for r in ranks(z)])
    left = [np.array(ranks(v)) - design @ np.linalg.lstsq(design, np.array(ranks(v)), rcond=None)[0] for v in (x, y)]
    return pearson(*left)


def contrast_variance(w, phi, k):
    n = len(w)
    return math.fsum(w[(i - k) % n] * w[(j - k) % n] * phi ** abs(i - j) for i in range(n) for j in range(n))


def lag_correlations(x, y, max_lag):
    """Correlation of the differences at each lag: unknown ones weigh nothing, both keep their own mean and size."""

    def unit(v):
        d = [b - a for a, b in itertools.pairwise(v)]
        have = [u for u in d if known(u)]
        mean = sum(have) / len(have)
        size = math.sqrt(math.fsum((u - mean) ** 2 for u in have))
        return [(u - mean) / size if known(u) else 0.0 for u in d]

    dx, dy = unit(x), unit(y)
    n = len(dx)
    return [
        math.fsum(dx[i] * dy[i + lag] for i in range(n) if 0 <= i + lag < n) for lag in range(-max_lag, max_lag + 1)
    ]


def coincidence(marks, target, seen):
    n = len(marks)
    a, b = ([bool(u and s) for u, s in zip(v, seen, strict=True)] for v in (marks, target))
    hits = [sum(a[(i - k) % n] and b[i] for i in range(n)) for k in range(n)]
    share = hits[0] / sum(b) if sum(b) else NAN
    return share, sum(a) / sum(seen) if sum(seen) else NAN, sum(h >= hits[0] for h in hits) / n


def overlap(intervals, events, start, end, offset=0.0):
    """Count of intervals that some shifted event overlaps, and their time inside the union; all in whole units."""
    span = end - start
    busy, count, time = set(), 0, 0
    for a, b in events:
        busy |= {(t - start + offset) % span for t in range(max(a, start), min(b, end))}
    for a, b in intervals:
        inside = sum(t - start in busy for t in range(max(a, start), min(b, end)))
        count, time = count + (inside > 0), time + inside
    return count, time


def two_way(matrix):
    """Shares of rows, columns and the rest of a full matrix, from the means."""
    m = np.asarray(matrix, dtype=float)
    r, c, mean = *m.shape, m.mean()
    row, column = m.mean(axis=1) - mean, m.mean(axis=0) - mean
    total = sum((m[i, j] - mean) ** 2 for i in range(r) for j in range(c))
    by_row, by_column = c * sum(row**2), r * sum(column**2)
    rest = sum((m[i, j] - mean - row[i] - column[j]) ** 2 for i in range(r) for j in range(c))
    return by_row / total, by_column / total, rest / total


def departure(z, height):
    """First and last step of the stretch with the largest sum of h (z - h / 2), every stretch tried."""
    best, found = -math.inf, None
    for i in range(len(z)):
        for j in range(i, len(z)):
            gain = sum(height * (min(v, 2 * height) - height / 2) for v in z[i : j + 1] if known(v))
            if gain > best + 1e-9:
                best, found = gain, (i, j)
    return found
