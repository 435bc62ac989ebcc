"""YAML as people write it: a repeated key is an error, keys are text, and times stay text with their offset."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

__all__ = ["parse_yaml"]

MERGE, TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """safe_load, but times stay text and a repeated key is an error."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _unique_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key must be plain text", problem_mark=key.start_mark)
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
        seen.add(key.value)
        if key.tag != MERGE:
            key.tag = TEXT  # `on:` and `no:` are names
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def parse_yaml(text: str | bytes) -> Any:
    """Return what a YAML document holds; nothing but plain data is ever made of it.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or a key stands twice; `problem_mark` says where.

    Examples
    --------
    >>> parse_yaml("start: 2026-11-22T18:04:30Z")
    {'start': '2026-11-22T18:04:30Z'}
    """
    return yaml.load(text, Loader=_Loader)
