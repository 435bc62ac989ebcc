"""The tests that every hypothesis shares: timing, dose, specificity, reversal. Magnitude is each hypothesis's own."""

from __future__ import annotations

import numpy as np

from analysis.correlate.effect import Change, autocorrelation, effective_size
from analysis.correlate.onset import chance_of_near, rises
from analysis.correlate.shift import contrast_shift_test, rank_shift_test
from analysis.findings import Test, null, number, value
from analysis.hypotheses.panel import Panel
from analysis.signals.requests import Episode

__all__ = ["dose_test", "recovery_test", "specificity_test", "timing_test"]

ALPHA = 0.05
TOGETHER_STEPS = 2  # an order is claimed only beyond two steps
LOOK_BACK_STEPS = 12


def levels(panel: Panel, episode: Episode, baseline: np.ndarray) -> tuple[float, float]:
    """Return the median dose in the baseline steps and in the episode."""
    inside = panel.held_by(episode.window)
    return float(np.nanmedian(panel.dose[baseline])), float(np.nanmedian(panel.dose[inside]))


def timing_test(panel: Panel, episode: Episode, change: Change, *, q_value: float, floor: float) -> Test:
    """Does the dose rise first or together with the symptom, at the data's resolution?

    Parameters
    ----------
    panel : Panel
        Dose and symptom.
    episode : Episode
        The stretch to explain.
    change : Change
        Of the dose, baseline to episode.
    q_value : float
        Of that change, among all suspects; NaN: not decidable.
    floor : float
        Smallest rise that counts, in the unit of the dose.

    Returns
    -------
    Test
        value: lead [s], positive where the suspect moved first; p: chance of a rise as near, placed at random.
    """
    step, n = panel.step_seconds, len(panel.dose)
    if change.difference < floor:
        words = f"it did not rise with the symptom (change {value(change.difference, 'ratio').text} of periods)"
        return Test("timing", False, unit="s", n=n, reason="no rise", words=words)
    if not np.isfinite(q_value):
        return null(
            "timing",
            f"the baseline is worth {number(change.n_before)} independent steps, ten are needed to know its level",
        )
    if q_value > ALPHA:
        return null("timing", f"its rise is not beyond its own variation among all suspects (q = {number(q_value, 2)})")
    low, high = _levels(panel, episode, change)
    symptom = panel.step_of(episode.window.start_us + 1)
    all_rises = rises(panel.dose, low, high)
    reach = max(round(episode.window.duration_seconds / step), LOOK_BACK_STEPS)
    last = panel.step_of(episode.window.end_us)
    near = all_rises[(all_rises >= symptom - reach) & (all_rises <= last)]
    if not len(near):
        words = f"it stood at its level already more than {value(reach * step, 'seconds').text} before the symptom"
        return Test("timing", False, unit="s", n=n, reason="rose long before the symptom", words=words)
    onset = int(near[np.argmin(np.abs(near - symptom))])
    lead = symptom - onset
    p = chance_of_near(len(all_rises), abs(lead), n)
    limits = {"low": (lead - 1) * step, "high": (lead + 1) * step}
    resolution = value(step, "seconds").text
    if abs(lead) <= TOGETHER_STEPS:
        words = (
            f"it rose together with the symptom (lead {number(lead * step)} s; steps of {resolution}, "
            "no order can be told within two)"
        )
    elif lead > 0:
        words = f"it rose {number(lead * step)} s before the symptom (steps of {resolution})"
    else:
        words = f"it rose {number(-lead * step)} s after the symptom began"
        return Test("timing", False, lead * step, "s", **limits, n=n, p_value=p, reason="rose later", words=words)
    return Test("timing", True, lead * step, "s", **limits, n=n, p_value=p, words=words)


def _levels(panel: Panel, episode: Episode, change: Change) -> tuple[float, float]:
    high = float(np.nanmedian(panel.dose[panel.held_by(episode.window)]))
    return high - max(change.difference, 0.0), high


def dose_test(panel: Panel, keep: np.ndarray) -> Test:
    """Does more of the suspect go with more of the symptom?

    Parameters
    ----------
    panel : Panel
        Dose and symptom.
    keep : ndarray of bool, shape (n,)
        Steps to study: other episodes are left out.

    Returns
    -------
    Test
        value: Spearman's rho; p over all circular shifts.
    """
    known = keep & np.isfinite(panel.dose) & np.isfinite(panel.share)
    x, y = panel.dose[known], panel.share[known]
    found = rank_shift_test(x, y)
    if not np.isfinite(found.value):
        return null("dose", "dose or symptom does not vary")
    if found.n < 1 / ALPHA:
        return null("dose", f"{found.n} steps: no shift of the series could reach a chance of five percent")
    n_eff = effective_size(found.n, autocorrelation(x) * autocorrelation(y))
    low, high = _fisher(found.value, n_eff)
    shown = {"value": found.value, "low": low, "high": high, "n": found.n, "p_value": found.p_value}
    chance = f"rank correlation {number(found.value, 2)}, p = {number(found.p_value, 2)} against shifts in time"
    if found.value <= 0:
        words = f"steps with more of it had no more bad requests ({chance})"
        return Test("dose", False, unit="rho", **shown, reason="no positive association", words=words)  # type: ignore[arg-type]
    if found.p_value <= ALPHA:
        words = f"steps with more of it had more bad requests ({chance})"
        return Test("dose", True, unit="rho", **shown, words=words)  # type: ignore[arg-type]
    reason = f"not distinguishable from chance ({chance})"
    return Test("dose", None, unit="rho", **shown, reason=reason, words=reason)  # type: ignore[arg-type]


