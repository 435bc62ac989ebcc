"""Gaps that cluster in the incident: a starved process also misses its scrapes, so what is missing can tell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.correlate.effect import adjust_fdr
from analysis.correlate.missingness import missingness_test
from analysis.sources.prometheus import SampleTable
from analysis.suspects.grid import common_grid, placed
from analysis.window import Window

__all__ = ["missing_by_target"]

COLUMNS = ("target", "series", "steps", "missing_incident", "missing_rest", "gaps", "p_value")


def missing_by_target(samples: SampleTable, incident: Window) -> pd.DataFrame:
    """Test for each scrape target whether its samples are missing more often in the incident than at other times.

    Parameters
    ----------
    samples : SampleTable
        As recorded.
    incident : Window
        When it was bad.

    Returns
    -------
    DataFrame
        One row a target (job and instance), the most suspect first: series, steps, missing_incident and missing_rest
        (share of steps without any sample), gaps, p_value (NaN: nothing is missing, or too few steps), q_value.

    Notes
    -----
    A target counts from its first to its last sample, on its own step: one that was not there yet has no gap. See
    `missingness_test` for the test.

    Examples
    --------
    >>> t = np.r_[0:50, 53:60] * 5_000_000
    >>> table = SampleTable(({"__name__": "up", "job": "api"},), np.zeros(57, "i4"), t, np.ones(57))
    >>> found = missing_by_target(table, Window("1970-01-01T00:04:05Z", "1970-01-01T00:04:25Z"))
    >>> found[["target", "missing_incident", "missing_rest", "gaps"]].values.tolist()
    [['api', 0.75, 0.0, 1]]
    """
    targets: dict[tuple[str, str], list[int]] = {}
    for row, labels in enumerate(samples.labels):
        targets.setdefault((labels.get("job", ""), labels.get("instance", "")), []).append(row)
    jobs = [job for job, _ in targets]
    rows = []
    for (job, instance), members in sorted(targets.items()):
        name = job if job and jobs.count(job) == 1 else f"{job} {instance}".strip() or "unknown"
        times = np.unique(samples.times[np.isin(samples.ids, members)])
        grid = common_grid(times, np.zeros(len(times)), int(times[0]), int(times[-1])) if len(times) else None
        if grid is None:
            continue
        there = np.isfinite(placed(times, np.ones(len(times)), grid))
        known = np.flatnonzero(there)
        present = there[known[0] : known[-1] + 1] if len(known) else there
        inside = incident.holds(grid.stamps)[known[0] : known[-1] + 1] if len(known) else np.zeros(len(there), bool)
        found = missingness_test(present, inside)
        numbers = (found.inside, found.outside, int(found.gaps), found.p_value)
        rows.append((name, len(members), len(present), *numbers))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["q_value"] = adjust_fdr(table["p_value"].to_numpy(dtype="f8"))
    return table.sort_values(["p_value", "target"], na_position="last").reset_index(drop=True)
