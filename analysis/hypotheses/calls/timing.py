"""The five tests of a load of calls: as of any dose, but its rise is compared with the bulk of the bad requests too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.correlate.known import median_of_known
from analysis.correlate.onset import rises
from analysis.findings import Measured, Test, number, undecided
from analysis.hypotheses.association import TOGETHER_STEPS
from analysis.hypotheses.calls.dose import Scene
from analysis.hypotheses.case import Case
from analysis.hypotheses.trial import Dose, five_tests

__all__ = ["five_tests_of_calls"]


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
        not too late: where an incident grows, half of its height comes later than its beginning; timing is undecided.
    """
    tests = five_tests(case, scene.episode, dose, magnitude=magnitude, specificity=specificity())
    timing = tests[0]
    if timing.passed is not False or timing.value is None or not timing.value < 0:
        return tests
    during = scene.during
    starts = [rises(x, 0.0, median_of_known(x[during])) for x in (scene.bad, dose.value)]
    first = np.flatnonzero(during)[0] if during.any() else 0
    near = [found[found >= first - TOGETHER_STEPS] for found in starts]
    if not len(near[0]) or not len(near[1]) or abs(int(near[0][0]) - int(near[1][0])) > TOGETHER_STEPS:
        return tests
    n = len(dose.value)
    measured = Measured(timing.value, "s", timing.low, timing.high, n, timing.p_value)
    late = number(-timing.value)
    reason = f"it rose {late} s after the first bad request, but together with the bulk of them"
    return undecided("timing", reason, measured), tests[1], tests[2], specificity(), tests[4]
