"""Frames of noise with known changes, for the tests of the ranking."""

import numpy as np
import pandas as pd

from analysis.window import Window


def autoregressive(n, k, phi, seed):
    """AR(1) of unit variance, started in its stationary distribution; shape (n, k)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k))
    phi = np.broadcast_to(phi, k)
    for i in range(1, n):
        x[i] = phi * x[i - 1] + np.sqrt(1 - phi**2) * x[i]
    return x


def noise(n=70, k=3, *, phi=0.0, seed=1, step="60s"):
    times = pd.date_range("2026-01-01", periods=n, freq=step, tz="UTC")
    return pd.DataFrame(autoregressive(n, k, phi, seed), index=times, columns=[f"c{i}" for i in range(k)])


def windows(frame, m=10):
    """The incident, m samples at the end, and all before it."""
    t = frame.index
    return Window(t[-m - 1], t[-1]), Window(t[0], t[-m - 1])


def described(**columns):
    """An `about` from column=(entity, kind)."""
    return pd.DataFrame.from_dict(columns, orient="index", columns=["entity", "kind"])
