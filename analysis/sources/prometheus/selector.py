"""`Selector`: a plain PromQL vector selector as matchers, read from text and written back, quoted exactly."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Literal, cast

__all__ = ["Matcher", "Op", "Selector"]

Op = Literal["=", "!=", "=~", "!~"]
Matcher = tuple[str, Op, str]

NAME = "__name__"
_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OP = re.compile(r"=~|!~|!=|=")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`")
_ESCAPE = re.compile(rb"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)")
_PLAIN = dict(zip(b"abfnrtv\\'\"", b"\a\b\f\n\r\t\v\\'\"", strict=True))
# words that PromQL does not take for a metric's name, whatever their case: numbers, and operators between vectors
_RESERVED = frozenset({"inf", "nan", "bool", "on", "ignoring", "group_left", "group_right", "atan2"})
# words that mean something elsewhere: accepted as a name, but written in braces, where they mean nothing else
_KEYWORDS = frozenset({
    "and", "or", "unless", "offset", "by", "without", "sum", "avg", "count", "min", "max", "group", "stddev", "stdvar",
    "topk", "bottomk", "count_values", "quantile", "start", "end", "limitk", "limit_ratio",
})  # fmt: skip


@dataclass(frozen=True)
class Selector:
    r"""Which series: all matchers hold. Regular expressions are anchored at both ends (RE2), as Prometheus has it.

    Parameters
    ----------
    matchers : tuple of (label, op, value)
        `op` is one of = != =~ !~; the metric's name is the label __name__.

    Examples
    --------
    >>> found = Selector.parse('http_requests_total{code=~"5..", path!="/health",}')
    >>> found.matchers[1:], found.name
    ((('code', '=~', '5..'), ('path', '!=', '/health')), 'http_requests_total')
    >>> str(found.narrowed(("pod", "=", 'a"b')))
    'http_requests_total{code=~"5..",path!="/health",pod="a\\"b"}'
    >>> Selector.parse("rate(http_requests_total[5m])") is None
    True
    """

    matchers: tuple[Matcher, ...]

    @classmethod
    def parse(cls, text: str) -> Selector | None:
        """Read a selector; None for anything else: functions, ranges, offset, @, numbers, and what matches everything.

        Parameters
        ----------
        text : str
            PromQL. Strings may stand in double or single quotes or backticks; a trailing comma, comments and the
            quoted names of Prometheus 3 (`{"a.b", "x.y"="z"}`) are understood.

        Notes
        -----
        Grammar: prometheus, promql/parser/lex.go and generated_parser.y; strings: util/strutil/quote.go.
        """
        at = _space(text, 0)
        named = _METRIC.match(text, at)
        matchers: list[Matcher] = []
        if named:
            if named[0].lower() in _RESERVED:
                return None
            matchers.append((NAME, "=", named[0]))
            at = _space(text, named.end())
        if at < len(text):
            within = _braces(text, at)
            if within is None:
                return None
            matchers += within
        fixed = sum(label == NAME and named is not None for label, _, _ in matchers)
        if fixed > 1 or all(_matches_absence(op, value) for _, op, value in matchers):
            return None
        return cls(tuple(matchers))

    def __str__(self) -> str:
        """Return PromQL; the name stands before the braces where it is fixed and may stand there."""
        name = self.name if _METRIC.fullmatch(self.name) else ""
        if sum(label == NAME for label, _, _ in self.matchers) > 1 or name.lower() in _RESERVED | _KEYWORDS:
            name = ""
        rest = [m for m in self.matchers if not (name and m[0] == NAME)]
        inner = ",".join(f"{_label_text(label)}{op}{_quoted(value)}" for label, op, value in rest)
        return f"{name}{{{inner}}}" if inner or not name else name

    @property
    def name(self) -> str:
        """The metric's name, "" if no matcher fixes it by =."""
        return next((value for label, op, value in self.matchers if (label, op) == (NAME, "=")), "")

    def narrowed(self, *matchers: Matcher) -> Selector:
        """Return the selector with more matchers; one that is there already is not added again."""
        return Selector((*self.matchers, *dict.fromkeys(m for m in matchers if m not in self.matchers)))


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _braces(text: str, at: int) -> list[Matcher] | None:
    """Read `{...}` up to the end of the text."""
    if text[at] != "{":
        return None
    matchers: list[Matcher] = []
    at = _space(text, at + 1)
    while at < len(text) and text[at] != "}":
        one = _matcher(text, at)
        if one is None:
            return None
        matchers.append(one[0])
        at = one[1]
        if at < len(text) and text[at] == ",":
            at = _space(text, at + 1)
        elif at >= len(text) or text[at] != "}":
            return None
    return matchers if at < len(text) and _space(text, at + 1) == len(text) else None


def _matcher(text: str, at: int) -> tuple[Matcher, int] | None:
    """Read one matcher, or the quoted name of Prometheus 3; return it and where the next thing begins."""
    plain = _LABEL.match(text, at)
    label, at = (plain[0], plain.end()) if plain else _string(text, at)
    if label is None:
        return None
    at = _space(text, at)
    op = _OP.match(text, at)
    if op is None:
        return None if plain else ((NAME, "=", label), at)
    value, at = _string(text, _space(text, op.end()))
    return None if value is None else ((label, cast("Op", op[0]), value), _space(text, at))


def _string(text: str, at: int) -> tuple[str | None, int]:
    found = _STRING.match(text, at)
    return (_unquoted(found[0]), found.end()) if found else (None, at)


def _unquoted(text: str) -> str | None:
    """Return what a quoted string says; None if an escape is unknown or the bytes are no UTF-8."""
    quote, inner = text[0], text[1:-1]
    if quote == "`":
        return inner
    try:
        return _ESCAPE.sub(lambda found: _escaped(found, ord(quote)), inner.encode()).decode()
    except (ValueError, OverflowError):  # an escape beyond Unicode or a byte, a lone surrogate, bytes that are no text
        return None


def _escaped(found: re.Match[bytes], quote: int) -> bytes:
    one, byte, octal, short, long = found.groups()
    if one is not None:
        if one in b"'\"" and one[0] != quote:
            raise ValueError(one)
        return bytes([_PLAIN[one[0]]])
    if byte is not None:
        return bytes([int(byte, 16)])
    if octal is not None:
        return bytes([int(octal, 8)])
    if short is None and long is None:
        raise ValueError("unknown escape")
    return chr(int(short or long, 16)).encode()


def _label_text(label: str) -> str:
    return label if _LABEL.fullmatch(label) else _quoted(label)


def _quoted(text: str) -> str:
    """Return text in double quotes; control characters and U+FFFD (the lexer takes it for broken UTF-8) as escapes."""
    return '"' + re.sub(r'[\\"\x00-\x1f\x7f\ufffd]', lambda found: _escape_of(found[0]), text) + '"'


def _escape_of(char: str) -> str:
    return {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}.get(char, f"\\u{ord(char):04x}")


def _matches_absence(op: Op, value: str) -> bool:
    """Whether a matcher holds for a series without the label: a selector needs one that does not."""
    if op in ("=", "!="):
        return (value == "") == (op == "=")
    try:
        with warnings.catch_warnings():  # about syntax that means another thing in RE2
            warnings.simplefilter("ignore")
            return (re.fullmatch(value, "") is not None) == (op == "=~")
    except (re.error, OverflowError, RecursionError):  # RE2 that Python does not know: the server decides
        return False
