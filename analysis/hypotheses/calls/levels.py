"""How long calls to a destination took and how many failed, before and in an episode, and what that says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from analysis.correlate.effect import MIN_EFFECTIVE_SIZE, change
from analysis.hypotheses.association import ALPHA
from analysis.incident import Window
from analysis.signals.calls import Calls
from analysis.signals.in_flight import finished

__all__ = ["MINOR", "Level", "State", "level_of", "states_of"]

State = Literal["worse", "spared", "open", "unknown"]
MINOR = 0.1  # of the largest harm: what got so little worse, or carries so few calls, decides nothing
SURE = 4.0  # standard errors: a destination is spared if its rise is surely minor, however many are looked at
SEVERAL = 10  # destinations; of ten times as many some look steady by chance: their level must be known twice as well
FEW = 0.01  # of all calls: so small a destination is no measure of harm
FAILED_RISE = 0.1  # smallest rise of the failed share that counts
SPREAD = 0.1  # smallest believable spread of the logarithm of a mean duration
SMALLEST_SECONDS = 1e-4  # a mean duration below it is as good as none
BAND = 3.0  # standard deviations of the steps of the baseline: within it are the usual ups and downs
MIN_COVERAGE = 0.8  # of the steps of baseline and episode


class Level(NamedTuple):
    """Calls of a source to a destination, baseline and episode; connecting left out where there is anything else.

    `calls` is their number in the baseline; seconds are means per call, failed ratios failures over calls. `error` is
    the standard error of the rise in seconds; the p are of the rises (NaN: not decidable, the level is not known);
    `n_before` is how many independent steps the baseline is worth. The usual highs are the upper ends of the band of
    three standard deviations in which the steps of the baseline lie (of durations on a logarithmic scale).
    """

    calls: float
    before_seconds: float
    after_seconds: float
    failed_before_ratio: float
    failed_after_ratio: float
    error_seconds: float
    seconds_p_value: float
    failed_p_value: float
    n_before: float
    usual_high_seconds: float
    usual_high_ratio: float


_NAN = float("nan")
UNKNOWN = Level(0.0, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, 0.0, _NAN, _NAN)
_PARTS = ("calls", "seconds", "failed")


def level_of(rows: Sequence[Calls], edges: np.ndarray, baseline: Window, episode: Window) -> Level:
    """Measure the calls to one destination before and in an episode.

    Parameters
    ----------
    rows : sequence of Calls
        Its operations and pods.
    edges : ndarray of int64, shape (n + 1,)
        Grid [us].
    baseline, episode : Window
        What to compare.

    Returns
    -------
    Level
        p of Welch's t on the mean duration per step, plain or as logarithm, and on the failed share per step.
    """
    rows = [r for r in rows if r.operation != "connect"] or list(rows)
    calls, seconds, failed = (_total([finished(r.times, getattr(r, part), edges) for r in rows]) for part in _PARTS)
    end, start = edges[1:], edges[:-1]
    before = (end > baseline.start_us) & (end <= baseline.end_us)
    after = (end > episode.start_us) & (start < episode.end_us)
    busy = np.isfinite(calls) & (calls > 0)
    mean = np.divide(seconds, calls, out=np.full(len(calls), np.nan), where=busy)
    tried = np.maximum(calls, np.nan_to_num(failed))
    share = np.divide(failed, tried, out=np.full(len(calls), np.nan), where=np.isfinite(tried) & (tried > 0))
    covered = all(np.isfinite(calls[part]).mean() >= MIN_COVERAGE for part in (before, after) if part.any())
    if not (before & busy).any() or not (after & busy).any() or not covered:
        return UNKNOWN._replace(calls=float(np.nansum(calls[before])))
    log = np.log(np.maximum(mean, SMALLEST_SECONDS))
    by_time = change(log[before & busy], log[after & busy], floor=SPREAD)
    raw = change(mean[before & busy], mean[after & busy], floor=SMALLEST_SECONDS)
    lost_b, lost_a = (share[part & np.isfinite(share)] for part in (before, after))
    by_loss = change(lost_b, lost_a, floor=FAILED_RISE / 5)
    mean_b, mean_a = (float(np.nansum(seconds[p & busy]) / np.nansum(calls[p & busy])) for p in (before, after))
    return Level(
        float(np.nansum(calls[before])),
        mean_b,
        mean_a,
        float(np.nansum(failed[before]) / max(np.nansum(tried[before]), 1)),
        float(np.nansum(failed[after]) / max(np.nansum(tried[after]), 1)),
        abs(raw.difference / raw.t) if raw.t else 0.0,
        _either(by_time.p_value, raw.p_value),
        by_loss.p_value,
        raw.n_before,
        float(np.exp(log[before & busy].mean() + BAND * max(float(log[before & busy].std()), SPREAD))),
        float(lost_b.mean() + BAND * lost_b.std()) if len(lost_b) else float("nan"),
    )


def _either(a: float, b: float) -> float:
    """Return the p of the smaller of two, paid for twice (Bonferroni); of the one that is known; NaN for neither."""
    known = [p for p in (a, b) if np.isfinite(p)]
    return min(2 * min(known), 1.0) if len(known) == 2 else known[0] if known else float("nan")


def _total(parts: list[np.ndarray]) -> np.ndarray:
    stack = np.stack(parts)
    known = np.isfinite(stack)
    return np.where(known.any(axis=0), np.where(known, stack, 0.0).sum(axis=0), np.nan)


def states_of(levels: Sequence[Level], *, harm_seconds: float = 0.0) -> tuple[State, ...]:
    """Return which destinations of one source got worse, and which were surely spared.

    Parameters
    ----------
    levels : sequence of Level
        Of all destinations of the source: how much counts is judged beside the worst of them.

    harm_seconds : float
        Largest rise that another source saw [s]: what is minor is judged beside it too.

    Returns
    -------
    tuple of str
        worse: longer calls, or more failures, beyond chance and the usual, and not minor beside the worst; spared: the
        rise is surely minor beside that of the worst; open: neither; unknown: the level before is not known.

    Examples
    --------
    >>> slow = Level(900, 0.01, 2.0, 0.0, 0.4, 0.1, 1e-9, 1e-9, 40, 0.02, 0.0)
    >>> calm = Level(900, 0.01, 0.011, 0.0, 0.0, 0.002, 0.5, 1.0, 40, 0.02, 0.0)
    >>> states_of([slow, calm, calm._replace(n_before=3)])
    ('worse', 'spared', 'unknown')
    """
    if not levels:
        return ()
    table = np.array(levels, dtype=float).reshape(len(levels), -1)
    rise, lost = table[:, 2] - table[:, 1], table[:, 4] - table[:, 3]
    slower = (table[:, 6] <= ALPHA) & (table[:, 2] > table[:, 9])
    failing = (table[:, 7] <= ALPHA) & (lost >= FAILED_RISE) & (table[:, 4] > table[:, 10])
    known = table[:, 8] >= MIN_EFFECTIVE_SIZE
    steady = table[:, 8] >= MIN_EFFECTIVE_SIZE * max(1.0, 1 + np.log10(len(levels) / SEVERAL))
    heavy = table[:, 0] >= FEW * table[known, 0].sum()
    worst = rise[slower & heavy].max(initial=harm_seconds)
    worse = (slower & (rise >= MINOR * worst)) | failing
    would_show = table[:, 1] + worst > table[:, 9]  # a rise like the worst one would leave its usual band
    spared = steady & would_show & ~worse & ~(lost >= FAILED_RISE) & (rise + SURE * table[:, 5] < MINOR * worst)
    return tuple(
        "worse" if w else "spared" if s else "open" if k else "unknown"
        for w, s, k in zip(worse, spared, known, strict=True)
    )
