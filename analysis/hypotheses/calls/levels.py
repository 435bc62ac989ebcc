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

__all__ = ["MINOR", "Level", "State", "level_of", "states_of", "well_beside"]

State = Literal["worse", "spared", "open", "unknown"]
MINOR = 0.1  # of the largest harm: what got so little worse, or carries so few calls, decides nothing
SURE = 4.0  # standard errors: a destination is spared if its rise is surely minor, however many are looked at
SEVERAL = 10  # destinations; of ten times as many some look steady by chance: their level must be known twice as well
MANY_STEPS = 10.0  # independent ones by which a level is steady, half as many by which it is known, among many
LEAST_STEPS = 3.0  # independent ones, to judge by Student's t
FEW = 0.01  # of all calls: so small a destination is no measure of harm
FAILED_RISE = 0.1  # smallest rise of the failed share that counts
SPREAD = 0.1  # smallest believable spread of the logarithm of a mean duration
SMALLEST_SECONDS = 1e-4  # a mean duration below it is as good as none
BAND = 3.0  # standard deviations of the steps of the baseline: within it are the usual ups and downs
MIN_COVERAGE = 0.8  # of the steps of baseline and episode


class Level(NamedTuple):
    """Calls of a source to a destination, baseline and episode; connecting left out where there is anything else.

    `calls` is their number in the baseline; seconds are means per call, failed ratios failures over calls. `error` is
    the standard error of the rise in seconds; the p are of the rises (NaN: not decidable; 1: within the usual);
    `n_before` is how many independent steps the baseline is worth. The usual highs are the upper ends of the band of
    three standard deviations in which the steps of the baseline lie (of durations on a logarithmic scale). `steps` are
    those of the episode with calls, `sick_steps` those beyond the usual highs, `usual_sick_ratio` the share that is so
    in the baseline (after Laplace: never 0). Failures are over attempts: calls, and failures that never became one,
    which are `uncalled_ratio` of the attempts of the episode. `late_ratio` is the share of the failures beyond those of
    the baseline that were connected and got no answer in time; 0 if any was not connected, NaN without new failures.
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
    steps: float = 0.0
    sick_steps: float = 0.0
    usual_sick_ratio: float = float("nan")
    late_ratio: float = float("nan")
    uncalled_ratio: float = 0.0


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
    late, unconnected, uncalled = (_of_kind(rows, kind, edges) for kind in ("late", "unconnected", "uncalled"))
    tried = np.maximum(calls + uncalled, np.nan_to_num(failed))
    share = np.divide(failed, tried, out=np.full(len(calls), np.nan), where=np.isfinite(tried) & (tried > 0))
    covered = all(np.isfinite(calls[part]).mean() >= MIN_COVERAGE for part in (before, after) if part.any())
    if not (before & busy).any() or not (after & busy).any() or not covered:
        return UNKNOWN._replace(calls=float(np.nansum(calls[before])))
    log = np.log(np.maximum(mean, SMALLEST_SECONDS))
    raw = change(mean[before & busy], mean[after & busy], floor=SMALLEST_SECONDS)
    lost_b, lost_a = (share[part & np.isfinite(share)] for part in (before, after))
    high_seconds = float(np.exp(log[before & busy].mean() + BAND * max(float(log[before & busy].std()), SPREAD)))
    high_ratio = float(lost_b.mean() + BAND * lost_b.std()) if len(lost_b) else float("nan")
    beyond = (mean > high_seconds) | (share > max(np.nan_to_num(high_ratio), FAILED_RISE))
    mean_b, mean_a = (float(np.nansum(seconds[p & busy]) / np.nansum(calls[p & busy])) for p in (before, after))
    failed_b, failed_a = (float(np.nansum(failed[p]) / max(np.nansum(tried[p]), 1)) for p in (before, after))
    by_time, by_loss = 1.0, 1.0  # nobody asks for the p of what is within the usual
    if mean_a > high_seconds:
        by_time = change(log[before & busy], log[after & busy], floor=SPREAD).p_value
    if failed_a - failed_b >= FAILED_RISE:
        by_loss = change(lost_b, lost_a, floor=FAILED_RISE / 5).p_value
    return Level(
        float(np.nansum(calls[before])),
        mean_b,
        mean_a,
        failed_b,
        failed_a,
        abs(raw.difference / raw.t) if raw.t else 0.0,
        _either(by_time, raw.p_value),
        by_loss,
        raw.n_before,
        high_seconds,
        high_ratio,
        float(np.count_nonzero(after & busy)),
        float(np.count_nonzero(beyond & after & busy)),
        (np.count_nonzero(beyond & before & busy) + 1) / (np.count_nonzero(before & busy) + 2),
        _late(failed, late, unconnected, (before, after)),
        float(uncalled[after].sum() / max(np.nansum(tried[after]), 1)),
    )


def _of_kind(rows: Sequence[Calls], kind: str, edges: np.ndarray) -> np.ndarray:
    """Return how many failures of a kind there were in each step; 0 where none is known."""
    parts = [np.nan_to_num(finished(r.times, r.kinds[kind], edges)) for r in rows if kind in r.kinds]
    return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros(len(edges) - 1)


def _late(failed: np.ndarray, late: np.ndarray, unconnected: np.ndarray, parts: tuple[np.ndarray, np.ndarray]) -> float:
    """Return which share of the new failures of an episode were read timeouts; NaN without any."""
    before, after = parts
    scale = float(after.sum()) / max(float(before.sum()), 1.0)
    fresh = [float(np.nansum(x[after]) - scale * np.nansum(x[before])) for x in (failed, late, unconnected)]
    if not fresh[0] >= 1:
        return float("nan")
    return 0.0 if fresh[2] > 0 else min(max(fresh[1] / fresh[0], 0.0), 1.0)


def _either(a: float, b: float) -> float:
    """Return the p of the smaller of two, paid for twice (Bonferroni); of the one that is known; NaN for neither."""
    known = [p for p in (a, b) if np.isfinite(p)]
    return min(2 * min(known), 1.0) if len(known) == 2 else known[0] if known else float("nan")


def _total(parts: list[np.ndarray]) -> np.ndarray:
    stack = np.stack(parts)
    known = np.isfinite(stack)
    return np.where(known.any(axis=0), np.where(known, stack, 0.0).sum(axis=0), np.nan)


def _errors(n: np.ndarray) -> np.ndarray:
    """Return how many standard errors are as sure as `SURE` of them, by Student's t of so many independent steps."""
    from scipy.special import ndtr, stdtrit  # imported late: half a CPU second that a notebook need not pay

    return np.asarray(np.maximum(stdtrit(np.maximum(n - 1, 1.0), ndtr(SURE)), SURE))