def _fisher(rho: float, n_eff: float) -> tuple[float | None, float | None]:
    if n_eff <= 4:
        return None, None
    centre, width = np.arctanh(np.clip(rho, -0.999999, 0.999999)), 1.96 / np.sqrt(n_eff - 3)
    return float(np.tanh(centre - width)), float(np.tanh(centre + width))


def specificity_test(panel: Panel, controls: dict[str, np.ndarray], inside: np.ndarray, outside: np.ndarray) -> Test:
    """Did the suspect rise while others of its kind did not?

    Parameters
    ----------
    panel : Panel
        Dose of the suspect.
    controls : dict of str to ndarray, shape (n,)
        Dose of the others on the same grid; those with a gap in more than a fifth of the steps are left out.
    inside, outside : ndarray of bool, shape (n,)
        Steps of the episode, and those to compare with.

    Returns
    -------
    Test
        value: rise of the suspect over the median of the controls; p over all circular shifts.
    """
    usable = {k: v for k, v in controls.items() if np.isfinite(v).mean() >= 0.8}
    if not usable:
        return null("specificity", "nothing to compare with: no other container has a limit and enough samples")
    matrix = np.stack(list(usable.values()))
    rise = float(np.nanmean(panel.dose[inside]) - np.nanmean(panel.dose[outside]))
    others = np.array([_mean(v[inside]) - _mean(v[outside]) for v in matrix])
    spared = float(np.nanmean(others < rise / 2))
    contrast = panel.dose - np.array(
        [np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else np.nan for c in matrix.T]
    )
    known = np.isfinite(contrast) & (inside | outside)
    i, o = inside & known, outside & known
    if not i.any() or not o.any():
        return null("specificity", "no step in which suspect and controls are both known")
    weights = np.where(i, 1 / i.sum(), np.where(o, -1 / o.sum(), 0.0))[known]
    found = contrast_shift_test(contrast[known], weights)
    spread = 1.96 * float(np.std(contrast[i], ddof=1)) / np.sqrt(max(i.sum() - 1, 1)) if i.sum() > 1 else 0.0
    shown = {
        "value": found.value, "low": found.value - spread, "high": found.value + spread,
        "n": len(usable), "p_value": found.p_value,
    }  # fmt: skip
    few = round(spared * len(usable))
    words = (
        f"{few} of {len(usable)} other containers did not rise with it (p = {number(found.p_value, 2)} against shifts)"
    )
    if spared < 0.5 and len(usable) >= 2:
        return Test("specificity", False, unit="ratio", **shown, reason="others rose as well", words=words)  # type: ignore[arg-type]
    if spared >= 0.5 and found.p_value <= ALPHA:
        return Test("specificity", True, unit="ratio", **shown, words=words)  # type: ignore[arg-type]
    reason = f"not distinguishable from chance: {words}"
    return Test("specificity", None, unit="ratio", **shown, reason=reason, words=reason)  # type: ignore[arg-type]


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def recovery_test(panel: Panel, episode: Episode, change: Change, *, drain_seconds: float, until_us: int) -> Test:
    """Does the symptom go when the suspect goes?

    Parameters
    ----------
    panel : Panel
        Dose and symptom; reaching beyond the episode.
    episode : Episode
        The stretch to explain.
    change : Change
        Of the dose, baseline to episode.
    drain_seconds : float
        How long requests that were caught may still take [s].
    until_us : int
        Until when requests were recorded [us]: an end is seen only before it.

    Returns
    -------
    Test
        value: end of the symptom less end of the dose [s]; p: chance of an end as near, placed at random.
    """
    step, n = panel.step_seconds, len(panel.dose)
    low, high = _levels(panel, episode, change)
    falls = np.sort(n - 1 - rises(panel.dose[::-1], low, high))  # the last held step of each stretch
    since = falls[falls >= panel.step_of(episode.window.start_us + 1)]
    quiet_seconds = (until_us - episode.window.end_us) / 1e6
    if not len(since) or since[0] >= n - TOGETHER_STEPS or quiet_seconds < TOGETHER_STEPS * step:
        return null("reversal", "the recording does not show how it ended")
    stamps = panel.edges[1:][since]
    before = stamps[stamps <= episode.window.end_us + TOGETHER_STEPS * 1e6 * step]
    symptom_end, fall = episode.window.end_us, int(before[-1] if len(before) else stamps[0])
    lag = (symptom_end - fall) / 1e6
    allowed = TOGETHER_STEPS * step + drain_seconds
    p = chance_of_near(len(falls), round(abs(lag) / step), n)
    shown = {"value": lag, "low": lag - step, "high": lag + step, "n": n, "p_value": p}
    if lag > allowed:
        words = f"bad requests went on for {value(lag, 'seconds').text} after it had ended"
        return Test("reversal", False, unit="s", **shown, reason="the symptom outlived it", words=words)  # type: ignore[arg-type]
    if lag < -allowed:
        return null("reversal", f"it went on for {value(-lag, 'seconds').text} after the last bad request")
    words = f"the symptom ended with it (last bad request {number(lag)} s after the last held step)"
    return Test("reversal", True, unit="s", **shown, words=words)  # type: ignore[arg-type]
