"""Kubernetes events and deployments for a pack: the fields that are read, messages without what is personal."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pandas as pd

from analysis.pack.files import CannotRedactError, csv_bytes, differences, write_as_named
from analysis.pack.scrub import Scrubber
from analysis.sources.kubernetes import DEPLOYMENT_COLUMNS, read_deployments, read_events

__all__ = ["pack_deployments", "pack_events"]

STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"


def pack_events(source: Path, target: Path, scrub: Scrubber) -> tuple[str, ...]:
    """Write events as a List of core/v1 with no more than what is read; return what was left out.

    Raises
    ------
    EvidenceError
        If they cannot be read.
    CannotRedactError
        If the copy would not read the same.
    """
    frame, report = read_events(source)
    begins = pd.DatetimeIndex(frame.index).strftime(STAMP)
    ends = pd.DatetimeIndex(frame["end"]).strftime(STAMP)
    items = [
        {
            "kind": "Event",
            "involvedObject": {name: scrub.text(row[name]) for name in ("kind", "namespace", "name")},
            **{name: scrub.text(row[name]) for name in ("reason", "type", "message")},
            "firstTimestamp": begin,
            "lastTimestamp": end,
            "count": row["count"],
        }
        for begin, end, row in zip(begins, ends, frame.to_dict("records"), strict=True)
    ]
    document = {"apiVersion": "v1", "kind": "List", "items": items}
    write_as_named(target, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    again, _ = read_events(target)
    texts = dict.fromkeys(("kind", "namespace", "name", "reason", "type", "message"), scrub.text)
    if wrong := differences(frame, again, texts):
        raise CannotRedactError(f"the copy would not read the same: {', '.join(wrong)}")
    return (f"{report.unrecognised} items that were not understood",) if report.unrecognised else ()


def pack_deployments(source: Path, target: Path, scrub: Scrubber) -> tuple[str, ...]:
    """Write deployments with images of public registries as they are, and who deployed as a pseudonym.

    Raises
    ------
    EvidenceError
        If they cannot be read.
    CannotRedactError
        If the copy would not read the same.
    """
    frame, report = read_deployments(source)
    texts = dict.fromkeys(("namespace", "deployment", "revision", "status"), scrub.text) | {
        "image": scrub.image, "user": lambda t: scrub.personal(t, "who deployed"),
    }  # fmt: skip
    for image in frame["image"]:
        scrub.image(image)  # tags tell which texts are versions and no addresses
    cells: dict[str, list[object]] = {"started_at": list(pd.DatetimeIndex(frame.index).strftime(STAMP))}
    for name in DEPLOYMENT_COLUMNS:
        column = frame[name]
        if name == "finished_at":
            cells[name] = [t.strftime(STAMP) if t == t else "" for t in column]
        elif name == "replicas":
            cells[name] = ["" if value != value else repr(value) for value in column.tolist()]
        else:
            cells[name] = [texts[name](value) for value in column]
    write_as_named(target, csv_bytes(list(cells), zip(*cells.values(), strict=True)))
    again, _ = read_deployments(target)
    if wrong := differences(frame, again, texts):
        raise CannotRedactError(f"the copy would not read the same: {', '.join(wrong)}")
    return (f"{report.unrecognised} rows that were not understood",) if report.unrecognised else ()
