"""A scene knows which steps it is about, what got worse, and how little counts."""

import numpy as np

from analysis.hypotheses.calls.scene import Scene
from analysis.signals.requests import Episode
from tests.signals.samples import at, window


def test_steps_worse_and_floor():
    edges = at(np.arange(0, 101, 5.0))
    bad = np.where(np.arange(20) >= 10, 20.0, 0.0)
    nothing = np.zeros(0)
    scene = Scene(Episode(1, window(50, 100), 100, 50, 50, 0), edges, (nothing, nothing), bad, 0 * bad, (), ())
    assert scene.during.tolist() == [False] * 10 + [True] * 10
    assert scene.worse == ()
    assert scene.floor == 0.2
    assert (scene.place, scene.pods) == (None, ())
