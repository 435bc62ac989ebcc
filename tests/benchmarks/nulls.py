"""Null series whose true number of independent values is known, and the bounds that a calibrated test keeps on them.

Bounds (at nominal 5 %): true n_eff >= 30: 3-7 % false positives among the decided, 93-97 % coverage; 10 to 30: at most
10 %, at least 90 %; below 10: at most 10 % of all replicates are positive, the refused ones included. To each bound two
standard errors of its own replicates are added: with 2,000 decided that is 0.8 points at 3 %, 1.1 at 7 %, 1.3 at 10 %.
A test that is conservative by nature, because its statistic is a count, is held to the upper bound alone.
"""

import numpy as np
from scipy.signal import lfilter

ROWS = 2000
BURN = 300
RATE, SWING, JITTER = 100.0, 0.2, 0.05  # a counter: increments per step, log sd of its rate, scrape times off by this
BURSTS, BURST_SWING = 200.0, 0.5  # a counter whose rate is far from normal, also where it does not linger
UNKNOWN = 0.2


def null_rows(kind, phi, n, seed, rows=ROWS):
    """Rows of an AR(1) of unit variance: normal, t3 innovations, exp of it, a steady or bursty counter, gaps."""
    rng = np.random.default_rng(seed)
    shape = (rows, n + BURN)
    noise = rng.standard_t(3, shape) / np.sqrt(3) if kind == "t3" else rng.standard_normal(shape)
    x = lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=1)[:, BURN:]
    if kind == "lognormal":
        return np.exp(x)
    if kind == "counter":  # its rate is constant where phi is 0
        late = rng.uniform(-JITTER, JITTER, (rows, n + 1))
        rate = RATE * np.exp(SWING * x) if phi else RATE
        return rng.poisson(rate * (1 + np.diff(late, axis=1))).astype(float)
    if kind == "bursty":
        return rng.poisson(BURSTS * np.exp(BURST_SWING * x)).astype(float)
    if kind == "gaps":
        x[rng.random(x.shape) < UNKNOWN] = np.nan
    if kind == "clustered":  # three holes of a tenth
        at = (rng.integers(0, n, (rows, 3, 1)) + np.arange(n // 10)) % n
        np.put_along_axis(x, at.reshape(rows, -1), np.nan, axis=1)
    return x


def autocorrelations(kind, phi, n):
    """True autocorrelation at lags 1 .. n - 1."""
    rho = phi ** np.arange(1, n)
    if kind == "lognormal":
        return np.expm1(rho) / np.expm1(1)
    if kind == "counter":  # wander of the rate, Poisson noise, and a jitter that moves counts to the next step
        mean = RATE * np.exp(SWING**2 / 2) if phi else RATE
        wander = mean**2 * np.expm1(SWING**2) if phi else 0.0
        jitter = JITTER**2 / 3 * (mean**2 + wander)
        covariance = mean**2 * np.expm1(SWING**2 * rho) if phi else np.zeros(n - 1)
        covariance[0] -= jitter
        return covariance / (wander + mean + 2 * jitter)
    if kind == "bursty":
        mean = BURSTS * np.exp(BURST_SWING**2 / 2)
        return mean * np.expm1(BURST_SWING**2 * rho) / (mean * np.expm1(BURST_SWING**2) + 1)
    return rho


def true_size(kind, phi, n, *, part=None, pair=False):
    """Number of independent values; of a contrast of n part and the rest; of pairs of two such series."""
    known = {"gaps": 1 - UNKNOWN, "clustered": 0.73}.get(kind, 1.0)
    rho = autocorrelations(kind, phi, n)
    if pair:
        rho, known = rho**2, known**2
    held = 1.0 if kind == "clustered" else known
    size = n * known / (1 + 2 * held * float(rho.sum()))
    return size if part is None else 4 * part * (1 - part) * size


def allowance(rate, count):
    return 2 * np.sqrt(rate * (1 - rate) / count) if count else 1.0


class Ledger:
    """Judges cells, prints a line for each, and at the end how many kept their bounds."""

    def __init__(self, name):
        self.name, self.cells, self.outside = name, 0, []

    def judge(self, what, size, p, *covered, conservative=False, timid=False):
        """Print the rates over all and among the decided, refusals and coverage; assert the bounds of the true size.

        A cell that is known to be `timid` counts as outside where it is, in its line and in the sum, but raises only
        if it errs too often.
        """
        p = np.asarray(p, float)
        decided = np.isfinite(p)
        m, positive = int(decided.sum()), float(np.mean(p <= 0.05))
        share = float(np.mean(p[decided] <= 0.05)) if m else 0.0
        coverage = [float(np.mean(np.asarray(c)[decided])) for c in covered if m]
        if size >= 30:
            low, high, least, most = 0.03 - allowance(0.03, m), 0.07 + allowance(0.07, m), 0.93, 0.97
        else:
            low, high, least, most = 0.0, 0.10 + allowance(0.10, m), 0.90, 1.0
        good = (0.0 if conservative else low) <= share <= high
        slack = allowance(1 - least, m)
        good &= all(least - slack <= c <= (1.0 if conservative else most + slack) for c in coverage)
        good = bool(good) if size >= 10 else positive <= 0.10 + allowance(0.10, len(p))
        bold = share > high or any(c < least - slack for c in coverage)
        self.cells += 1
        words = f"n_eff={size:6.1f} all={positive:.3f} decided={share:.3f} refused={1 - decided.mean():.3f}"
        words += "".join(f" covered={c:.3f}" for c in coverage) + (" (upper bound only)" if conservative else "")
        print(f"{self.name} {what:28s} {words}{'' if good else '  <-- OUTSIDE'}")
        if not good:
            self.outside.append(what)
        assert good or (timid and size >= 10 and not bold), f"{self.name} {what}: {words}"

    def close(self):
        kept = self.cells - len(self.outside)
        print(f"== {self.name}: {kept} of {self.cells} cells within their bounds", *self.outside)
