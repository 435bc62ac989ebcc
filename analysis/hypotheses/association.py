"""The tests that every hypothesis shares: timing, dose, specificity, reversal. Magnitude is each hypothesis's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analysis.correlate.effect import Change, autocorrelation, effective_size
from analysis.correlate.known import mean_of_known, median_of_known
from analysis.correlate.onset import chance_of_near, rises
from analysis.correlate.shift import contrast_shift_test, rank_shift_test
from analysis.findings import Measured, Test, failed, number, passed, undecided, value
from analysis.hypotheses.panel import Panel
from analysis.signals.requests import Episode

__all__ = ["ALPHA", "FDR", "Rise", "dose_test", "recovery_test", "specificity_test", "timing_test"]

ALPHA = 0.05
FDR = 0.01  # of the change itself, among many suspects of one kind
COINCIDENCE = 0.2  # a rise as near as this often by chance says nothing
TOGETHER_STEPS = 2  # an order is claimed only beyond two steps
LOOK_BACK_STEPS = 12  # a rise this long before the symptom, or an episode's length if that is longer, is not its rise


class Rise(NamedTuple):
    """The change of a dose from baseline to episode: q among all suspects of its kind, how small q must be, in words.

    `floor` is the smallest rise that counts, in the unit of the dose; `told` says the change: "change 12 % of periods".
    """

    change: Change
    q_value: float
    limit: float
    floor: float
    told: str


def timing_test(panel: Panel, episode: Episode, rise: Rise) -> Test:
    """Test whether the dose rises first or together with the symptom, at the data's resolution.

    Parameters
    ----------
    panel : Panel
        Dose and symptom.
    episode : Episode
        The stretch to explain.
    rise : Rise
        Of the dose, baseline to episode; a q of NaN: not decidable.

    Returns
    -------
    Test
        value: lead [s], positive where the suspect moved first; p: chance of a rise as near, placed at random.
    """
    change = rise.change
    step, n = panel.step_seconds, len(panel.dose)
    if change.difference < rise.floor:
        words = f"it did not rise with the symptom ({rise.told})"
        return Test("timing", passed=False, unit="s", n=n, reason="no rise", words=words)
    if not np.isfinite(rise.q_value):
        need = "three are needed to know its level, and three samples in the bad interval"
        return undecided("timing", f"the baseline is worth {number(change.n_before)} independent steps; {need}")
    if rise.q_value > rise.limit:
        told = f"q {number(rise.q_value, 2)}; {rise.told}"
        return undecided("timing", f"its rise is not beyond its own variation among all suspects ({told})")
    found, symptom = rises(panel.dose, *_levels(panel, episode, change)), panel.step_of(episode.begin_us + 1)
    reach = max(round(episode.window.duration_seconds / step), LOOK_BACK_STEPS)
    near = found[(found >= symptom - reach) & (found <= panel.step_of(episode.window.end_us))]
    if not len(near):
        words = f"it stood at its level already more than {value(reach * step, 'seconds').text} before the symptom"
        return Test("timing", passed=False, unit="s", n=n, reason="rose long before the symptom", words=words)
    lead = symptom - int(near[np.argmin(np.abs(near - symptom))])
    chance = chance_of_near(len(found), abs(lead), n)
    measured = Measured(lead * step, "s", (lead - 1) * step, (lead + 1) * step, n, chance)
    resolution = value(step, "seconds").text
    if lead < -TOGETHER_STEPS and _raised(
        panel.dose[symptom : symptom - lead], rise, _levels(panel, episode, change)[0]
    ):
        words = f"it rose in parts, the last of them {number(-lead * step)} s after the symptom began"
        return undecided("timing", words, measured)
    if lead < -TOGETHER_STEPS:
        words = f"it rose {number(-lead * step)} s after the symptom began"
        return failed("timing", measured, words, reason="rose later than the symptom")
    if chance > COINCIDENCE:
        often = value(chance, "ratio").text
        return undecided(
            "timing", f"it rises so often that one as near comes by chance in {often} of placements", measured
        )
    if lead > TOGETHER_STEPS:
        return passed("timing", measured, f"it rose {number(lead * step)} s before the symptom (steps of {resolution})")
    words = (
        f"it rose together with the symptom (lead {number(lead * step)} s; steps of {resolution}, no order within two)"
    )
    return passed("timing", measured, words)


def _raised(early: np.ndarray, rise: Rise, usual: float) -> bool:
    """Return whether the dose of the first steps of the symptom was above the usual by a quarter of the whole rise."""
    return bool(mean_of_known(early) - usual >= max(rise.floor, rise.change.difference / 4))


def _levels(panel: Panel, episode: Episode, change: Change) -> tuple[float, float]:
    """Return the level before and in the episode: its median, and that less the change."""
    high = median_of_known(panel.dose[panel.held_by(episode.window)])
    return high - max(change.difference, 0.0), high


def dose_test(panel: Panel, keep: np.ndarray) -> Test:
    """Test whether more of the suspect goes with more of the symptom.

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
        return undecided("dose", "dose or symptom does not vary")
    if found.n < 1 / ALPHA:
        return undecided("dose", f"{found.n} steps: no shift of the series could reach a chance of five percent")
    n_eff = effective_size(found.n, autocorrelation(x) * autocorrelation(y))
    measured = Measured(found.value, "rho", *_fisher(found.value, n_eff), found.n, found.p_value)
    chance = f"rank correlation {number(found.value, 2)}, p {number(found.p_value, 2)} against shifts in time"
    if found.value <= 0:
        words = f"steps with more of it had no more bad requests ({chance})"
        return failed("dose", measured, words, reason="no positive association")
    if found.p_value <= ALPHA:
        return passed("dose", measured, f"steps with more of it had more bad requests ({chance})")
    return undecided("dose", f"not distinguishable from chance ({chance})", measured)


