"""How the metrics were scraped: samples of each target, gaps, `up`, how long scrapes took; the worst first."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import pandas as pd

from analysis.findings import number, value
from analysis.investigation import Investigation
from analysis.signals.recorded_series import Target, recorded
from analysis.signals.sample_coverage import sample_coverage
from analysis.signals.scrape_clock import Beats
from analysis.signals.target_coverage import TargetCoverage, target_coverage
from analysis.views.view import View

__all__ = ["scrape_rows", "scrape_table", "scraped"]

MOST_TARGETS = 20
MOST_DOWNS = 3
SLOWER_TIMES = 10  # a scrape that takes so many times as long as in the baseline ...
SLOW_RATIO = 0.01  # ... and this share of its interval is evidence of a target that hardly ran
COLUMNS = (
    "target", "samples in the incident", "in the baseline", "longest gap in the incident", "up",
    "a scrape took; at most", "in the baseline", "series", "scraped every",
)  # fmt: skip
FIGURE = re.compile(r"(?<=\d) (?=(?:ms|s|min|h|%)\b|%|of \d)|(?<=\d of) (?=\d)")  # numbers and units stay together


def scraped(result: Investigation) -> tuple[TargetCoverage, ...]:
    """Return how much of each scrape target is there, in the incident and in the baseline, the worst first.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Examples
    --------
    >>> from analysis.investigation import investigate
    >>> rows = scraped(investigate("data/incidents/D-quiet-control"))
    >>> {row.window for row in rows} == {"incident", "baseline"}
    True
    """
    evidence, table = result.evidence, result.evidence.samples
    modes = evidence.modes if len(evidence.modes) == len(table.labels) else ()  # () of older captures
    data = recorded(table.labels, table.ids, table.times, table.values, modes=modes, stale=evidence.stale)
    named = {"incident": result.incident.window, "baseline": result.incident.baseline}
    windows = {name: (window.start_us, window.end_us) for name, window in named.items()}
    return target_coverage(data, sample_coverage(data, windows), windows)


def scrape_rows(rows: tuple[TargetCoverage, ...], most: int = MOST_TARGETS) -> list[tuple[str, ...]]:
    """Return the table of targets as text: a row each, and a last one for those beyond `most`.

    Parameters
    ----------
    rows : tuple of TargetCoverage
        From `scraped`.
    most : int
        Targets to show.

    Returns
    -------
    list of tuple of str
        In the columns of `scrape_table`.
    """
    incident = [row for row in rows if row.window == "incident"]
    before = {row.target: row for row in rows if row.window == "baseline"}
    names = _names(incident)
    found: list[tuple[str, ...]] = []
    for row in incident[:most]:
        base = before[row.target]
        every = _every(row.beats, grid=row.target.mode == "range")
        if row.other_intervals:
            every += f"; {row.other_intervals} series keep their own time"
        gap = "none" if row.longest_gap is None else _stretch(*row.longest_gap)
        samples = (names[row.target], _samples(row), _share(base), gap)
        found.append((*samples, _up(row), _took(row), _took(base), _series(row), every))
    if len(incident) > most:
        found.append((_more(incident[most:]), *[""] * (len(COLUMNS) - 1)))
    return found


def scrape_table(result: Investigation) -> View:
    """Return how the metrics were scraped, target by target; of kind `unavailable` without any samples."""
    rows = scraped(result)
    incident = [row for row in rows if row.window == "incident"]
    if not incident:
        text = "no samples of metrics were captured, so nothing that only metrics show can be tested."
        return View("unavailable", {"text": text})
    number_of = f"{len(incident):,} target{'' if len(incident) == 1 else 's'}"
    worst = _thinnest(_names(incident)[incident[0].target], incident[0])
    cells = [[FIGURE.sub("\N{NO-BREAK SPACE}", cell) for cell in row] for row in scrape_rows(rows)]
    data: dict[str, Any] = {
        "caption": f"Scrapes of {number_of}: {worst}", "columns": list(COLUMNS), "rows": cells, "folded": True,
        "lead": _striking(rows), "wide": True,
    }  # fmt: skip
    return View("table", data)


def _thinnest(name: str, worst: TargetCoverage) -> str:
    """Return what the worst target has, and thereby what all that were there have at least."""
    ratio = worst.ratio
    if not worst.series:
        return f"{name} has no sample in the incident"
    if math.isnan(ratio):
        return f"of {name} it is not known how many samples there should be in the incident"
    up = worst.health.up_ratio
    if up < min(ratio, 1):
        return f"of {name}, the worst, {_percent(up)} of the scrapes in the incident succeeded"
    if ratio == 1:
        return "every sample that was expected in the incident is there"
    return f"the thinnest, {name}, has {_percent(ratio)} of its samples in the incident"


def _striking(rows: tuple[TargetCoverage, ...], most: int = 6) -> list[str]:
    """Return sentences on what tells by itself: targets that were down, silent, or hardly answered their scrapes."""
    before = {row.target: row for row in rows if row.window == "baseline"}
    incident, found = [row for row in rows if row.window == "incident"], []
    names, general = _names(incident), []
    there = [row for row in incident if row.series]
    whole = bool(there) and all(row.silent for row in there)
    if whole:
        general.append("All targets fell silent: the recording ends before the incident window does.")
    if len(there) < len(incident):
        gone = len(incident) - len(there)
        general.append(f"Without any sample in the incident: {gone:,} of {len(incident):,} targets.")
    for row in incident:
        name, health, base = names[row.target], row.health, before[row.target].health
        if row.silent and not whole:
            found.append(f"{name}: {row.silent:,} of {row.series:,} series fell silent, with their whole target.")
        if len(health.downs):
            found.append(f"{name}: {_downs(row)}.")
        every = max(row.beats.interval_us) / 1e6
        slower = health.median_seconds >= SLOWER_TIMES * base.median_seconds
        if health.late_ratio > 0 or (slower and health.median_seconds >= SLOW_RATIO * every):
            took, usual = value(health.median_seconds, "seconds").text, value(base.median_seconds, "seconds").text
            found.append(f"{name}: a scrape took {took} in the incident (median), {usual} in the baseline.")
    more = [f"{len(found) - most:,} more of that kind stand in the table."] if len(found) > most else []
    return [*general, *found[:most], *more]


def _names(rows: list[TargetCoverage]) -> dict[Target, str]:
    """Return target -> what to call it: its job, with the instance where the job has several."""
    alone = Counter(row.target.job for row in rows)
    return {row.target: _name(row.target, alone=alone[row.target.job] == 1) for row in rows}


def _name(target: Target, *, alone: bool) -> str:
    name = target.job if alone and target.job else f"{target.job} {target.instance}".strip()
    return f"{name or 'series without a job'}{', on a grid' if target.mode == 'range' else ''}"


def _series(row: TargetCoverage) -> str:
    kinds = {"first seen": row.first_seen, "ended": row.ended, "last seen": row.last_seen, "silent": row.silent}
    told = [f"{count:,} {kind}" for kind, count in kinds.items() if count]
    return "; ".join([f"{row.series:,}", *([", ".join(told)] if told else [])])


def _every(beats: Beats, *, grid: bool) -> str:
    steps = [f"{number(us / 1e6)} s" for us in beats.interval_us]
    if math.isnan(beats.interval_us[0]):
        return "unknown"
    if not beats.regular:
        return f"irregularly, about {steps[0]}"
    later = [f"{s} from {_at(t)}" for s, t in zip(steps[1:], beats.since_us[1:], strict=True)]
    return ", ".join([f"grid of {steps[0]}" if grid else steps[0], *later])


def _samples(row: TargetCoverage) -> str:
    if not row.series:
        return "not there"
    told = f"{row.present:,}, expected: unknown"
    if not math.isnan(row.ratio):
        told = f"{row.present:,} of {row.expected:,.0f} ({_percent(row.ratio)})"
    odd = {"not a number": row.unknown, "twice": row.duplicates}
    return "; ".join([told, *(f"{count:,} {word}" for word, count in odd.items() if count)])


def _share(row: TargetCoverage) -> str:
    return _percent(row.ratio) if row.series else "not there"


def _percent(ratio: float) -> str:
    """Return a share, cut and not rounded: 99.97 % of the samples are not all."""
    return "unknown" if math.isnan(ratio) else f"{number(math.floor(1000 * ratio + 1e-9) / 10)} %"


def _up(row: TargetCoverage) -> str:
    health = row.health
    if not health.scrapes:
        return "not recorded"
    good = f"{round(health.up_ratio * health.scrapes):,} of {health.scrapes:,}"
    times = len(health.downs)
    first = (
        f"; down {f'{times:,} times, first ' if times > 1 else ''}from {_at(int(health.downs[0, 0]))}" if times else ""
    )
    return good + first


def _downs(row: TargetCoverage) -> str:
    """Return how many scrapes failed, and when."""
    health = row.health
    failed = health.scrapes - round(health.up_ratio * health.scrapes)
    when = [f"{_at(a)} to {_at(b)}" if b > a else f"at {_at(a)}" for a, b in health.downs[:MOST_DOWNS].tolist()]
    more = [f"{len(health.downs) - MOST_DOWNS:,} times more"] if len(health.downs) > MOST_DOWNS else []
    return f"{failed:,} of {health.scrapes:,} scrapes failed: {', '.join([*when, *more])}"


def _took(row: TargetCoverage) -> str:
    if math.isnan(row.health.median_seconds):
        return "not recorded"
    told = "; ".join(value(x, "seconds").text for x in (row.health.median_seconds, row.health.max_seconds))
    late = row.health.late_ratio
    return f"{told}; {_percent(late)} took their interval or longer" if late > 0 else told


def _more(rest: list[TargetCoverage]) -> str:
    """Return a line for the targets that are not shown, which are the better ones."""
    shares = [x for row in rest for x in (row.ratio, row.health.up_ratio) if not math.isnan(x)]
    if not shares:
        return f"and {len(rest):,} more, of which it is not known what to expect"
    least = "all" if min(shares) == 1 else f"{_percent(min(shares))} or more of all"
    gone = sum(not row.series for row in rest)
    return f"and {len(rest):,} more, each with {least} that was expected" + (
        f"; {gone:,} were not there" if gone else ""
    )


def _stretch(start: int, end: int) -> str:
    return f"{value((end - start) / 1e6, 'seconds').text} from {_at(start)}"


def _at(time_us: int) -> str:
    return f"{pd.Timestamp(time_us, unit='us', tz='UTC'):%H:%M:%S}"
