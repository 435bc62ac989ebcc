"""Do gaps cluster in a stretch of time? Missing steps inside against outside, the stretch moved over all times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Missingness", "missingness_by_series", "missingness_test"]

MIN_STEPS = 20  # with fewer steps no shift can be as rare as one in twenty
BATCH = 512  # series transformed at once: bounds the memory


class Missingness(NamedTuple):
    """Share missing `inside` and `outside` the stretch, their `difference`, one-sided p (NaN: not decidable), `gaps`.

    `gaps` counts the runs of missing steps. Each field is a number, or an array with one value a series.
    """

    inside: float | np.ndarray
    outside: float | np.ndarray
    difference: float | np.ndarray
    p_value: float | np.ndarray
    gaps: int | np.ndarray


def missingness_test(present: np.ndarray, inside: np.ndarray) -> Missingness:
    """Test whether more is missing inside a stretch than at other places of the stretch; several series as one.

    Parameters
    ----------
    present : ndarray of bool, shape (n_time,) or (n_time, n_series)
        Whether the value of each step of a regular grid is there.
    inside : ndarray of bool, shape (n_time,)
        Steps of the stretch.

    Returns
    -------
    Missingness
        Five numbers; `gaps` counts the stretches of steps at which anything is missing. What is not there is NaN:
        shares without a step or a series, and p where it cannot be decided (see Notes).

    Raises
    ------
    ValueError
        If an array is not of bool, or the shapes do not agree.

    Notes
    -----
    The statistic is the number of missing values inside; p is the share of all n circular shifts of the stretch that
    hold at least as many (Besag and Clifford 1989: the observed one counts). A shift keeps the length of every gap
    and which series are missing together, so neither long gaps nor common ones count as many. p is NaN
    where nothing or everything is missing, no step lies inside or none outside, or n is below 20. A single gap of r
    steps inside a stretch of k steps reaches (k - r + 1) / n at best: a short gap in a long stretch is an accident.
    A series that begins or ends within the recording is a gap too: cut it to its life first.

    Examples
    --------
    >>> inside = np.arange(100) >= 90
    >>> missingness_test(~(np.arange(100) >= 95), inside)
    Missingness(inside=0.5, outside=0.0, difference=0.5, p_value=0.06, gaps=1)
    """
    matrix, mask = _checked(present, inside)
    missing = (~matrix).sum(axis=1)
    found = _contrast(missing[:, None].astype(float), mask, matrix.shape[1])
    inside_, outside, difference, p = (float(v[0]) for v in found)
    return Missingness(inside_, outside, difference, p, int(_runs((missing > 0)[:, None])[0]))


def missingness_by_series(present: np.ndarray, inside: np.ndarray) -> Missingness:
    """Test each series for itself, as `missingness_test` tests one.

    Parameters
    ----------
    present : ndarray of bool, shape (n_time, n_series)
        Whether each value is there.
    inside : ndarray of bool, shape (n_time,)
        Steps of the stretch.

    Returns
    -------
    Missingness
        Five arrays, shape (n_series,). Series that are missing together are no independent witnesses: adjust p.

    Raises
    ------
    ValueError
        If an array is not of bool, or the shapes do not agree.

    Examples
    --------
    >>> present = np.ones((40, 2), bool)
    >>> present[38:, 1] = False
    >>> missingness_by_series(present, np.arange(40) >= 38).p_value.tolist()
    [nan, 0.025]
    """
    matrix, mask = _checked(present, inside)
    parts = [_contrast((~matrix[:, i : i + BATCH]).astype(float), mask, 1) for i in range(0, matrix.shape[1], BATCH)]
    inside_, outside, difference, p = (np.concatenate([np.zeros(0), *(part[k] for part in parts)]) for k in range(4))
    return Missingness(inside_, outside, difference, p, _runs(~matrix))


def _checked(present: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return presence as a matrix, and the mask; refuse what is not of bool or does not fit."""
    if present.dtype != np.bool_ or inside.dtype != np.bool_:
        raise ValueError(f"expected arrays of bool, got {present.dtype} and {inside.dtype}")
    if present.ndim not in (1, 2) or inside.shape != present.shape[:1]:
        raise ValueError(f"shapes do not agree: {present.shape} and {inside.shape}")
    return present if present.ndim == 2 else present[:, None], inside


def _contrast(
    missing: np.ndarray, inside: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return shares inside and outside, difference and p of each column of counts (of `most` a step)."""
    n, k = len(missing), int(inside.sum())
    total, held = missing.sum(axis=0), missing[inside].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = held / (k * most), (total - held) / ((n - k) * most)
    p = np.full(missing.shape[1], np.nan)
    open_ = (total > 0) & (total < n * most)
    if n >= MIN_STEPS and 0 < k < n and open_.any():
        spectrum = np.conj(np.fft.rfft(inside.astype(float)))[:, None] * np.fft.rfft(missing[:, open_], axis=0)
        shifted = np.rint(np.fft.irfft(spectrum, n=n, axis=0))  # counts are whole numbers: no rounding is left
        p[open_] = (shifted >= held[open_]).mean(axis=0)
    return *shares, shares[0] - shares[1], p


def _runs(missing: np.ndarray) -> np.ndarray:
    """Return how many runs of True each column has."""
    begins = missing.copy()
    begins[1:] &= ~missing[:-1]
    return np.asarray(begins.sum(axis=0))
