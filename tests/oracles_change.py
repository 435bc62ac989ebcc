"""Slow, obvious versions of the mathematics of change, written from the formulas; nothing of the package is used."""

import cmath
import itertools
import math

from scipy import stats

NAN = float("nan")


def candidates():
    """30 pure AR(1) from -.5 to .99 even in artanh; 14 from .3 with noise at 9 shares; flat in phi; .05 is noise."""

    def even(low, high, count):
        a, b = math.atanh(low), math.atanh(high)
        return [math.tanh(a + (b - a) * i / (count - 1)) for i in range(count)]

    pure, noisy = even(-0.5, 0.99, 30), even(0.3, 0.99, 14)
    out = [(1.0, f, 0.95 * (1 - f * f) / sum(1 - g * g for g in pure)) for f in pure]
    below = 9 * sum(1 - g * g for g in noisy)
    return out + [(s / 10, f, 0.05 * (1 - f * f) / below) for s in range(1, 10) for f in noisy]


def expected_periodogram(share, phi, n, j):
    """Sum of the autocorrelations over all n^2 pairs of values, each with its phase, over n."""
    later = (share * phi**k * 2 * (n - k) * math.cos(2 * math.pi * j * k / n) for k in range(1, n))
    return max((n + sum(later)) / n, 1e-12)


def stretch_spread(x, skip=1):
    """Return log-likelihood and variance of the mean for each candidate, by sums over all Fourier frequencies."""
    n, known = len(x), [v for v in x if not math.isnan(v)]
    mean = math.fsum(known) / len(known)
    d = [0.0 if math.isnan(v) else v - mean for v in x]
    size = max(abs(v) for v in d)
    kept = [j for j in range(1, n) if skip <= j <= n - skip]  # j and n - j are one frequency, counted twice
    power = {
        j: abs(sum(v / size * cmath.exp(-2j * math.pi * j * t / n) for t, v in enumerate(d))) ** 2 / n for j in kept
    }
    logs, variance = [], []
    for share, phi, _ in candidates():
        height = {j: expected_periodogram(share, phi, n, j) for j in [0, *kept]}
        level = sum(power[j] / height[j] for j in kept) / len(kept)
        logs.append(-0.5 * (sum(math.log(height[j]) for j in kept) + len(kept) * math.log(level)))
        variance.append(level * size**2 * height[0] * n / len(known) ** 2)
    return logs, variance


def guarded(weights, sizes, n, tolerated=0.06):
    """Weights of the spectra that hide a slow wander under noise, if noise as likely as none gives them more."""
    odds = [w / (0.05 if c[0] < 1 else 0.95) for w, c in zip(weights, candidates(), strict=True)]
    hidden = [
        o if c[0] < 0.75 and s < min(6, n / 10) else 0.0 for o, c, s in zip(odds, candidates(), sizes, strict=True)
    ]
    return [h / sum(hidden) for h in hidden] if sum(hidden) > tolerated * sum(odds) else weights


def mixture_p(difference, weights, variances, freedoms):
    return sum(
        w * 2 * stats.t.sf(abs(difference) / math.sqrt(v), f)
        for w, v, f in zip(weights, variances, freedoms, strict=True)
    )


def sample_variance(x):
    known = [v for v in x if not math.isnan(v)]
    mean = math.fsum(known) / len(known)
    return math.fsum((v - mean) ** 2 for v in known) / (len(known) - 1)


def contrast_spread(before, after):
    """Weights, variances, degrees of freedom (Welch-Satterthwaite) and the effective size of a contrast of means."""
    (log_a, var_a), (log_b, var_b) = stretch_spread(before), stretch_spread(after)
    raw = [c[2] * math.exp(a + b - max(log_a) - max(log_b)) for c, a, b in zip(candidates(), log_a, log_b, strict=True)]
    weights = [v / sum(raw) for v in raw]
    n, m = (sum(not math.isnan(v) for v in x) for x in (before, after))
    pairs = list(zip(var_a, var_b, strict=True))
    freedom = [(a + b) ** 2 / (a * a / (n - 1) + b * b / (m - 1)) for a, b in pairs]
    s, r = sample_variance(before), sample_variance(after)
    sizes = [4 / (a / s + b / r) for a, b in pairs]
    size = math.exp(sum(w * math.log(v) for w, v in zip(weights, sizes, strict=True)))
    return guarded(weights, sizes, 4 / (1 / n + 1 / m)), [a + b for a, b in pairs], freedom, size


