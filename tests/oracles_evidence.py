"""Slow, obvious versions of the mathematics of evidence, from the formulas; nothing of the package is used here."""

import math

import numpy as np

NAN = float("nan")


# ---- missing steps inside a stretch


def missingness(present, inside):
    """Share missing inside and outside, their difference, p over all shifts of the stretch, runs of missing steps.

    present: list of lists of bool (step, series). p: how many of the n placements of the stretch hold as many.
    """
    n, k = len(present), sum(inside)
    missing = [sum(not v for v in row) for row in present]
    series = len(present[0]) if n else 0

    def held(shift):
        return sum(missing[(t + shift) % n] for t in range(n) if inside[t])

    def share(top, bottom):
        return top / bottom if bottom else NAN

    total = sum(missing)
    first, second = share(held(0) if n else 0, k * series), share(total - (held(0) if n else 0), (n - k) * series)
    runs = sum(missing[t] > 0 and (t == 0 or missing[t - 1] == 0) for t in range(n))
    p = NAN
    if n >= 20 and 0 < k < n and 0 < total < n * series:
        p = sum(held(shift) >= held(0) for shift in range(n)) / n
    return first, second, first - second, p, runs


def gaps(rng, n, series, share, length):
    """Presence of independent series whose gaps are geometric with a mean length [steps]; shape (n, series)."""
    leave = 1 / length
    enter = min(leave * share / (1 - share), 1.0)
    state, out = rng.random(series) < share, np.empty((n, series), bool)
    for t in range(n):
        out[t] = state
        draw = rng.random(series)
        state = np.where(state, draw >= leave, draw < enter)
    return ~out


# ---- differences of shares within strata, blocks as units


def contrast(codes, marked, block, stratum, category):
    """Return a dict with everything that is told of one category, by loops over its strata and blocks."""
    rows = list(zip(codes, marked, block, stratum, strict=True))
    mine = [r for r in rows if r[0] == category]
    others = [r for r in rows if r[0] != category]

    def share(chosen):
        return sum(r[1] for r in chosen) / len(chosen) if chosen else NAN

    excess, weight, information, comparable = {}, {}, {}, 0
    for cell in sorted({(r[2], r[3]) for r in mine}):
        all_here = [r for r in rows if (r[2], r[3]) == cell]
        x, a = sum(r[0] == category for r in all_here), sum(r[1] for r in all_here if r[0] == category)
        total, hits = len(all_here), sum(r[1] for r in all_here)
        if x == total:
            continue
        comparable += x
        b = cell[0]
        excess[b] = excess.get(b, 0) + a - x * hits / total
        weight[b] = weight.get(b, 0) + x * (total - x) / total
        v = x * (total - x) * hits * (total - hits) / (total**2 * (total - 1))
        information[b] = information.get(b, 0) + v
    top, bottom, known = math.fsum(excess.values()), math.fsum(weight.values()), math.fsum(information.values())
    found = {
        "rows": len(mine), "marked": sum(r[1] for r in mine), "share_with": share(mine),
        "share_without": share(others), "difference": top / bottom if bottom else NAN,
        "excess": top if bottom else NAN, "comparable": comparable / len(mine) if mine else NAN,
        "low": NAN, "high": NAN, "p_value": NAN, "n_effective": 0.0,
    }  # fmt: skip
    if known <= 0:
        return found
    m = known**2 / math.fsum(v**2 for v in information.values())
    rest = {b: excess[b] - information[b] * top / known for b in excess}
    squares = math.fsum(r**2 for r in rest.values())
    phi = 0.0
    if m >= 3 and squares > 1e-20 * math.fsum(e**2 for e in excess.values()):
        r = math.fsum(rest[b] * rest[b + 1] for b in rest if b + 1 in rest) / squares
        phi = min(max(r + (1 + 3 * r) / m, 0.0), 0.99)
    stretch = (1 + phi) / (1 - phi)
    found["n_effective"] = m / stretch
    if found["n_effective"] >= 10:
        from scipy import stats

        error = math.sqrt(max(squares * m / (m - 1) * stretch, known))
        t = stats.t(found["n_effective"] - 1)
        found["low"] = max((top - t.ppf(0.975) * error) / bottom, -1)
        found["high"] = min((top + t.ppf(0.975) * error) / bottom, 1)
        found["p_value"] = 2 * t.cdf(-abs(top) / error)
    return found


def routed(rng, n, blocks, sick_share):
    """Return client, pod, bad and block of requests: clients of kind 0 mostly go to pod 0, which alone is sick.

    Pod 0 fails a share of its requests in the middle third of the blocks, whoever sends them.
    """
    block = np.sort(rng.integers(0, blocks, n))
    client = rng.choice(3, n, p=[0.3, 0.6, 0.1])
    pod = np.where((client == 0) & (rng.random(n) < 0.8), 0, rng.integers(0, 6, n))
    sick = (pod == 0) & (block >= blocks // 3) & (block < 2 * blocks // 3)
    return client, pod, rng.random(n) < np.where(sick, sick_share, 0.003), block
