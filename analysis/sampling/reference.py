"""A reference to a connection string, env:NAME or file:/path, to the string; what it holds is never in an error."""

from __future__ import annotations

import os
import re
from pathlib import Path

from analysis.errors import SpecError

__all__ = ["resolved"]

REFERENCE = re.compile(r"(env):([A-Za-z_][A-Za-z0-9_]*)|(file):(/\S+)")


def resolved(reference: str) -> str:
    """Return the connection string that a reference names.

    Parameters
    ----------
    reference : str
        env:NAME (a variable of the environment) or file:/path (its first line).

    Raises
    ------
    SpecError
        If it is no reference (a connection string itself is refused: it would stand in the shell's history and in the
        list of processes), or what it names is missing or empty.

    Examples
    --------
    >>> os.environ["A_DSN"] = "host=/tmp dbname=a"
    >>> resolved("env:A_DSN")
    'host=/tmp dbname=a'
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise SpecError(
            "a connection must be given by reference, never as the string itself", where="the connection",
            expected="env:NAME or file:/path", next="put the string into a variable or a file and name that",
        )  # fmt: skip
    if match[1]:
        value, what = os.environ.get(match[2], ""), f"the variable {match[2]}"
    else:
        what = "the file of the connection"
        try:
            value = next(iter(Path(match[4]).read_text(encoding="utf-8").splitlines()), "")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise SpecError(
                f"{what} cannot be read: {reason}", where="the connection", expected="a text file of one line",
                next="check the path",
            ) from None  # fmt: skip
    if not value.strip():
        raise SpecError(
            f"{what} is missing or empty", where="the connection", expected="a connection string of libpq",
            next="set it",
        )  # fmt: skip
    return value.strip()
