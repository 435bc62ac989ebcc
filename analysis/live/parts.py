"""What a capture has fetched so far: one pair of Parquet files a question, found again after an interruption."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.asked import Asked
from analysis.live.span import Span
from analysis.series import iso
from analysis.sources.prometheus import SampleTable, read_samples, write_samples
from analysis.sources.prometheus.sample_files import read_series
from analysis.store import WORK, replace_atomically

__all__ = ["Parts", "address_of"]

PLAN = "plan.json"
CONTINUED_SECONDS = 3600.0


def address_of(source: str, name: str, promql: str, span: Span, *, step_seconds: float | None, mode: str) -> str:
    """Return the address of an answer: the same question to the same server has the same one.

    Parameters
    ----------
    source : str
        Name of the server, without credentials.
    name, promql : str
        The question: its id and its text.
    span : Span
        The window.
    step_seconds : float or None
        Of a grid.
    mode : str
        raw or range.

    Examples
    --------
    >>> len(address_of("http://localhost:9090", "targets/up", "up", Span(0, 60_000_000), step_seconds=None, mode="raw"))
    32
    """
    parts = [source, name, promql, span.start_us, span.end_us, step_seconds, mode]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Parts:
    """The folder of a capture under way, below raw/.

    A part is there once its record is, which is written last; a part without one is fetched again.
    """

    folder: Path

    @classmethod
    def of(cls, raw: Path) -> Parts:
        """Return the parts of an incident, made if there are none."""
        folder = raw / WORK / "parts"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder)

    def begin(self, plan: dict[str, Any], spans: tuple[Span, ...], now: pd.Timestamp) -> tuple[Span, ...]:
        """Return the spans of the capture that was begun for the same plan, else begin one with these.

        Parameters
        ----------
        plan : dict
            All that a capture depends on; another plan begins anew, but parts that it shares are used.
        spans : tuple of Span
            Of a new capture. One that is continued within the hour keeps its own, though time has passed: so it ends
            as it would have. Later only if these are the same: what has happened since is wanted, too.
        now : Timestamp
            The time.
        """
        path = self.folder / PLAN
        text = json.dumps(plan, sort_keys=True)
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            before = tuple(Span(int(start), int(end)) for start, end in held["spans"])
            fresh = (now - pd.Timestamp(held["begun_at"])).total_seconds() < CONTINUED_SECONDS
            if held["plan"] == text and (fresh or before == spans):
                return before
        except (OSError, ValueError, KeyError, TypeError):
            pass  # none, or one that a full disk cut short: a new one
        document = {"plan": text, "spans": [[s.start_us, s.end_us] for s in spans], "begun_at": iso(now)}
        replace_atomically(path, lambda p: p.write_text(json.dumps(document), encoding="utf-8"))
        return spans

    def keep(self, asked: Asked, table: SampleTable) -> None:
        """Keep an answer; it is found again only once all of it is on the disk."""
        series, samples, record = self._paths(asked.address)
        replace_atomically(series, lambda s: replace_atomically(samples, lambda v: write_samples(table, s, v)))
        replace_atomically(record, lambda p: p.write_text(json.dumps(asked.as_dict()), encoding="utf-8"))

    def find(self, address: str) -> Asked | None:
        """Return the record of an answer that is there already."""
        try:
            return Asked.read(json.loads(self._paths(address)[2].read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def table(self, address: str) -> SampleTable:
        """Return the samples of an answer."""
        series, samples, _ = self._paths(address)
        return read_samples(series, samples)

    def labels(self, address: str) -> tuple[dict[str, str], ...]:
        """Return the labels of an answer's series, without reading a sample."""
        return tuple(dict(found) for found in read_series(self._paths(address)[0])["labels"])

    def forget(self) -> None:
        """Remove all parts: they are in the store."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)

    def _paths(self, address: str) -> tuple[Path, Path, Path]:
        return (
            self.folder / f"{address}.series.parquet",
            self.folder / f"{address}.samples.parquet",
            self.folder / f"{address}.json",
        )
