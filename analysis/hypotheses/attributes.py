"""Which label values are over-represented among the bad requests, and which of them only by the company they keep."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.correlate.attributes import Contrast, category_contrast
from analysis.correlate.effect import adjust_fdr
from analysis.errors import AnalysisError

__all__ = ["AttributeContrast", "attribute_contrast"]

NOT_RECORDED = "not recorded"
OUTCOMES = ("bad", "duration_seconds", "failed", "slow", "status")  # what a request became, not what it was
WIDTHS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300)
FULL_BLOCK = 20  # requests that a block of time should hold on average, so that there is something to compare with
FDR = 0.05
MOST_CONDITIONAL = 20  # values whose effect is studied beside every other label
ALIKE = 0.05  # of its requests have another value beside them: the two labels cannot be told apart
COLUMNS = ("count", "bad", "share_with", "share_without", "difference", "low", "high", "p_value", "excess")


class AttributeContrast(NamedTuple):
    """The result of `attribute_contrast`: `table`, `conditional`, `not_tested`, and the width of a block [s]."""

    table: pd.DataFrame
    conditional: pd.DataFrame
    not_tested: pd.DataFrame
    block_seconds: float


class _Label(NamedTuple):
    """A label as codes of its values."""

    name: str
    codes: np.ndarray
    values: pd.Index


def attribute_contrast(
    requests: pd.DataFrame, *, labels: tuple[str, ...] | None = None, block_seconds: float | None = None
) -> AttributeContrast:
    """Rank the label values of requests by how many bad requests they hold beyond what their time explains.

    Parameters
    ----------
    requests : DataFrame, shape (n, labels)
        Index end (UTC), column bad (bool), duration_seconds [s] if known, and labels of any type; an empty or missing
        value is a value of its own, "not recorded".
    labels : tuple of str, optional
        Columns to study; by default all that do not say the outcome (duration_seconds, failed, slow, status, bad).
    block_seconds : float, optional
        Width of a block of time [s]; by default the shortest round width that holds 20 requests on average.

    Returns
    -------
    AttributeContrast
        `table`, a row each (label, value), the most suspect first: count, bad, share_with and share_without (of all
        requests), difference of shares among requests sent in the same block with low and high, p_value, q_value,
        excess (bad requests beyond what their blocks explain), explained_by (labels beside which less than half of
        the difference is left), inseparable_from (labels from which it cannot be told), reason. `conditional`: the
        difference of the first values beside each other label. `not_tested`: label, reason.

    Raises
    ------
    AnalysisError
        If bad is no column of bool, the times have no offset, the width is not positive, or a label is unknown.

    Notes
    -----
    A request belongs to the block in which it was sent (end less duration): slow ones end among others than those
    they met. A value that is merely busy when everything is bad has no excess, since it is compared with the other
    requests of its block; one that never shares a block with others cannot be tested. See `category_contrast`.

    Examples
    --------
    >>> end = pd.date_range("2026-11-22T18:00:00Z", periods=2000, freq="100ms")
    >>> pod = np.array([f"api-{i % 7}" for i in range(2000)])
    >>> table = attribute_contrast(pd.DataFrame({"pod": pod, "bad": pod == "api-3"}, index=end)).table
    >>> table["value"].iloc[0], float(table["difference"].iloc[0])
    ('api-3', 1.0)
    """
    names = _names(requests, labels)
    bad, sent = requests["bad"].to_numpy(), _sent_us(requests)
    width = _width_seconds(sent) if block_seconds is None else float(block_seconds)
    if not width > 0:
        raise AnalysisError("the block has no width", where="block_seconds", expected="seconds, above 0", next="widen")
    block = (sent - sent.min()) // max(round(width * 1e6), 1) if len(sent) else sent
    found = [_encoded(name, requests[name]) for name in names]
    single = [label for label in found if len(label.values) < 2]
    several = [label for label in found if len(label.values) > 1]
    parts = [(label, category_contrast(label.codes, bad, block)) for label in several]
    table = _table(parts)
    beside = _conditional(table, [label for label, c in parts if np.isfinite(c.p_value).any()], bad, block)
    skipped = [(label.name, _why_single(label)) for label in single]
    skipped += [(label.name, _why_untested(len(c.rows))) for label, c in parts if np.isnan(c.p_value).all()]
    not_tested = pd.DataFrame(skipped, columns=["label", "reason"], dtype="str")
    return AttributeContrast(_ranked(table, beside), beside, not_tested, width)


def _names(requests: pd.DataFrame, labels: tuple[str, ...] | None) -> tuple[str, ...]:
    problem = ""
    if "bad" not in requests or requests["bad"].dtype != np.bool_:
        problem = "there is no column bad of bool"
    elif not isinstance(requests.index, pd.DatetimeIndex) or requests.index.tz is None:
        problem = "the index holds no times with an offset"
    elif not requests.columns.is_unique:
        problem = "columns of the same name"
    elif unknown := [name for name in labels or () if name not in requests]:
        problem = f"no such label: {', '.join(unknown)}"
    if problem:
        raise AnalysisError(
            problem, where="requests", expected="an index of UTC times, a column bad and labels",
            next=f"found the columns {', '.join(map(str, requests.columns))}",
        )  # fmt: skip
    return labels if labels is not None else tuple(str(c) for c in requests.columns if c not in OUTCOMES)


def _sent_us(requests: pd.DataFrame) -> np.ndarray:
    """Return when each request was sent [us since epoch]; its end where the duration is unknown."""
    end = np.asarray(pd.DatetimeIndex(requests.index).as_unit("us").asi8)
    if "duration_seconds" not in requests:
        return end
    seconds = requests["duration_seconds"].to_numpy(dtype="f8")
    return np.asarray(end - np.rint(np.where(np.isfinite(seconds), seconds, 0.0) * 1e6).astype("i8"))


def _width_seconds(sent: np.ndarray) -> float:
    """Return the shortest round width whose blocks hold enough requests on average, empty ones left out."""
    for width in WIDTHS_SECONDS:
        if len(sent) >= FULL_BLOCK * len(np.unique((sent - sent.min()) // (width * 1_000_000) if len(sent) else sent)):
            return float(width)
    return float(WIDTHS_SECONDS[-1])


def _encoded(name: str, column: pd.Series) -> _Label:
    codes, values = pd.factorize(column, use_na_sentinel=True)
    texts = np.append(np.array([str(v) or NOT_RECORDED for v in values], dtype=object), NOT_RECORDED)
    numbers, unique = pd.factorize(texts[codes])  # -1, a missing value, is the last text; 1 and "1" are one value
    return _Label(name, numbers.astype("i8"), pd.Index(unique))


def _why_single(label: _Label) -> str:
    if not len(label.values):
        return "there are no requests"
    only = str(label.values[0])
    return "not recorded for any request" if only == NOT_RECORDED else f"all requests have one value, {only}"


def _why_untested(count: int) -> str:
    return f"none of its {count:,} values shares ten independent blocks of time with others"


def _table(parts: list[tuple[_Label, Contrast]]) -> pd.DataFrame:
    columns = ("label", "value", *COLUMNS)
    frames = [
        pd.DataFrame(dict(zip(columns, (label.name, label.values, c.rows, c.marked, *c[2:9]), strict=True)))
        for label, c in parts
    ]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns))
    table = table.astype({"label": "str", "value": "str", **dict.fromkeys(COLUMNS, "f8")})
    return table.assign(q_value=adjust_fdr(table["p_value"].to_numpy()))


def _conditional(table: pd.DataFrame, labels: list[_Label], bad: np.ndarray, block: np.ndarray) -> pd.DataFrame:
    """Return the difference of each value that stands out beside every other label."""
    chosen = table[(table["q_value"] <= FDR) & (table["difference"] > 0)]
    chosen = chosen.sort_values(["excess", "label", "value"], ascending=[False, True, True]).head(MOST_CONDITIONAL)
    rows = []
    for label, other in permutations(labels, 2):
        wanted = chosen[chosen["label"] == label.name]
        if wanted.empty:
            continue
        pooled = np.full(len(label.values), len(wanted))  # all values that do not stand out are one
        pooled[label.values.get_indexer(pd.Index(wanted["value"]))] = np.arange(len(wanted))
        c = category_contrast(pooled[label.codes], bad, block, stratum=other.codes)
        for i, (_, row) in enumerate(wanted.iterrows()):
            numbers = (c.difference[i], c.low[i], c.high[i], c.p_value[i], c.comparable[i])
            rows.append((row["label"], row["value"], other.name, row["difference"], *map(float, numbers)))
    columns = ["label", "value", "beside", "alone", "difference", "low", "high", "p_value", "comparable"]
    return pd.DataFrame(rows, columns=columns)


def _ranked(table: pd.DataFrame, beside: pd.DataFrame) -> pd.DataFrame:
    """Return the table in order: what stands out by itself, what others explain, what is not beyond chance."""
    explained = beside[(beside["high"] < beside["alone"] / 2) & (beside["comparable"] >= 0.5)]
    alike = beside[beside["comparable"] <= ALIKE]
    keys = list(zip(table["label"], table["value"], strict=True))
    why, same = (_joined(part) for part in (explained, alike))
    table = table.assign(explained_by=[why.get(k, "") for k in keys], inseparable_from=[same.get(k, "") for k in keys])
    certain = (table["q_value"] <= FDR) & (table["difference"] > 0)
    unknown = table["p_value"].isna()
    group = np.select([certain & (table["explained_by"] == ""), certain, ~unknown], [0, 1, 2], 3)
    reasons = ("over-represented", "only by the company it keeps", "not beyond chance", "too few blocks to compare")
    table = table.assign(reason=[reasons[g] for g in group], group=group)
    less = (table["group"] == 2) & (table["q_value"] <= FDR)
    table.loc[less, "reason"] = "under-represented"
    ordered = table.sort_values(["group", "excess", "label", "value"], ascending=[True, False, True, True])
    return ordered.drop(columns="group").reset_index(drop=True)


def _joined(part: pd.DataFrame) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], list[str]] = {}
    for label, value, other in zip(part["label"], part["value"], part["beside"], strict=True):
        found.setdefault((label, value), []).append(other)
    return {key: ", ".join(sorted(names)) for key, names in found.items()}
