"""incident.yaml for a pack: what the author said, paths of the pack, and nothing that leads into the house."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pandas as pd
import yaml

from analysis.pack.promql import scrubbed_promql
from analysis.pack.scrub import Scrubber
from analysis.spec import Spec

__all__ = ["SpecCopy", "references_in", "spec_copy"]

REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/\S+")
INWARD = frozenset((
    "prometheus", "url", "auth", "from", "kubeconfig", "context", "headers", "tenant", "ca", "cert", "key", "token",
    "proxy", "endpoint", "dsn", "password",
))  # fmt: skip
QUERIES = frozenset(("promql", "expr"))


class SpecCopy(NamedTuple):
    """The text of the spec, and what of it was left out."""

    text: str
    left_out: tuple[str, ...]


def references_in(value: Any) -> Iterator[str]:
    """Yield the references to secrets anywhere in a document.

    Examples
    --------
    >>> list(references_in({"a": [{"auth": "env:TOKEN"}], "b": "text"}))
    ['env:TOKEN']
    """
    if isinstance(value, str):
        yield from REFERENCE.findall(value)
    elif isinstance(value, dict):
        for member in value.values():
            yield from references_in(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from references_in(member)


def spec_copy(spec: Spec, sources: dict[str, Any], scrub: Scrubber) -> SpecCopy:
    """Return the spec of a pack as YAML.

    Parameters
    ----------
    spec : Spec
        Of the incident.
    sources : dict
        What stands under `sources` in the pack.
    scrub : Scrubber
        Of the pack.
    """
    left_out = list[str]()
    given = spec.model_dump(mode="python", exclude_unset=True)
    inward = sorted(INWARD & given.get("sources", {}).keys())
    left_out += [f"sources.{name}: it leads into the house" for name in inward]
    given["sources"] = sources
    plain = _plain(given, (), left_out, lambda text: scrubbed_promql(text, scrub))
    made: dict[str, Any] = plain if isinstance(plain, dict) else {}
    # a label that the author compares with a role stays that of the samples
    text = yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=110)
    return SpecCopy(text, tuple(left_out))


def _plain(value: Any, where: tuple[str, ...], left_out: list[str], query: Callable[[str], str]) -> Any:
    """Return a value as YAML writes it, without secrets and places inside the house."""
    if isinstance(value, pd.Timestamp):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        made = dict[str, Any]()
        for key, member in value.items():
            place = (*where, str(key))
            inside = where[:1] == ("sources",) and key in INWARD
            if inside or (isinstance(member, str) and REFERENCE.fullmatch(member)):
                left_out.append(f"{'.'.join(place)}: it leads into the house")
                continue
            made[str(key)] = _plain(member, place, left_out, query)
        return made
    if isinstance(value, list | tuple):
        return [_plain(member, where, left_out, query) for member in value]
    if isinstance(value, str) and where and where[-1] in QUERIES:
        return query(value)
    return value