def _fisher(rho: float, n_eff: float) -> tuple[float | None, float | None]:
    """Return Fisher's interval of a correlation of n_eff independent pairs; None for four or fewer."""
    if n_eff <= 4:
        return None, None
    centre, width = np.arctanh(np.clip(rho, -0.999999, 0.999999)), 1.96 / np.sqrt(n_eff - 3)
    return float(np.tanh(centre - width)), float(np.tanh(centre + width))


def specificity_test(
    panel: Panel, controls: Mapping[str, np.ndarray], inside: np.ndarray, outside: np.ndarray, *, floor: float,
    unit: str = "ratio",
) -> Test:  # fmt: skip
    """Test whether the suspect rose while others of its kind did not.

    Parameters
    ----------
    panel : Panel
        Dose of the suspect.
    controls : dict of str to ndarray, shape (n,)
        Dose of the others on the same grid; those that are known in less than a fifth of the steps are left out.
        An idle container has no elapsed periods: it is not throttled in such a step.
    inside, outside : ndarray of bool, shape (n,)
        Steps of the episode, and those to compare with.
    floor : float
        Smallest rise of the suspect that can be compared.
    unit : str
        Of the dose.

    Returns
    -------
    Test
        value: rise of the suspect over the median of the controls; p over all circular shifts.
    """
    usable = [v for v in controls.values() if np.isfinite(v).mean() >= 0.2]
    if not usable:
        return undecided("specificity", "nothing to compare with: no other of its kind has enough samples")
    matrix = np.ma.masked_invalid(np.stack(usable))
    rise = mean_of_known(panel.dose[inside]) - mean_of_known(panel.dose[outside])
    if not rise >= floor:
        return undecided("specificity", "it did not rise, so there is nothing to compare")
    others = matrix[:, inside].mean(axis=1) - matrix[:, outside].mean(axis=1)
    spared = int(np.count_nonzero(~(np.ma.filled(others, 0.0) >= rise / 2)))
    contrast = panel.dose - np.ma.filled(np.ma.median(matrix, axis=0), 0.0)  # type: ignore[no-untyped-call,unused-ignore]
    known = np.isfinite(contrast) & (inside | outside)
    i, o = inside & known, outside & known
    if not i.any() or not o.any():
        return undecided("specificity", "no step in which suspect and controls are both known")
    weights = np.where(i, 1 / i.sum(), np.where(o, -1 / o.sum(), 0.0))[known]
    found = contrast_shift_test(contrast[known], weights)
    spread = 1.96 * float(np.std(contrast[i], ddof=1)) / np.sqrt(max(i.sum() - 1, 1)) if i.sum() > 1 else 0.0
    low, high = found.value - spread, found.value + spread
    if unit == "ratio":
        low, high = max(low, -1.0), min(high, 1.0)
    measured = Measured(found.value, unit, low, high, len(usable), found.p_value)
    words = (
        f"{spared} of {len(usable)} others did not rise with it (p {number(found.p_value, 2)} against shifts in time)"
    )
    if 2 * spared < len(usable) and len(usable) >= 2:
        return failed("specificity", measured, words, reason="most others rose as well")
    if 2 * spared >= len(usable) and found.p_value <= ALPHA:
        return passed("specificity", measured, words)
    return undecided("specificity", f"not distinguishable from chance: {words}", measured)


def recovery_test(panel: Panel, episode: Episode, change: Change, *, drain_seconds: float, until_us: int) -> Test:
    """Test whether the symptom goes when the suspect goes.

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
    falls = np.sort(n - 1 - rises(panel.dose[::-1], *_levels(panel, episode, change)))  # last held step of each stretch
    since = falls[falls >= panel.step_of(episode.begin_us + 1)]
    quiet_seconds = (until_us - episode.finish_us) / 1e6
    if not len(since) or since[0] >= n - TOGETHER_STEPS or quiet_seconds < TOGETHER_STEPS * step:
        return undecided("reversal", "the recording does not show how it ended")
    stamps = panel.edges[1:][since]
    before = stamps[stamps <= episode.finish_us + TOGETHER_STEPS * 1e6 * step]
    lag = (episode.finish_us - int(before[-1] if len(before) else stamps[0])) / 1e6
    allowed = TOGETHER_STEPS * step + drain_seconds
    measured = Measured(lag, "s", lag - step, lag + step, n, chance_of_near(len(falls), round(abs(lag) / step), n))
    if lag > allowed:
        words = f"bad requests went on for {value(lag, 'seconds').text} after it had ended"
        return failed("reversal", measured, words, reason="the symptom outlived it")
    if lag < -allowed:
        reason = f"it went on for {value(-lag, 'seconds').text} after the last bad request"
        return undecided("reversal", reason, measured)
    when = f"{number(abs(lag))} s {'after' if lag >= 0 else 'before'} the last held step"
    return passed("reversal", measured, f"the symptom ended with it (last bad request {when})")
