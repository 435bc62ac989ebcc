"""Files of saved answers to the answers in them: one, a list, or one after the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from analysis.errors import EvidenceError
from analysis.sources.lines import read_bytes
from analysis.sources.times import NaiveTimeError, epoch_us

__all__ = ["Answer", "answers_of", "instant"]

DEPTH = 3  # lists of lists, or a mapping of named answers, no deeper
KINDS = {"MetricList": "metrics", "Keys": "keys", "Dimensions": "details"}


class Answer(NamedTuple):
    """One response of the API: what `kind` it is, the file it stands in, and the JSON."""

    kind: str
    file: str
    content: dict[str, Any]


def answers_of(path: Path) -> tuple[list[Answer], int]:
    """Return the answers of a file, and how many documents in it are none.

    Parameters
    ----------
    path : Path
        JSON, plain, gzip or zstd: an answer, a list of answers (the pages of a NextToken loop), a mapping of names to
        answers, or several documents one after the other.

    Raises
    ------
    EvidenceError
        If the file cannot be read or is not whole JSON, or holds no answer.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "pi.json")).write_text('[{"MetricList": []}, {"Message": "Throttled"}]')
    ...     answers, others = answers_of(path)
    >>> answers[0].kind, others
    ('metrics', 1)
    """
    data, damaged = read_bytes(path)
    text = data.decode("utf-8-sig", "replace")
    found, others, at = list[Answer](), 0, 0
    try:
        decoder = json.JSONDecoder()
        while at < len(text):
            if text[at].isspace() or text[at] == ",":
                at += 1
                continue
            document, at = decoder.raw_decode(text, at)
            others += _collect(document, path.name, found, DEPTH)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        said = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        cut = ": the compressed file is cut" if damaged else ""
        raise EvidenceError(
            f"not whole JSON ({said} at character {getattr(error, 'pos', at)}){cut}", where=path.name,
            expected="an answer of aws pi as it was printed", next="save the answer again",
        ) from None  # fmt: skip
    if not found:
        raise EvidenceError(
            "no answer of Performance Insights", where=path.name,
            expected="MetricList, Keys or Dimensions, as of aws pi get-resource-metrics, describe-dimension-keys, "
            "get-dimension-key-details", next="give the files that these commands printed",
        )  # fmt: skip
    return found, others


def _collect(document: Any, file: str, found: list[Answer], depth: int) -> int:
    """Add the answers in a document; return how many things in it are none."""
    if isinstance(document, dict):
        kind = next((kind for name, kind in KINDS.items() if isinstance(document.get(name), list)), None)
        if kind is not None:
            found.append(Answer(kind, file, document))
            return 0
        members: list[Any] = [v for v in document.values() if isinstance(v, dict)]
        inner = depth > 1 and [m for m in members if any(isinstance(m.get(name), list) for name in KINDS)]
        return sum(_collect(m, file, found, 1) for m in inner) if inner else 1
    if isinstance(document, list) and depth:
        return sum(_collect(member, file, found, depth - 1) for member in document)
    return 1


def instant(value: Any, where: str) -> int | None:
    """Return a time of an answer [us since the epoch]: seconds, or ISO 8601 with its offset; None if it is no time.

    Raises
    ------
    EvidenceError
        If it has no offset: when it was is not known.

    Examples
    --------
    >>> instant("2026-11-22T20:44:00+03:00", "pi.json") == instant(1795369440.0, "pi.json")
    True
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        return epoch_us(value)
    except NaiveTimeError:
        raise EvidenceError(
            "its times have no offset", where=where, expected="seconds since the epoch, or times with their offset",
            next="save the answer again with aws pi as it prints it",
        ) from None  # fmt: skip
    except (ValueError, OverflowError, TypeError):
        return None
