"""Which category is over-represented among the marked rows? Differences of shares within strata, blocks as units."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Contrast", "category_contrast", "crossed"]

MIN_EFFECTIVE_BLOCKS = 10.0  # independent blocks of time below which a difference is not tested


class Contrast(NamedTuple):
    """One value a category, shape (n_categories,); counts as float, what cannot be known as NaN.

    `rows`, `marked`: rows of the category, and marked ones; `share_with`, `share_without`: share marked of its rows
    and of all others. `difference`: of shares within strata (Mantel-Haenszel), its interval `low`, `high`, and
    two-sided `p_value`; `excess`: marked rows beyond what the strata expect; `comparable`: share of its rows
    whose stratum holds rows of another category; `n_effective`: independent blocks.
    """

    rows: np.ndarray
    marked: np.ndarray
    share_with: np.ndarray
    share_without: np.ndarray
    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_value: np.ndarray
    excess: np.ndarray
    comparable: np.ndarray
    n_effective: np.ndarray


class _Blocks(NamedTuple):
    """Sums of each pair of category and block that can be compared, in order of both, shape (n_pairs,)."""

    code: np.ndarray
    block: np.ndarray
    excess: np.ndarray
    weight: np.ndarray
    variance: np.ndarray


def category_contrast(
    codes: np.ndarray, marked: np.ndarray, block: np.ndarray, *, stratum: np.ndarray | None = None, level: float = 0.95
) -> Contrast:
    """Compare the share of marked rows of each category with that of the other rows in the same block and stratum.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Category of each row, from 0; a number that does not occur is a category without rows.
    marked : ndarray of bool, shape (n,)
        The rows to explain.
    block : ndarray of int, shape (n,)
        Block of time of each row, consecutive blocks having consecutive numbers from 0.
    stratum : ndarray of int, shape (n,), optional
        A second grouping, from 0: rows are compared within block *and* stratum. Without it within the block.
    level : float
        Of the interval.

    Returns
    -------
    Contrast
        Arrays, shape (max(codes) + 1,).

    Raises
    ------
    ValueError
        If the shapes differ, `marked` is not of bool, or another array holds no integers or negative ones.

    Notes
    -----
    In a stratum with x rows of the category, a of them marked, among N rows, B marked: excess a - x B / N, weight
    x (N - x) / N, information v = x (N - x) B (N - B) / (N^2 (N - 1)), the hypergeometric variance of a. The difference
    is sum(excess) / sum(weight) (Mantel and Haenszel 1959; Greenland and Robins 1985).

    Rows of one block are not independent, so blocks are the units. The variance of the excess is that of a ratio
    estimate over blocks (Cochran 1977; Liang and Zeger 1986): m / (m - 1) sum(r^2), with r = excess - v sum(excess) /
    sum(v), the score of one common odds ratio, and m = sum(v)^2 / sum(v^2) blocks (Kish 1965). It is multiplied by
    (1 + phi) / (1 - phi) for the lag-1 autocorrelation phi of r in neighbouring blocks, corrected for its bias as in
    `effect.autocorrelation`, and never taken below sum(v): a few rows that agree by chance do not look certain. It is
    the limit of a block bootstrap without its draws, whose p could not pass a correction for many categories. t with
    n_effective - 1 degrees of freedom, n_effective = m (1 - phi) / (1 + phi); below 10 p and interval are NaN.

    The interval is about the blocks that were seen: how much of their excess may be chance, not how another hour
    would be. A category whose own trouble lasts for several blocks needs longer blocks (benchmark).

    Examples
    --------
    >>> block, codes = np.repeat(np.arange(40), 10), np.tile(np.arange(10) % 2, 40)
    >>> found = category_contrast(codes, (codes == 1) & (block >= 20), block)
    >>> found.difference.tolist(), found.excess.tolist(), bool(found.p_value[1] < 1e-6)
    ([-0.5, 0.5], [-50.0, 50.0], True)
    """
    _check(codes, marked, block, stratum)
    size = int(codes.max()) + 1 if len(codes) else 0
    count = np.bincount(codes, minlength=size).astype(float)
    hits = np.bincount(codes[marked], minlength=size).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        with_, without = hits / count, (hits.sum() - hits) / (count.sum() - count)
    parts, compared = _pairs(codes, marked, block, crossed(block, stratum) if stratum is not None else block)
    excess, weight, floor = (_sum(v, parts.code, size) for v in (parts.excess, parts.weight, parts.variance))
    known = weight > 0
    difference = np.divide(excess, weight, out=np.full(size, np.nan), where=known)
    score = np.divide(excess, floor, out=np.zeros(size), where=floor > 0)
    rest = parts.excess - score[parts.code] * parts.variance
    kish = np.divide(floor**2, _sum(parts.variance**2, parts.code, size), out=np.zeros(size), where=floor > 0)
    phi = _lag_one(parts, rest, kish)
    stretch = (1 + phi) / (1 - phi)
    effective = kish / stretch
    small = np.divide(kish, kish - 1, out=np.ones(size), where=kish > 1)
    variance = np.maximum(_sum(rest**2, parts.code, size) * small * stretch, floor)
    low, high, p = _inference(excess, weight, variance, effective, level)
    compared = np.divide(compared, count, out=np.full(size, np.nan), where=count > 0)
    return Contrast(
        count, hits, with_, without, difference, low, high, p, np.where(known, excess, np.nan), compared, effective
    )


def crossed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return a numbering of the pairs of two groupings, from 0, in order of both, shape (n,).

    Parameters
    ----------
    first, second : ndarray of int, shape (n,)
        From 0.

    Examples
    --------
    >>> crossed(np.array([0, 0, 5]), np.array([3, 1, 1])).tolist()
    [1, 0, 2]
    """
    if not len(first):
        return np.zeros(0, "i8")
    return np.unique(first.astype("i8") * (int(second.max()) + 1) + second, return_inverse=True)[1]


