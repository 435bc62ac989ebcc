"""When each of many series left its level, and how it moves with the symptom."""

from __future__ import annotations

import numpy as np

__all__ = ["co_movement", "first_departures"]

STAYS = 3  # samples, of which most must be out: one outlier is no departure
FEWEST_PAIRS = 5  # below it a correlation is noise


def co_movement(values: np.ndarray, symptom: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each row with the symptom, over the samples both know.

    Parameters
    ----------
    values : ndarray, shape (k, n)
        NaN is unknown.
    symptom : ndarray, shape (n,)
        NaN is unknown.

    Returns
    -------
    ndarray, shape (k,)
        NaN for fewer than 5 pairs, or where one of the two does not move.

    Notes
    -----
    A description, not a test: two series that both step at the incident correlate whatever their relation.

    Examples
    --------
    >>> co_movement(np.array([[1.0, 2, 3, 4, 5], [1, 1, 1, 1, 1]]), np.array([2.0, 4, 6, 8, 10])).round(6).tolist()
    [1.0, nan]
    """
    both = np.isfinite(values) & np.isfinite(symptom)
    n = np.maximum(both.sum(axis=1), 1)
    x, y = np.where(both, values, 0.0), np.where(both, symptom, 0.0)
    dx = np.where(both, x - (x.sum(axis=1) / n)[:, None], 0.0)
    dy = np.where(both, y - (y.sum(axis=1) / n)[:, None], 0.0)
    top, sx, sy = (dx * dy).sum(axis=1), (dx * dx).sum(axis=1), (dy * dy).sum(axis=1)
    tiny = 1e-24 * np.maximum((x * x).sum(axis=1), 1e-300)  # a constant whose mean is rounded does not move
    still = (sx <= tiny) | (sy <= 1e-24 * np.maximum((y * y).sum(axis=1), 1e-300)) | (both.sum(axis=1) < FEWEST_PAIRS)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.clip(top / np.sqrt(sx) / np.sqrt(sy), -1.0, 1.0)
    return np.where(still, np.nan, r)


def first_departures(values: np.ndarray, usual: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return the first sample at which each row passes half of its shift and stays for most of three samples.

    Parameters
    ----------
    values : ndarray, shape (k, n)
        The stretch to search, in order of time; NaN is never out.
    usual, shift : ndarray, shape (k,)
        The level before and how far it moved.

    Returns
    -------
    ndarray of int, shape (k,)
        -1 where there is none.

    Examples
    --------
    >>> first_departures(np.array([[0.0, 9, 0, 0, 8, 9, 9]]), np.array([0.0]), np.array([9.0])).tolist()
    [4]
    """
    with np.errstate(invalid="ignore"):
        gone = (values - usual[:, None]) * np.sign(shift)[:, None] >= np.abs(shift)[:, None] / 2
    gone &= (shift != 0)[:, None] & np.isfinite(shift)[:, None]
    k, n = gone.shape
    if not n:
        return np.full(k, -1)
    total = np.concatenate([np.zeros((k, 1), int), np.cumsum(gone, axis=1)], axis=1)
    ends = np.minimum(np.arange(n) + STAYS, n)
    stays = gone & (2 * (total[:, ends] - total[:, :n]) > ends - np.arange(n))
    return np.where(stays.any(axis=1), stays.argmax(axis=1), -1)