def change(before, after, floor):
    """Difference of means, t, p before refusal, and both effective sizes: the mean error under each spectrum."""
    flat = [len(x) < 3 or len(set(x)) < 2 for x in (before, after)]
    alone = float(len(before)) if flat[0] else worth(before)
    short = len(after) < 20 or alone < 10
    raw = [c[2] for c in candidates()]
    logs, known = [0.0] * len(raw), []
    for x, skipped in ((before, flat[0]), (after, flat[1] or short)):
        if not skipped:
            log, v = stretch_spread(x)
            logs = [a + b for a, b in zip(logs, log, strict=True)]
            known.append([w / sample_variance(x) for w in v])
        else:
            known.append([1 / len(x)] * len(raw))
    if short and not flat[0]:
        known[1] = [expected_periodogram(s, f, len(after), 0) / len(after) for s, f, _ in candidates()]
    raw = [w * math.exp(v - max(logs)) for w, v in zip(raw, logs, strict=True)]
    weights = [w / sum(raw) for w in raw]
    s0, s1 = (max(math.sqrt(sample_variance(x)) if len(x) > 1 else 0.0, floor) for x in (before, after))
    s1 = max(s0, s1) if short else s1
    spectra = [(s0 * s0 * a, s1 * s1 * b) for a, b in zip(*known, strict=True)]
    n0, n1 = (math.exp(-sum(w * math.log(v) for w, v in zip(weights, k, strict=True))) for k in known)
    weights = guarded(weights, [1 / v for v in known[0]], len(before))
    error = math.exp(sum(w * math.log(a + b) for w, (a, b) in zip(weights, spectra, strict=True)) / 2)
    difference = math.fsum(after) / len(after) - math.fsum(before) / len(before)
    if short or len(before) < 2:
        freedom = [max(n0 - 1, 1.0)] * len(weights)
    else:
        freedom = [(a + b) ** 2 / (a * a / (len(before) - 1) + b * b / (len(after) - 1)) for a, b in spectra]
    p = mixture_p(difference, weights, [a + b for a, b in spectra], freedom)
    return difference, difference / error, p, alone, n1


def worth(x):
    """How many independent values a stretch is worth, averaged over the spectra that fit it."""
    raw = [c[2] for c in candidates()]
    log, v = stretch_spread(x)
    raw = [w * math.exp(a - max(log)) for w, a in zip(raw, log, strict=True)]
    weights = [w / sum(raw) for w in raw]
    return math.exp(-sum(w * math.log(b / sample_variance(x)) for w, b in zip(weights, v, strict=True)))


def cliffs_delta(before, after):
    signs = [(b > a) - (b < a) for a in before for b in after if not (math.isnan(a) or math.isnan(b))]
    return sum(signs) / len(signs) if signs else NAN


def hodges_lehmann(before, after):
    d = sorted(b - a for a in before for b in after if not (math.isnan(a) or math.isnan(b)))
    k = len(d)
    return NAN if not k else (d[(k - 1) // 2] + d[k // 2]) / 2


def placements(x, others):
    known = [v for v in others if not math.isnan(v)]
    return [NAN if math.isnan(v) else sum((w < v) + (w == v) / 2 for w in known) / len(known) for v in x]


def quantile(values, q):
    values = sorted(values)
    place = q * (len(values) - 1)
    low = math.floor(place)
    return values[low] + (place - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def std(values):
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))


def theil_sen(y, at):
    return quantile([(y[j] - y[i]) / (at[j] - at[i]) for i, j in itertools.combinations(range(len(y)), 2)], 0.5)


def mann_kendall(y):
    """Return S and its variance for independent values, ties counted."""
    s = sum((y[j] > y[i]) - (y[j] < y[i]) for i, j in itertools.combinations(range(len(y)), 2))
    n, ties = len(y), [y.count(v) for v in set(y)]
    return s, (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18


def trend_p(x, block, means):
    """Mann-Kendall on block means, its variance times what autocorrelation keeps under each spectrum; p averaged."""
    n, at = len(x), [i - (len(x) - 1) / 2 for i in range(len(x))]
    slope = sum(a * v for a, v in zip(at, x, strict=True)) / sum(a * a for a in at)
    rest = [v - slope * a for a, v in zip(at, x, strict=True)]
    rank = [sum(w < v for w in rest) + (sum(w == v for w in rest) + 1) / 2 for v in rest]
    logs, variance = stretch_spread(rank, skip=2)
    raw = [c[2] * math.exp(v - max(logs)) for c, v in zip(candidates(), logs, strict=True)]
    spread = sum((r - (n + 1) / 2) ** 2 for r in rank) / (n - 2)
    weights = guarded([w / sum(raw) for w in raw], [spread / v for v in variance], n, 0.045)
    kept = [expected_periodogram(s, f, n, 0) / expected_periodogram(s, f, block, 0) for s, f, _ in candidates()]
    score, plain = mann_kendall(means)
    return mixture_p(max(abs(score) - 1, 0), weights, [k * plain for k in kept], [len(means) - 2] * len(kept))


def circular_shift_p(x, statistic):
    found = [abs(statistic([x[(i - k) % len(x)] for i in range(len(x))])) for k in range(len(x))]
    return sum(v >= found[0] - 1e-9 * max(found) for v in found) / len(found)


def block_permutation_p(x, statistic, block):
    """Every order of whole blocks from every start on the circle; the observed order is among them."""
    n, found = len(x), []
    for start in range(n):
        turned = [x[(start + i) % n] for i in range(n)]
        parts = [turned[i : i + block] for i in range(0, n, block)]
        found += [abs(statistic([v for p in order for v in p])) for order in itertools.permutations(parts)]
    seen = abs(statistic(list(x)))
    return sum(v >= seen - 1e-9 * max(found) for v in found) / len(found)
