"""Whether an expression means the same when its range is asked for in pieces."""

from __future__ import annotations

import re

__all__ = ["bare", "is_splittable"]

# strings of PromQL's lexer (an escape keeps a quote from ending one; backticks know none) and comments
_TEXT = re.compile(r"\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`|#[^\r\n]*")
_ENDS = re.compile(r"@\s*(?:start|end)\b", re.IGNORECASE)
# MetricsQL (VictoriaMetrics): functions of the ends of the range, or of all points of it, and what fills absent points
_WHOLE = re.compile(
    r"(?<![\w:.])(?:(?:range|running|topk|bottomk|outliers|bitmap)_\w+|outliersk|limitk|limit_offset|any|histogram|now"
    r"|keep_(?:last|next)_value|interpolate|smooth_exponential|remove_resets|drop_common_labels|increase_pure|start|end"
    r"|rand(?:_\w+)?)\s*\(|[\w)\]}]\s+default\b",
    re.IGNORECASE,
)


def bare(promql: str) -> str:
    """Return an expression with a space for each comment and an empty text for each string.

    Examples
    --------
    >>> bare('rate(a{b="@ end()"}[5m]) # @ end()')
    'rate(a{b=""}[5m])  '
    """
    return _TEXT.sub(lambda found: " " if found[0][0] == "#" else '""', promql)


def is_splittable(promql: str) -> bool:
    """Return whether windows of a range query, put together, are the query of the whole range.

    A range query evaluates its expression at every point by itself, with the samples that lie before that point. So the
    windows put together are the whole bit for bit, also for topk and bottomk (they choose anew at every point), for
    rate, the *_over_time functions and anything that looks back or has an offset (a point's past does not end where a
    window begins), and for subqueries (their points are multiples of their step, wherever the range begins). What does
    not hold is `@ start()` and `@ end()`: they are the ends of the range that was asked for.

    Nor does it for what MetricsQL adds: start(), end(), range_*, running_*, topk_*, outliersk, histogram and others
    that look at all points of the range, any() and limitk(), which choose series once for it, and `default` and the
    likes, which fill points of series that are in the range (measured on VictoriaMetrics 1.79 without its cache, which
    hides it: limitk(3) of series that come and go gives 3 series, in windows 5).

    Two things of VictoriaMetrics are split all the same. Functions of a range (rate, increase, changes) lose up to four
    points at 15 s where a window ends within a gap: those after the last sample are dropped unless the range shows a
    later one. And bottomk is wrong in one piece (an absent series takes a place); smaller windows make it less wrong.

    Parameters
    ----------
    promql : str
        The expression. What is in strings and comments does not count.

    Returns
    -------
    bool
        False also for what merely looks like one of these, such as a subquery at `@ end()` that no series reaches.

    Examples
    --------
    >>> is_splittable("topk(3, rate(a[5m]))"), is_splittable("a / (a @ End ( ))"), is_splittable('a{b="@ end()"}')
    (True, False, True)
    """
    text = bare(promql)
    return _ENDS.search(text) is None and _WHOLE.search(text) is None
