"""The table of the calls' notebook: each destination before and in each bad interval, and its server's own account."""

from __future__ import annotations

import numpy as np

from analysis.findings import number, value
from analysis.hypotheses.calls.book import book_of, own_calls
from analysis.hypotheses.calls.dose import Destination, Scene, scenes_of
from analysis.hypotheses.calls.inside import gap_of
from analysis.hypotheses.calls.words import account_words
from analysis.investigation import Investigation
from analysis.signals.servers import clock_of
from analysis.views.view import View

__all__ = ["destination_table"]

MOST_ROWS = 30
STATES = {
    "worse": "got worse", "spared": "spared", "open": "not decided", "unknown": "its usual level is not known",
}  # fmt: skip


def destination_table(result: Investigation, most: int = MOST_ROWS) -> View:
    """Return the destinations of the service, and of others that call the same, those with most calls first.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Rows to show.
    """
    columns = ["bad interval", "caller", "destination", "share of calls in the baseline", "mean before", "mean",
               "failed before", "failed", "", "of it outside the server", "server"]  # fmt: skip
    scenes = scenes_of(result.case)
    if not scenes:
        why = "no bad interval was found" if not result.case.symptom.episodes else "no calls were recorded"
        return View("table", {"caption": f"Destinations: {why}", "columns": columns, "rows": [], "folded": False})
    own = result.incident.spec.service.workload
    rows = [_row(s, own, d, _gap(result, s, d)) for s in scenes for d in s.destinations]
    rows += [_row(s, who, d, "") for s in scenes for who, d in s.controls]
    caption = "Destinations of the service, and of others that call the same, before and in each bad interval"
    return View("table", {"caption": caption, "columns": columns, "rows": rows[:most], "folded": False})


def _gap(result: Investigation, scene: Scene, d: Destination) -> str:
    """Return which share of the mean call lies outside the server, with its interval; unknown without both counts."""
    clock = clock_of(d.name, book_of(result.case).clocks)
    if clock is None:
        return _by_account(d)
    sick = {s.pod for s in scene.pods}
    rows = [c for c in own_calls(result.case)[0] if c.destination == d.name and (not sick or c.pod in sick)]
    gap, low, high = gap_of(rows, clock, scene.edges, scene.episode.window)
    if not np.isfinite(gap):
        return _by_account(d)
    return f"{number(100 * gap, 4)} % [{number(100 * low, 4)} to {number(100 * high, 4)}]"


def _by_account(d: Destination) -> str:
    """Return which share lies outside the server by an account that counts no calls, as sessions are; or unknown."""
    if d.server_well is None:
        return "unknown"
    low, high = 1 - d.inside_most_ratio, 1 - d.inside_ratio
    text = f"{number(100 * high, 4)} %"
    return text if high == low else f"{number(100 * low, 4)} to {text}"


def _row(scene: Scene, who: str, d: Destination, gap: str) -> list[str]:
    interval = f"{scene.episode.window.start:%H:%M:%S} to {scene.episode.window.end:%H:%M:%S}"
    times = [value(x, "seconds").text for x in (d.before_seconds, d.after_seconds)]
    lost = [value(x, "ratio").text for x in (d.failed_before_ratio, d.failed_after_ratio)]
    share = value(d.call_ratio, "ratio").text if np.isfinite(d.call_ratio) else "unknown"
    return [interval, who, d.name, share, *times, *lost, STATES[d.state], gap, account_words(d)]
