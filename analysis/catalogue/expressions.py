"""Matchers and expressions as PromQL text: exactly quoted, placeholders replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable

from analysis.catalogue.model import Expression
from analysis.errors import SpecError

__all__ = ["Matcher", "matchers_text", "quoted", "quoted_regex", "substitute"]

Matcher = tuple[str, str, str]  # label, one of = != =~ !~, value
_PLACE = re.compile(r"\$(sel|nsel|dbsel|w)\b")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def quoted(value: str) -> str:
    r"""Return a text as a string of PromQL.

    Examples
    --------
    >>> print(quoted('say "hi" \\ bye'))
    "say \"hi\" \\ bye"
    """
    return f'"{value.translate(_ESCAPES)}"'


def quoted_regex(value: str) -> str:
    r"""Return a text as an expression that fits this text only (RE2: only what is special is escaped).

    Examples
    --------
    >>> print(quoted_regex("cart.v2-api"))
    cart\.v2-api
    """
    return _SPECIAL.sub(lambda found: "\\" + found[0], value)


def matchers_text(matchers: Iterable[Matcher]) -> str:
    """Return matchers as PromQL writes them between braces, in their order.

    Examples
    --------
    >>> matchers_text((("namespace", "=", "shop"), ("pod", "=~", "api(-.*)?")))
    'namespace="shop",pod=~"api(-.*)?"'
    """
    return ",".join(f"{label}{op}{quoted(value)}" for label, op, value in matchers)


def substitute(
    expression: Expression,
    dialect: str,
    window_seconds: float,
    *,
    service: Iterable[Matcher] = (),
    nodes: Iterable[Matcher] = (),
    databases: Iterable[Matcher] = (),
) -> str:
    """Return an expression of one dialect as PromQL, its placeholders replaced.

    Parameters
    ----------
    expression : Expression
        Of the catalogue.
    dialect : str
        Which of its forms.
    window_seconds : float
        $w, the window of rate and increase, in whole ms; at least 4 scrapes.
    service, nodes, databases : iterable of (label, operator, value)
        $sel, $nsel and $dbsel; none: everything.

    Raises
    ------
    SpecError
        If it has no form in that dialect, or the window is shorter than 1 ms.

    Examples
    --------
    >>> rate = Expression("calls", "1/s", {"own": 'sum(rate(calls_total{kind="a",$sel}[$w]))'})
    >>> substitute(rate, "own", 60, service=[("namespace", "=", "shop")])
    'sum(rate(calls_total{kind="a",namespace="shop"}[60s]))'
    """
    if dialect not in expression.expr:
        raise SpecError(
            f"the expression {expression.id} has no form in {dialect}",
            where="the catalogue",
            expected=f"one of {', '.join(expression.expr)}",
            next="choose another dialect or expression",
        )
    milliseconds = round(window_seconds * 1000)
    if milliseconds < 1:
        raise SpecError(
            f"a window of {window_seconds} s",
            where=expression.id,
            expected="at least 4 scrape intervals",
            next="give a longer window",
        )
    places = {"sel": matchers_text(service), "nsel": matchers_text(nodes), "dbsel": matchers_text(databases)}
    places["w"] = f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"
    return _PLACE.sub(lambda found: places[found[1]], expression.expr[dialect])