def _check(codes: np.ndarray, marked: np.ndarray, block: np.ndarray, stratum: np.ndarray | None) -> None:
    if marked.dtype != np.bool_:
        raise ValueError(f"expected marked to be of bool, got {marked.dtype}")
    for name, numbers in (("codes", codes), ("block", block), ("stratum", stratum)):
        if numbers is None:
            continue
        if numbers.shape != marked.shape or numbers.ndim != 1:
            raise ValueError(f"shapes do not agree: {name} {numbers.shape}, marked {marked.shape}")
        if not np.issubdtype(numbers.dtype, np.integer) or (len(numbers) and int(numbers.min()) < 0):
            raise ValueError(f"expected {name} to be whole numbers from zero")


def _sum(values: np.ndarray, groups: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(groups, weights=values, minlength=size)


def _pairs(codes: np.ndarray, marked: np.ndarray, block: np.ndarray, cell: np.ndarray) -> tuple[_Blocks, np.ndarray]:
    """Return the sums of each (category, block), and how many rows of each category can be compared."""
    size = int(codes.max()) + 1 if len(codes) else 0
    width = int(cell.max()) + 1 if len(cell) else 1
    keys, place = np.unique(codes.astype("i8") * width + cell, return_inverse=True)
    x, a = np.bincount(place, minlength=len(keys)).astype(float), _sum(marked.astype(float), place, len(keys))
    code, where = np.divmod(keys, width)
    rows, hits = (_sum(v, cell, width)[where] for v in (np.ones(len(cell)), marked.astype(float)))
    of_cell = np.zeros(width, "i8")
    of_cell[cell] = block
    open_ = rows > x
    code, where, x, a, rows, hits = (v[open_] for v in (code, where, x, a, rows, hits))
    compared = _sum(x, code, size)
    excess, weight = a - x * hits / rows, x * (rows - x) / rows
    variance = weight * hits * (rows - hits) / (rows * (rows - 1))
    span = int(block.max()) + 1 if len(block) else 1
    unit, join = np.unique(code * span + of_cell[where], return_inverse=True)
    sums = (_sum(v, join, len(unit)) for v in (excess, weight, variance))
    return _Blocks(*np.divmod(unit, span), *sums), compared


def _lag_one(parts: _Blocks, rest: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the lag-1 autocorrelation of each category's residuals over neighbouring blocks, within [0, 0.99]."""
    size = len(n)
    beside = (np.diff(parts.code) == 0) & (np.diff(parts.block) == 1)
    products = _sum((rest[1:] * rest[:-1])[beside], parts.code[1:][beside], size)
    squares, mass = (_sum(v, parts.code, size) for v in (rest**2, parts.excess**2))
    varies = (squares > 1e-20 * mass) & (n >= 3)
    r = np.divide(products, squares, out=np.zeros(size), where=varies)
    return np.where(varies, np.clip(r + (1 + 3 * r) / np.maximum(n, 1), 0.0, 0.99), 0.0)


def _inference(
    excess: np.ndarray, weight: np.ndarray, variance: np.ndarray, effective: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return low, high and p; NaN where too few blocks are known, and no p where nothing could vary."""
    low, high, p = (np.full(len(excess), np.nan) for _ in range(3))
    sure = (effective >= MIN_EFFECTIVE_BLOCKS) & (variance > 0)
    if sure.any():
        from scipy.special import stdtr, stdtrit  # imported late: half a CPU second that a notebook need not pay

        freedom, error = effective[sure] - 1, np.sqrt(variance[sure])
        half = stdtrit(freedom, (1 + level) / 2) * error
        low[sure] = np.maximum((excess[sure] - half) / weight[sure], -1.0)
        high[sure] = np.minimum((excess[sure] + half) / weight[sure], 1.0)
        p[sure] = 2 * stdtr(freedom, -np.abs(excess[sure]) / error)
    return low, high, p
