"""The five tests of a load of calls: as of any dose, but its rise is compared with the bulk of the bad requests too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from analysis.correlate.known import median_of_known
from analysis.correlate.onset import chance_of_near, rises
from analysis.findings import TESTS, Measured, Test, number, passed, undecided, value, verdict_of
from analysis.hypotheses.association import COINCIDENCE, TOGETHER_STEPS
from analysis.hypotheses.calls.levels import MINOR
from analysis.hypotheses.calls.scene import Scene
from analysis.hypotheses.case import Case
from analysis.hypotheses.trial import Dose, five_tests, sick_baseline

__all__ = ["LEVEL_UNKNOWN", "at_another_time", "five_tests_of_calls", "only_if_specific"]

LEVEL_UNKNOWN = "the usual duration of the calls is not known: too few independent steps in the baseline"


def at_another_time(tests: tuple[Test, ...]) -> tuple[Test, ...]:
    """Return tests of a dose that did rise, but not near the symptom, so that no reason says that it did not rise.

    Parameters
    ----------
    tests : tuple of Test
        The five.

    Examples
    --------
    >>> late = Test("timing", False, -25.0, reason="rose later than the symptom")
    >>> at_another_time((late, undecided("reversal", "it did not rise with the symptom")))[1].reason
    'it rose, but not when the symptom did'
    """
    if tests[0].passed is not False or not (tests[0].reason or "").startswith("rose"):
        return tests
    why = "it rose, but not when the symptom did"
    return tests[0], *(
        undecided(t.name, why) if t.reason == "it did not rise with the symptom" else t for t in tests[1:]
    )


def only_if_specific(tests: tuple[Test, ...], reason: str = "") -> tuple[Test, ...]:
    """Return tests that support nothing without a control: then the magnitude is undecided, for the same reason.

    Parameters
    ----------
    tests : tuple of Test
        The five.
    reason : str
        Why a passed specificity does not do either; empty: it does.

    Examples
    --------
    >>> bare = *(Test(name, True) for name in ("timing", "magnitude", "dose")), undecided("specificity", "no control")
    >>> verdict_of(bare), verdict_of(only_if_specific(bare))
    ('supported', 'insufficient')
    """
    control = next(t for t in tests if t.name == "specificity")
    if verdict_of(tests) != "supported" or (control.passed and not reason):
        return tests
    why = reason or control.reason or ""
    return tuple(
        replace(t, passed=None, reason=why, words=f"not decidable: {why}; {t.words}") if t.name == "magnitude" else t
        for t in tests
    )


def five_tests_of_calls(
    case: Case, scene: Scene, dose: Dose, *, magnitude: Test, specificity: Callable[[], Test]
) -> tuple[Test, ...]:
    """Run the five tests of a load of calls on an episode.

    Parameters
    ----------
    case : Case
        Symptom and incident.
    scene : Scene
        The episode.
    dose : Dose
        On the scene's grid.
    magnitude, specificity
        The suspect's own tests; the second is run only if it is needed.

    Returns
    -------
    tuple of Test
        As of `trial.five_tests`. A load that rose after the first bad requests, but together with the bulk of them, is
        not too late: where an incident grows, half of its height comes later than its beginning, and half of the load
        is to be compared with half of the bad requests under way. It passes if at most a tenth of their time lay before
        the load rose, and a rise as near is rare by chance; else timing is undecided.
    """
    if all(d.state == "unknown" for d in scene.destinations):
        return tuple(undecided(name, sick_baseline(case) or LEVEL_UNKNOWN) for name in TESTS)
    tests = five_tests(case, scene.episode, dose, magnitude=magnitude, specificity=specificity())
    tests = at_another_time(tests)
    timing, step = tests[0], float(np.diff(scene.edges[:2])[0]) / 1e6
    if timing.passed is True or timing.value is None or not timing.value < -TOGETHER_STEPS * step:
        return tests
    during, bad = scene.during, scene.bad
    starts = [rises(x, 0.0, median_of_known(x[during])) for x in (bad, dose.value)]
    first = np.flatnonzero(during)[0] if during.any() else 0
    near = [found[found >= first - TOGETHER_STEPS] for found in starts]
    if not len(near[0]) or not len(near[1]) or abs(int(near[0][0]) - int(near[1][0])) > TOGETHER_STEPS:
        return tests
    n, lag = len(dose.value), int(near[0][0]) - int(near[1][0])
    before = float(bad[during & (np.arange(n) < near[1][0])].sum() / bad[during].sum())
    chance = chance_of_near(len(starts[1]), abs(lag), n)
    measured = Measured(timing.value, "s", timing.low, timing.high, n, chance)
    told = f"it rose {number(-timing.value)} s after the first bad request, but together with the bulk of them"
    if before <= MINOR and chance <= COINCIDENCE:
        words = f"{told}: {value(before, 'ratio').text} of the time of bad requests lay before"
        return passed("timing", measured, words), tests[1], tests[2], specificity(), tests[4]
    return undecided("timing", told, measured), tests[1], tests[2], specificity(), tests[4]
