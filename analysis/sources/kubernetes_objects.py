"""Objects of Kubernetes as kubectl and the API write them in JSON: lists, lines, one after the other, cut files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from analysis.sources.lines import Tally
from analysis.sources.times import epoch_us

__all__ = ["documents", "known_times", "listed", "mapping", "text_of"]

LIST_KIND = re.compile(r'"kind"\s*:\s*"(Deployment|ReplicaSet|Event)List"')


def documents(data: bytes, tally: Tally) -> tuple[list[object], bool]:
    """Return the items of a List, of lines, or of objects one after the other; and whether the end is broken.

    Items of a list of one kind (DeploymentList, as the API writes it) get that kind, which they do not have themselves.

    Parameters
    ----------
    data : bytes
        UTF-8.
    tally : Tally
        Lines that are no JSON between others that are, are counted.

    Examples
    --------
    >>> documents(b'{"kind": "DeploymentList", "items": [{"metadata": {}}]} {"kind": "Pod"}', Tally("a.json"))
    ([{'metadata': {}, 'kind': 'Deployment'}, {'kind': 'Pod'}], False)
    """
    text = data.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        return list(_items(msgspec.json.decode(text))), False
    except (ValueError, RecursionError):
        pass
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    found = [(number, line, _object(line)) for number, line in lines]
    if any(document is not None for *_, document in found):
        for number, line, document in found:
            if document is None:
                tally.miss(f"line {number}", line)
        whole = [item for *_, document in found if document is not None for item in _items(document)]
        return whole, found[-1][2] is None and not text.endswith("\n")
    return _stream(text)


def _object(line: str) -> dict[str, Any] | None:
    try:
        document = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document else None


def _items(document: object) -> Iterator[object]:
    """Yield the items of a List, of a watch record ({"type": "ADDED", "object": ...}), or the document itself."""
    if isinstance(document, list):
        yield from document
    elif isinstance(document, dict) and isinstance(document.get("items"), list):
        kind = text_of(document.get("kind")).removesuffix("List")
        yield from (_of_kind(item, kind) for item in document["items"])
    elif isinstance(document, dict) and isinstance(document.get("object"), dict):
        yield document["object"]
    else:
        yield document


def _of_kind(item: object, kind: str) -> object:
    return {**item, "kind": kind} if kind and isinstance(item, dict) and "kind" not in item else item


def _stream(text: str) -> tuple[list[object], bool]:
    """Return objects one after the other; if the first is cut, those of its `items` that are whole."""
    found, broken = _decode_all(text, 0)
    if not found and (start := re.search(r'"items"\s*:\s*\[', text)):
        kind = LIST_KIND.search(text, 0, start.start())
        return [_of_kind(item, kind[1] if kind else "") for item in _decode_all(text, start.end())[0]], True
    return [item for document in found for item in _items(document)], broken


def _decode_all(text: str, at: int) -> tuple[list[object], bool]:
    decoder, found = json.JSONDecoder(), list[object]()
    gap = re.compile(r"[\s,]*")
    while (skipped := gap.match(text, at)) and skipped.end() < len(text):
        try:
            _, end = decoder.raw_decode(text, skipped.end())
            found.append(msgspec.json.decode(text[skipped.end() : end]))
        except (ValueError, RecursionError):
            return found, True
        at = end
    return found, False


def mapping(value: object) -> dict[str, Any]:
    """Return a value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[dict[str, Any]]:
    """Return the objects of a value if it is a list, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(*values: object) -> str:
    """Return the first of the values that is a text and not empty, else the empty text."""
    return next((value for value in values if isinstance(value, str) and value), "")


def known_times(*values: object) -> list[int]:
    """Return those that are times [us]; what is empty, or the zero time of Go, is unknown."""
    return [epoch_us(v) for v in values if isinstance(v, str) and v and not v.startswith("0001-01-01")]
