"""Which statements became slower: medians and p95 against the baseline, tested by ranks, false ones bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.window import Window

__all__ = ["Ranked", "benjamini_hochberg", "pooled_ranks", "ranked_steps", "statement_regression"]

STEP_SECONDS = 5.0  # at 1 s the test below names too many on autocorrelated durations, see statement_regression
LEAST_CALLS = 20  # on each side
LEAST_STEPS = 4  # of each side must hold calls
LEAST_FACTOR = 1.5
RATE = 0.05  # of false ones among those that are named
COLUMNS = (
    "baseline_calls", "calls", "baseline_p50_seconds", "p50_seconds", "p50_ratio", "baseline_p95_seconds",
    "p95_seconds", "p95_ratio", "superiority_ratio", "p",
)  # fmt: skip
Contrast = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Ranked(NamedTuple):
    """Mean rank of the calls in each step, `before` and `after`, shapes (n,) and (m,), NaN in steps without calls.

    `superiority_ratio`: how likely a call of the second stretch is longer than one of the first; 0.5: neither.
    """

    before: np.ndarray
    after: np.ndarray
    superiority_ratio: float


def pooled_ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value, from 0 to 1, equal values the mean of theirs.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Without NaN.

    Examples
    --------
    >>> pooled_ranks(np.array([3.0, 1.0, 3.0, 9.0])).tolist()
    [0.5, 0.125, 0.5, 0.875]
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(((np.cumsum(count) - count / 2) / max(len(values), 1))[place])


def ranked_steps(at_us: np.ndarray, durations: np.ndarray, baseline: Window, window: Window) -> Ranked:
    """Return the durations of two stretches as mean ranks of steps of five seconds, ranked together.

    Parameters
    ----------
    at_us : ndarray of int64, shape (n,)
        When each call ended [us].
    durations : ndarray, shape (n,)
        In any unit, without NaN.
    baseline, window : Window
        Cut into whole steps from their starts; calls beyond either, or in the rest, do not count.

    Returns
    -------
    Ranked
        The superiority is Mann and Whitney's U / nm of the calls; NaN where a stretch has none.

    Examples
    --------
    >>> held = [Window(f"1970-01-01T00:00:{a}Z", f"1970-01-01T00:00:{b}Z") for a, b in (("00", "05"), ("05", "15"))]
    >>> found = ranked_steps(np.array([1, 2, 6, 7]) * 1_000_000, np.array([1.0, 2.0, 3.0, 4.0]), *held)
    >>> found.before.tolist(), found.after.tolist(), found.superiority_ratio
    ([0.25], [0.75, nan], 1.0)
    """
    size = int(STEP_SECONDS * 1e6)
    steps = [(w.end_us - w.start_us) // size for w in (baseline, window)]
    held = [(at_us > w.start_us) & (at_us <= w.start_us + n * size)
            for w, n in zip((baseline, window), steps, strict=True)]  # fmt: skip
    n, m = (int(x.sum()) for x in held)
    ranks = pooled_ranks(np.concatenate([durations[x] for x in held]))
    parts = []
    for w, inside, k, own in zip((baseline, window), held, steps, (ranks[:n], ranks[n:]), strict=True):
        place = (at_us[inside] - w.start_us - 1) // size
        count = np.bincount(place, minlength=k)
        summed = np.bincount(place, weights=own, minlength=k)
        parts.append(np.where(count > 0, summed / np.maximum(count, 1), np.nan))
    higher = (float(ranks[n:].sum()) * (n + m) / m - m / 2) / n if n and m else float("nan")
    return Ranked(parts[0], parts[1], higher)


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return q of each p: the least rate of false ones at which it would be named; NaN stays and does not count.

    Parameters
    ----------
    p : ndarray, shape (n,)
        NaN where no test could be made.

    Notes
    -----
    Benjamini and Hochberg (1995).

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, np.nan, 0.03])).round(6).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return q


def statement_regression(
    statements: pd.DataFrame, baseline: Window, window: Window, *, contrast: Contrast, least_calls: int = LEAST_CALLS
) -> pd.DataFrame:
    """Return how the durations of each fingerprint changed, and which became slower.

    Parameters
    ----------
    statements : DataFrame
        Of the log: index `end` (UTC us), columns duration_seconds, fingerprint.
    baseline, window : Window
        What to compare: statements that end in (start, end].
    contrast : callable
        contrast(before (r, n), after (r, m)) -> p (r,): two-sided, of the difference of the means of equally spaced
        stretches with NaN, that knows of autocorrelation (`correlate.mean_contrast`).
    least_calls : int
        On each side, for a test.

    Returns
    -------
    DataFrame
        Index `fingerprint`, the most certain first. Columns `baseline_calls`, `calls`, `baseline_p50_seconds`,
        `p50_seconds`, `p50_ratio`, `baseline_p95_seconds`, `p95_seconds`, `p95_ratio`, `superiority_ratio`, `p`, `q`,
        and `regressed`: q below 0.05, longer more often than shorter, and the median or the p95 at least 1.5 times as
        long. Fingerprints with too few calls, or calls in fewer than four steps, have NaN for p and do not count for q.

    Notes
    -----
    The test is Mann and Whitney's, on ranks, but of means of steps: durations wander with what else the server does,
    and calls of one moment are alike. As if calls were independent, it names a third to four fifths of statements that
    did not change (log durations that wander over 1 to 30 s, 2,000 calls in 210 s); over blocks of ten seconds 5 to
    40 %; with steps of five seconds and `mean_contrast` 2 to 5 %. It still names 12 % with 200 calls that wander over
    30 s, and 11 to 16 % where they wander over 100 s: nothing tells such wander from a change.
    Calls that are under way when the window ends are not in it: in an incident they are the longest.

    Examples
    --------
    >>> from analysis.correlate.mean_contrast import contrast_spread, p_value
    >>> def contrast(x, y):
    ...     return p_value(np.nanmean(y, axis=1) - np.nanmean(x, axis=1), contrast_spread(x, y))
    >>> lasted = np.random.default_rng(0).exponential(size=400) * np.repeat([0.001, 0.004], 200)
    >>> rows = pd.DataFrame({"duration_seconds": lasted, "fingerprint": "f"},
    ...                     index=pd.to_datetime(np.arange(400) * 0.3, unit="s", utc=True))
    >>> first = Window("1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z")
    >>> second = Window("1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z")
    >>> bool(statement_regression(rows, first, second, contrast=contrast).loc["f", "regressed"])
    True
    """
    at = pd.DatetimeIndex(statements.index).as_unit("us").asi8
    lasted = statements["duration_seconds"].to_numpy(dtype="f8")
    code, names = pd.factorize(statements["fingerprint"].astype(object), sort=True)
    sides = [(at > w.start_us) & (at <= w.end_us) & np.isfinite(lasted) for w in (baseline, window)]
    rows = np.flatnonzero(sides[0] | sides[1])
    rows = rows[np.argsort(code[rows], kind="stable")]
    found = {}
    for own in np.split(rows, np.flatnonzero(np.diff(code[rows])) + 1):
        if len(own):
            x, y = (lasted[own[side[own]]] for side in sides)
            ranked = ranked_steps(at[own], lasted[own], baseline, window)
            enough = min(len(x), len(y)) >= least_calls and min(map(_known, ranked[:2])) >= LEAST_STEPS
            p = float(contrast(ranked.before[None], ranked.after[None])[0]) if enough else float("nan")
            found[str(names[code[own[0]]])] = (*_quantiles(x, y), ranked.superiority_ratio, p)
    index = pd.Index(list(found), name="fingerprint", dtype=object)
    frame = pd.DataFrame(list(found.values()), index=index, columns=list(COLUMNS), dtype="f8")
    frame["q"] = benjamini_hochberg(frame["p"].to_numpy(dtype="f8"))
    far = frame[["p50_ratio", "p95_ratio"]].max(axis=1) >= LEAST_FACTOR
    frame["regressed"] = (frame["q"] < RATE) & (frame["superiority_ratio"] > 0.5) & far
    return frame.sort_values(["p", "p50_ratio"], ascending=[True, False], kind="stable")


def _known(steps: object) -> int:
    return int(np.isfinite(np.asarray(steps, dtype="f8")).sum())


def _quantiles(x: np.ndarray, y: np.ndarray) -> tuple[float, ...]:
    cells: list[float] = [float(len(x)), float(len(y))]
    for share in (0.5, 0.95):
        a, b = (float(np.quantile(v, share)) if len(v) else float("nan") for v in (x, y))
        cells += [a, b, b / a if a > 0 else float("nan")]
    return tuple(cells)