def well_beside(level: Level, harm_seconds: float) -> bool:
    """Return whether calls surely had nothing of a harm that others saw, though their own usual level is hardly known.

    Parameters
    ----------
    level : Level
        Of another source, at a destination that got worse for the service.
    harm_seconds : float
        Largest rise that was seen [s].

    Notes
    -----
    As spared in `states_of`, with the quantile of Student's t for as few independent steps as there are (at least 3).

    Examples
    --------
    >>> calm = Level(900, 0.01, 0.011, 0.0, 0.0, 0.002, float("nan"), 1.0, 4, 0.02, 0.0, 20, 0, 0.05)
    >>> well_beside(calm, 2.0), well_beside(calm, 0.1), well_beside(calm._replace(n_before=2.0), 2.0)
    (True, False, False)
    """
    if not level.n_before >= LEAST_STEPS or not level.before_seconds + harm_seconds > level.usual_high_seconds:
        return False
    errors = float(_errors(np.array([level.n_before]))[0])
    lost = level.failed_after_ratio - level.failed_before_ratio
    rise = level.after_seconds - level.before_seconds
    return bool(lost < FAILED_RISE and rise + errors * level.error_seconds < MINOR * harm_seconds)


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
    >>> states_of([slow, calm, calm._replace(n_before=2)])
    ('worse', 'spared', 'unknown')
    """
    if not levels:
        return ()
    table = np.array(levels, dtype=float).reshape(len(levels), -1)
    rise, lost = table[:, 2] - table[:, 1], table[:, 4] - table[:, 3]
    slower = (table[:, 6] <= ALPHA) & (table[:, 2] > table[:, 9])
    failing = (table[:, 7] <= ALPHA) & (lost >= FAILED_RISE) & (table[:, 4] > table[:, 10])
    several = len(levels) > SEVERAL
    known = table[:, 8] >= MIN_EFFECTIVE_SIZE
    if several:
        known &= table[:, 8] >= MANY_STEPS / 2
    steady = table[:, 8] >= (MANY_STEPS * (1 + np.log10(len(levels) / SEVERAL)) if several else MIN_EFFECTIVE_SIZE)
    heavy = table[:, 0] >= FEW * table[known, 0].sum()
    if several:
        slower, failing = slower & known, failing & known
    worst = rise[slower & heavy].max(initial=harm_seconds)
    worse = (slower & (rise >= MINOR * worst)) | failing
    would_show = table[:, 1] + worst > table[:, 9]  # a rise like the worst one would leave its usual band
    surely_minor = rise + _errors(table[:, 8]) * table[:, 5] < MINOR * worst
    spared = steady & would_show & ~worse & ~(lost >= FAILED_RISE) & surely_minor
    return tuple(
        "worse" if w else "spared" if s else "open" if k else "unknown"
        for w, s, k in zip(worse, spared, known, strict=True)
    )
