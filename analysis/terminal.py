"""What the command line prints: tables and documents on stdout, progress and problems on stderr."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from analysis.series import Coverage
    from analysis.store import Manifest
    from analysis.suspects.ranking import Ranking
    from analysis.suspects.wide import Wide

__all__ = ["err", "out", "said_when_slow", "show_coverage", "show_frozen", "show_ranking"]

out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, soft_wrap=True, highlight=False)
QUIET_SECONDS = 2.0  # work that takes longer says what it is doing
TOP = 10


def show_coverage(signals: Sequence[Coverage], targets: Sequence[tuple[str, ...]]) -> None:
    """Print how much of every signal is there, and of every scrape target: heads, then a row each."""
    table = Table("signal", "present", "share", "resolution", "gaps", box=None, title="Coverage in the incident window")
    for row in signals:
        step = "unknown" if row.resolution_seconds is None else f"{row.resolution_seconds:g} s"
        gaps = "; ".join(f"{a} to {b}" for a, b in row.gaps)
        table.add_row(Text(row.signal), f"{row.present} of {row.expected}", f"{row.ratio:.0%}", step, gaps)
    out.print(table)
    if targets:
        scraped = Table(*targets[0], box=None, title="Samples of each scrape target", title_justify="left")
        for cells in targets[1:]:
            scraped.add_row(*map(Text, cells))
        out.print(scraped)


def show_frozen(folder: Path, manifest: Manifest) -> None:
    """Print how much is frozen now."""
    total = sum(e.bytes for e in manifest.entries)
    text = f"{len(manifest.entries)} files, {total / 1e6:.1f} MB frozen in {folder / 'raw'}"
    out.print(Text(f"{text}; {len(manifest.skipped)} passed over"))


@contextmanager
def said_when_slow() -> Iterator[Callable[[str], None]]:
    """Give a function that notes the step under way; steps are printed to stderr once two seconds have passed."""
    steps: list[str] = []
    late = threading.Event()

    def say() -> None:
        late.set()
        if steps:
            err.print(Text(f"{steps[-1]} ..."))

    def progress(step: str) -> None:
        steps.append(step)
        if late.is_set():
            err.print(Text(f"{step} ..."))

    timer = threading.Timer(QUIET_SECONDS, say)
    timer.daemon = True
    timer.start()
    try:
        yield progress
    finally:
        timer.cancel()


def show_ranking(ranking: Ranking, wide: Wide) -> None:
    """Print the first of a ranking, what chance would give, and what was not ranked."""
    from analysis.suspects.document import best_series, headline, reason_counts

    out.print(Text(headline(ranking, wide), style="bold"))
    if ranking.abstained:
        out.print(Text("ABSTAINED: what follows is the order of change, not a list of suspects.", style="bold"))
    where = f"incident {wide.incident.iso_start} to {wide.incident.iso_end}, baseline {wide.baseline.iso_start} to"
    out.print(Text(f"{where} {wide.baseline.iso_end}; symptom: {wide.symptom or 'none'}"))
    best = best_series(ranking)
    entities = [(row, [row["entity"], wide.told(best[row["entity"]]).stat])
                for row in ranking.entities.head(TOP).to_dict("records")]  # fmt: skip
    _print_rows(f"The first {len(entities)} of {len(ranking.entities):,} entities", ["entity", "its series"], entities)
    series = [(row, [row["series"]]) for row in ranking.series.head(TOP).to_dict("records")]
    _print_rows(f"The first {len(series)} of {len(ranking.series):,} series", ["series"], series)
    tested = ranking.series["p_value"]
    passing = int((tested <= 0.05).sum())
    chance = f"{passing} of {int(tested.notna().sum()):,} tested series have p <= 0.05"
    out.print(Text(f"{chance}; {ranking.expected_by_chance:.3g} would by chance"))
    for reason, count, example in reason_counts(ranking):
        out.print(Text(f"not ranked: {count:,} series, {reason} (such as {example})"))
    for remark in ranking.remarks:
        out.print(Text(f"remark: {remark}"))


def _print_rows(title: str, names: list[str], rows: list[tuple[dict[Any, Any], list[str]]]) -> None:
    table = Table("rank", *names, "score", "p", "q", "why", box=None, title=title, title_justify="left")
    for row, cells in rows:
        p, q = (_short(row[c]) for c in ("p_value", "q_value"))
        table.add_row(str(row["rank"]), *map(Text, cells), f"{row['score']:.3g}", p, q, Text(row["reason"]))
    out.print(table)


def _short(value: float) -> str:
    return f"{value:.2g}" if math.isfinite(value) else "–"
