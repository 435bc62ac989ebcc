"""How many statements requests make, by route: which route grew, and what that is of the bad requests' excess."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.findings import Value, number
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.words import sessions_value
from analysis.hypotheses.explained import Explained
from analysis.signals.database import aas_in, foreground, sampling, wait_classes, working
from analysis.signals.repeats import repeats
from analysis.signals.requests import Episode
from analysis.sql.fingerprint import shortened
from analysis.window import Window

__all__ = ["MEASURED", "Routes", "amplified", "repeated", "routes_of"]

MEASURED = 0.8  # of the requests must say how many statements they made
GREW = 1.5  # times as many statements a request
FEWEST = 10  # requests of a route in each window
EXCESS_STATEMENTS, EXCESS_TIME = "excess statements", "excess time"


class Routes(NamedTuple):
    """Statements a request by route.

    `table` has a row per route with enough requests: `baseline` and `window` means, `excess` (its part of the increase
    of the mean over all routes, by its own growth at its share of the requests). `route` is the one with the largest
    part, None without any; `part` its share of the whole increase, NaN where there is none.
    """

    table: pd.DataFrame
    route: str | None
    part: float
    all_baseline: float
    all_window: float

    @property
    def baseline_statements(self) -> float:
        """Statements a request of the route before."""
        return float(self.table["baseline"].get(self.route, np.nan)) if self.route else float("nan")

    @property
    def window_statements(self) -> float:
        """Statements a request of the route in the window."""
        return float(self.table["window"].get(self.route, np.nan)) if self.route else float("nan")

    @property
    def grew(self) -> bool:
        """Whether a request of the route made many more statements than before."""
        return self.window_statements >= GREW * self.baseline_statements


def routes_of(requests: pd.DataFrame, baseline: Window, window: Window) -> Routes:
    """Return the statements a request of each route before and in a window, and the route that grew most.

    Parameters
    ----------
    requests : DataFrame
        Index end, columns route and statements (NaN unknown).
    baseline, window : Window
        What to compare.

    Examples
    --------
    >>> index = pd.date_range("2026-11-22T18:00:01Z", periods=40, freq="1s")
    >>> table = pd.DataFrame({"route": "/a", "statements": [1.0] * 20 + [9.0] * 20}, index=index)
    >>> middle = "2026-11-22T18:00:20Z"
    >>> found = routes_of(table, Window("2026-11-22T18:00:00Z", middle), Window(middle, "2026-11-22T18:01:00Z"))
    >>> found.route, found.window_statements, found.part
    ('/a', 9.0, 1.0)
    """
    known = requests[requests["statements"].notna().to_numpy()]
    index = pd.DatetimeIndex(known.index)
    parts = [known[w.holds(index)] for w in (baseline, window)]
    means = [p.groupby("route")["statements"].agg(["mean", "size"]) for p in parts]
    both = means[0].add_suffix("_before").join(means[1], how="inner")
    both = both[(both["size_before"] >= FEWEST) & (both["size"] >= FEWEST)]
    table = pd.DataFrame({"baseline": both["mean_before"], "window": both["mean"]})
    table["excess"] = (both["mean"] - both["mean_before"]) * both["size"] / max(len(parts[1]), 1)
    before, after = (float(p["statements"].mean()) if len(p) else float("nan") for p in parts)
    table = table.sort_values("excess", ascending=False, kind="stable")
    if not len(table):
        return Routes(table, None, float("nan"), before, after)
    rise = after - before
    part = float(np.clip(table["excess"].iloc[0] / rise, 0.0, 1.0)) if rise > 0 else float("nan")
    return Routes(table, str(table.index[0]), part, before, after)


def amplified(case: Case, episode: Episode, routes: Routes) -> tuple[Explained | None, str]:
    """Return which share of the bad requests' excess is statements beyond the usual of the route, and of what excess.

    Parameters
    ----------
    case : Case
        With the symptom: where that counts statements the excess is of statements, else of time.
    episode : Episode
        Whose bad requests are meant.
    routes : Routes
        From `routes_of`.

    Returns
    -------
    (Explained or None, str)
        The excess of time is covered by the time in the database of those statements, as a part of all of the request;
        None where that time was not logged.
    """
    counted = case.incident.spec.symptom.more_statements_than is not None
    of = EXCESS_STATEMENTS if counted else EXCESS_TIME
    table = case.symptom.requests
    if "statements" not in table:
        return None, of
    part = table[table["bad"].to_numpy() & episode.window.holds(pd.DatetimeIndex(table.index))]
    made = part["statements"].to_numpy(dtype="f8")
    usual = part["route"].map(routes.table["baseline"]).fillna(routes.all_baseline).to_numpy(dtype="f8")
    mine = (part["route"] == routes.route).to_numpy()
    beyond = np.where(np.isfinite(made), np.maximum(made - usual, 0.0), 0.0)
    if counted:
        excess = beyond
        held = np.where(mine, beyond, 0.0)
        total = float(excess.sum())
        share = float(held.sum()) / total if total > 0 else float("nan")
        return Explained(share, share, share, len(part), excess, held), of
    seconds = part["database_seconds"].to_numpy(dtype="f8")
    if not np.isfinite(seconds).mean() >= MEASURED:
        return None, of
    typical = case.symptom.typical_seconds
    excess = np.maximum(part["duration_seconds"].fillna(0.0).to_numpy() - (typical if np.isfinite(typical) else 0.0), 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spent = np.where(mine & (made > 0), np.nan_to_num(seconds) * beyond / made, 0.0)
    held = np.minimum(excess, spent)
    total = float(excess.sum())
    share = float(held.sum()) / total if total > 0 else float("nan")
    return Explained(share, share, share, len(part), excess, held), of


def repeated(case: Case, route: str | None, window: Window) -> dict[str, Value]:
    """Return which statement came most often in one request of a route, and the load of the database, where known."""
    found: dict[str, Value] = {}
    log = case.evidence.database_log
    if route is not None and len(log.statements):
        mine = log.statements[(log.statements["route"].astype("str") == route).to_numpy()]
        before, during = (repeats(mine, w) for w in (case.incident.baseline, window))
        often = during[during["n"] >= FEWEST]
        if len(often):
            key, row = often.index[0], often.iloc[0]
            usual = float(before["median"].get(key, 0.0))
            name = shortened(str(log.texts["text"].get(key[1], "")))
            found |= {
                "repeated_statement": Value(name, "name", name),
                "repeated_count": Value(float(row["median"]), "count", number(row["median"])),
                "repeated_baseline_count": Value(usual, "count", number(usual)),
            }
    if len(case.evidence.sessions):
        sessions = foreground(case.evidence.sessions)
        at = sampling(case.evidence.sessions).instants
        mask = working(wait_classes(sessions))
        for key, w in (("load_sessions", window), ("load_baseline_sessions", case.incident.baseline)):
            found[key] = sessions_value(aas_in(sessions, mask, w, at))
    return found
