"""Does a matrix vary by its rows, by its columns, or by single cells? Two-way sums of squares, gaps allowed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Decomposition", "decomposition"]


class Decomposition(NamedTuple):
    """Shares of the variation (sum 1; NaN: undecidable), p of rows and columns, and how many of each were observed.

    `shared` is variation that rows and columns explain equally well, which only gaps make possible.
    """

    row_share: float
    column_share: float
    interaction_share: float
    shared: float
    row_p_value: float
    column_p_value: float
    n_rows: int
    n_columns: int


def decomposition(matrix: np.ndarray) -> Decomposition:
    """Split the variation of a matrix into rows, columns and interaction, where both can be told apart.

    Parameters
    ----------
    matrix : ndarray, shape (r, c)
        NaN: not observed. Rows and columns without any value are left out.

    Returns
    -------
    Decomposition
        Shares and p are NaN if fewer than two rows or two columns were observed, if the observed cells fall apart in
        groups that share neither row nor column, or if nothing varies; p also without a spare cell.

    Notes
    -----
    F_sd = m + row_s + column_d + rest, by least squares. Row share: what rows explain beyond columns, over all
    variation (type II sums of squares); column share likewise; interaction: the rest. Without gaps these are the shares
    of the classical two-way analysis without repetition, and `shared` is 0. p: F of the row (column) mean square over
    the mean square of the rest (Fisher 1925), for cells of equal error. In pure noise the row share of r rows is near
    (r - 1) / (cells - 1): a share without its p says little.

    Examples
    --------
    >>> m = np.zeros((12, 6))
    >>> m[3] = 1.0
    >>> d = decomposition(m)
    >>> round(d.row_share, 6), round(d.column_share, 6), round(decomposition(m[3:4]).row_share, 6)
    (1.0, 0.0, nan)
    """
    nan = float("nan")
    seen = np.isfinite(matrix)
    kept = np.where(seen, matrix, np.nan)[seen.any(axis=1)][:, seen.any(axis=0)]
    row, column = np.nonzero(np.isfinite(kept))
    r, c = kept.shape
    undecidable = Decomposition(nan, nan, nan, nan, nan, nan, r, c)
    if r < 2 or c < 2:
        return undecidable
    f = kept[row, column]
    largest = float(np.abs(f).max())
    f = f / largest if largest > 0 else f
    f = f - f.mean()
    rows, columns = (np.eye(k)[of] for k, of in ((r, row), (c, column)))
    both = np.concatenate([rows, columns], axis=1)
    total = float(f @ f)
    if total <= 1e-20 * len(f) or np.linalg.matrix_rank(both) < r + c - 1:
        return undecidable
    rest, without_rows, without_columns = (_left_over(design, f) for design in (both, columns, rows))
    by_row, by_column = max(without_rows - rest, 0.0), max(without_columns - rest, 0.0)
    spare = len(f) - (r + c - 1)
    p_row, p_column = (_f_chance(part, k - 1, rest, spare, total) for part, k in ((by_row, r), (by_column, c)))
    shares = by_row / total, by_column / total, rest / total
    return Decomposition(*shares, 1 - sum(shares), p_row, p_column, r, c)


def _left_over(design: np.ndarray, f: np.ndarray) -> float:
    """Return the sum of squares that a least-squares fit leaves."""
    residuals = f - design @ np.linalg.lstsq(design, f, rcond=None)[0]
    return float(residuals @ residuals)


def _f_chance(part: float, freedom: int, rest: float, spare: int, total: float) -> float:
    """Return the chance of as large a ratio of mean squares; NaN without a spare cell."""
    if spare < 1:
        return float("nan")
    if rest <= 1e-12 * total:
        return 0.0 if part > 1e-12 * total else 1.0
    from scipy.special import fdtrc  # imported late: half a CPU second that a notebook need not pay

    return float(fdtrc(freedom, spare, (part / freedom) / (rest / spare)))
