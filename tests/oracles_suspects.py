"""Slow, obvious versions of the ranking's formulas, loops over lists; nothing of the package is used."""

import math

NAN = float("nan")


def known(values):
    return [v for v in values if not math.isnan(v)]


def quantile(values, q):
    """Linear interpolation between order statistics (type 7 of Hyndman and Fan)."""
    ordered = sorted(known(values))
    if not ordered:
        return NAN
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def median(values):
    return quantile(values, 0.5)


def sign(value):
    return (value > 0) - (value < 0)


def agreed(usual, recent):
    if math.isnan(recent):
        return usual
    if math.isnan(usual):
        return NAN
    if sign(usual) != sign(recent):
        return 0.0
    return min(usual, recent, key=abs)


def scale_of(before, during, floors):
    """The largest of: quartile range as a standard deviation, a share of that, a share of all that is covered."""
    of_std, of_range, iqr_of_normal = floors
    x, everything = known(before), known(before) + known(during)
    mean = sum(x) / len(x)
    std = math.sqrt(sum((v - mean) ** 2 for v in x) / len(x))
    quartiles = (quantile(x, 0.75) - quantile(x, 0.25)) / iqr_of_normal
    return max(quartiles, std * of_std, (max(everything) - min(everything)) * of_range)


def change_size(before, during, recent, floors):
    """Return shift, scale and size."""
    if not known(before) or not known(during):
        return NAN, NAN, NAN
    level = median(during)
    shift = agreed(level - median(before), level - median(before[-recent:]))
    scale = scale_of(before, during, floors)
    return shift, scale, shift / scale if scale > 0 else 0.0


def placement_size(before, scale, start, lengths):
    length, recent = lengths
    level = median(before[start : start + length])
    shift = agreed(level - median(before), level - median(before[max(0, start - recent) : start]))
    return 0.0 if math.isnan(shift) or scale <= 0 else abs(shift) / scale


def pearson(x, y, fewest):
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if not math.isnan(a) and not math.isnan(b)]
    if len(pairs) < fewest or len({a for a, _ in pairs}) == 1 or len({b for _, b in pairs}) == 1:
        return NAN
    mx, my = (sum(p[i] for p in pairs) / len(pairs) for i in (0, 1))
    top = sum((a - mx) * (b - my) for a, b in pairs)
    return top / math.sqrt(sum((a - mx) ** 2 for a, _ in pairs) * sum((b - my) ** 2 for _, b in pairs))


def first_departure(values, usual, shift, stays):
    def out(v):
        if math.isnan(v) or math.isnan(shift) or shift == 0:
            return False
        return v - usual >= shift / 2 if shift > 0 else v - usual <= shift / 2

    for i, v in enumerate(values):
        following = values[i : i + stays]
        if out(v) and sum(map(out, following)) * 2 > len(following):
            return i
    return -1


def mid_ranks(values):
    return [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]


def contrast(values, inside):
    """Difference of the mean ranks inside and outside; None where one of the two knows nothing."""
    there = [i for i, v in enumerate(values) if not math.isnan(v)]
    ranks = dict(zip(there, mid_ranks([values[i] for i in there]), strict=True))
    within, without = [ranks[i] for i in there if inside[i]], [ranks[i] for i in there if not inside[i]]
    return abs(sum(within) / len(within) - sum(without) / len(without)) if within and without else None


def placement_p(values, inside):
    """Share of all circular shifts of the window whose contrast is at least that of the window itself."""
    n, own = len(values), contrast(values, inside)
    shifted = [contrast(values, [inside[(i - k) % n] for i in range(n)]) for k in range(n)]
    usable = [c for c in shifted if c is not None]
    return sum(c >= own - 1e-9 for c in usable) / len(usable)


def effective_size(values):
    """n (1 - phi) / (1 + phi), phi the lag-1 autocorrelation with Kendall's correction, held in [0, .99]."""
    n, mean = len(values), sum(values) / len(values)
    d = [v - mean for v in values]
    total = sum(v * v for v in d)
    if len(set(values)) == 1:
        return float(n)
    r = sum(a * b for a, b in zip(d[1:], d[:-1], strict=True)) / total
    phi = min(max(r + (1 + 3 * r) / n, 0.0), 0.99)
    return n * (1 - phi) / (1 + phi)


def discount(entity, kind, rows, calls, share, lane):
    """Share of the largest score that a callee of this entity has in a series that is not of the lane."""
    if kind in lane:
        return 0.0
    scores = [s for s, e, k in rows if e in calls.get(entity, []) and k not in lane]
    return share * max([0.0, *scores])


def event_score(changes, onset, n, clear):
    before = [c for c in changes if c <= onset]
    if not before:
        return 0.0, NAN, -1
    p = min(1.0, len(changes) * max(onset - max(before), 1) / n)
    return clear * (1 - p), p, max(before)


def reaches(calls, start, goal):
    """Whether a walk of at least one call leads from start to goal."""
    seen, todo = set(), list(calls.get(start, []))
    while todo:
        node = todo.pop()
        if node == goal:
            return True
        if node not in seen:
            seen.add(node)
            todo += calls.get(node, [])
    return False
