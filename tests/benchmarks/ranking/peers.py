"""Other people's scorers, in our words from their papers and sources: arrays in, one score per series out."""

import numpy as np
from scipy import stats


def _highest(scaled):
    return np.nan_to_num(np.nanmax(np.where(np.isfinite(scaled), scaled, -np.inf), axis=0), neginf=-1e9)


def n_sigma(before, during, symptom):
    """Largest (x - mean) / std of the incident; a spread of 0 counts as 1 (StandardScaler)."""
    spread = np.nanstd(before, axis=0)
    return _highest((during - np.nanmean(before, axis=0)) / np.where(spread > 0, spread, 1))


def baro(before, during, symptom):
    """BARO's RobustScorer: largest (x - median) / IQR; an IQR of 0 counts as 1 in the unit of the series."""
    low, high = np.nanpercentile(before, [25, 75], axis=0)
    spread = high - low
    return _highest((during - np.nanmedian(before, axis=0)) / np.where(spread > 0, spread, 1))


def percent_change(before, during, symptom):
    """Netdata's "volume": relative change of the mean."""
    old, new = np.nanmean(before, axis=0), np.nanmean(during, axis=0)
    return np.nan_to_num(np.abs(new - old) / np.where(old != 0, np.abs(old), np.nan))


def _ks(before, during):
    out = np.zeros(before.shape[1])
    for j in range(before.shape[1]):
        a, b = before[:, j], during[:, j]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        out[j] = stats.ks_2samp(a, b).statistic if len(a) and len(b) else 0
    return out


def ks2(before, during, symptom):
    """Kolmogorov-Smirnov of the incident against the four times longer stretch before."""
    return _ks(before[-4 * len(during) :], during)


def ks2_differences(before, during, symptom):
    """Netdata's KS2: the same on differences of neighbouring samples."""
    n = 4 * len(during) + 1
    return _ks(np.diff(before[-n:], axis=0), np.diff(np.vstack([before[-1:], during]), axis=0))


def correlation(before, during, symptom):
    """Absolute Pearson correlation with the symptom over all samples."""
    if symptom is None:
        return np.zeros(before.shape[1])
    x = np.vstack([before, during])
    y, out = x[:, symptom], np.zeros(x.shape[1])
    for j in range(x.shape[1]):
        both = np.isfinite(x[:, j]) & np.isfinite(y)
        if both.sum() > 2 and np.ptp(x[both, j]) > 0 and np.ptp(y[both]) > 0:
            out[j] = abs(np.corrcoef(x[both, j], y[both])[0, 1])
    return out


def epsilon_diagnosis(before, during, symptom):
    """Squared correlation of the incident with equally long random normal samples; 0 where the normal never varies."""
    rng, m = np.random.default_rng(0), min(len(during), len(before))
    a, out = during[:m], np.zeros(before.shape[1])
    normal = before[np.sort(rng.choice(len(before), m, replace=False))]
    for j in range(before.shape[1]):
        both = np.isfinite(a[:, j]) & np.isfinite(normal[:, j])
        if both.sum() > 2 and np.ptp(a[both, j]) > 0 and np.ptp(normal[both, j]) > 0:
            out[j] = np.corrcoef(a[both, j], normal[both, j])[0, 1] ** 2
    return out


ALL = {
    "n-sigma (signed)": n_sigma, "BARO RobustScorer": baro, "percent change": percent_change, "KS on values": ks2,
    "KS2 on differences (Netdata)": ks2_differences, "correlation with the symptom": correlation,
    "epsilon-diagnosis": epsilon_diagnosis,
}  # fmt: skip
