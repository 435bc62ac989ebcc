"""Values of expected.csv: Java literals and small sums of them, without Java."""

import ast
import operator
import re
from typing import Any

TOLERANCE = re.compile(r"\s*\(tolerance ([\d.eE+-]+)\)\s*$")
UNITS = {"bytes": 1, "kilobytes": 1 << 10, "megabytes": 1 << 20, "gigabytes": 1 << 30}
CASTS = re.compile(r"\(\s*(?:long|int|double|float)\s*\)|(?<=\d)[LlDdFf]\b")
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def tolerance_of(text: str) -> tuple[str, float]:
    """Split "1.5 (tolerance 0.1)"; without one a millionth."""
    found = TOLERANCE.search(text)
    return (text[: found.start()].strip(), float(found[1])) if found else (text.strip(), 1e-6)


def number(text: str) -> float:
    """Return the value of numbers, `+ - * /`, casts and sizes ("kilobytes(20 * 1024)"); ValueError for anything else.

    >>> number("(long) 2568199604"), number("kilobytes(20 * 1024)"), number("1.5 - 1 / 4")
    (2568199604, 20971520, 1.25)
    """
    try:
        return _value(ast.parse(CASTS.sub("", text).strip(), mode="eval").body)
    except (SyntaxError, KeyError) as error:
        raise ValueError(f"no number: {text}") from error


def _value(node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_value(left), _value(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.Call(func=ast.Name(id=unit), args=[argument]):
            return UNITS[unit] * _value(argument)
    raise ValueError(f"no number: {ast.dump(node)}")


def words(text: str) -> str:
    """Return a Java string or enum constant without quotes, wrappers and class names.

    >>> words('"GC pause (young)"'), words("GCEventType.YOUNG_GC"), words('equalTo("GC (x; ')
    ('GC pause (young)', 'YOUNG_GC', 'GC (x; ')
    """
    text = re.sub(r"^\s*(?:equalTo|startsWith)\(", "", text)
    if text.startswith('"') or '"' in text:
        return text.replace('"', "")
    return re.sub(r"^(?:[A-Za-z]+\.)+", "", text.strip())
