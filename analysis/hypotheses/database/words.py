"""What may be said about the database: values that both hypotheses share, and load that harmed nobody."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.correlate.effect import Change, change
from analysis.findings import Finding, Observation, Test, Value, number, sentence, value
from analysis.hypotheses.association import FDR
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.clock import Clock
from analysis.hypotheses.database.dose import STATES, Study, allowed_at
from analysis.hypotheses.explained import Explained
from analysis.hypotheses.trial import Dose
from analysis.signals.database import aas_in, working
from analysis.signals.requests import Episode, bins
from analysis.sql.fingerprint import shortened
from analysis.window import Window

__all__ = [
    "against", "beyond_pool", "caveats", "database_state", "harmless_load", "magnitude_values", "pool_values",
    "sessions_text", "sessions_value", "shared_values",
]  # fmt: skip

HARMLESS_SESSIONS, HARMLESS_SECONDS = 0.5, 10.0
MOST_OBSERVATIONS = 5
SMALLEST = 0.001  # sessions: what is less is shown as less
SETTLING_SECONDS = 10.0  # after the last bad request


def sessions_text(x: float) -> str:
    """Return a number of sessions in words, to two digits: it is a mean of samples.

    Examples
    --------
    >>> sessions_text(0), sessions_text(1), sessions_text(19.31), sessions_text(0.0002), sessions_text(float("nan"))
    ('no session', '1 session', '19 sessions', 'under 0.001 sessions', 'an unknown number of sessions')
    """
    if not np.isfinite(x):
        return "an unknown number of sessions"
    if x == 0:
        return "no session"
    text = number(x, 2) if abs(x) >= SMALLEST else f"under {number(SMALLEST)}"
    return f"{text} session" if text == "1" else f"{text} sessions"


def sessions_value(x: float) -> Value:
    """Return a number of sessions with its text, which names them: "19 sessions"."""
    return Value(float(x) if np.isfinite(x) else None, "sessions", sessions_text(x))


def shared_values(case: Case, found: Study, window: Window) -> dict[str, Value]:
    """Return the numbers of the service's sessions by state, in a window and the baseline, and of all that worked."""
    at, baseline = found.sampling.instants, case.incident.baseline
    values: dict[str, Value] = {}
    for name, chosen in STATES.items():
        mask = found.own & chosen(found.classes)
        for key, w in ((name, window), (f"{name}_baseline", baseline)):
            values[f"{key}_sessions"] = sessions_value(aas_in(found.sessions, mask, w, at))
    load = working(found.classes)
    for key, w in (("server_working", window), ("server_working_baseline", baseline)):
        values[f"{key}_sessions"] = sessions_value(aas_in(found.sessions, load, w, at))
    names = sorted({application or user or "unnamed" for application, user in found.owners})
    whose = ", ".join(names) if found.told_by and len(names) <= 3 else "any application"
    known = [d.vcpu for d in case.incident.spec.sources.database if d.vcpu is not None]
    cores = known[0] if known else float("nan")
    return values | {
        "service_sessions": Value(whose, "name", whose),
        "sampling_seconds": value(found.sampling.interval_seconds, "seconds"),
        "samples": value(int(np.count_nonzero((at > window.start_us) & (at <= window.end_us))), "count"),
        "database_cores": Value(cores if np.isfinite(cores) else None, "cores", _cores_text(cores)),
    }


def _cores_text(cores: float) -> str:
    return f"{number(cores)} core{'' if cores == 1 else 's'}"


def pool_values(found: Study, window: Window) -> dict[str, Value]:
    """Return how many sessions the service's pools allow at most in a window; nothing where not recorded."""
    at = found.sampling.instants
    allowed = allowed_at(found.pools, at[(at > window.start_us) & (at <= window.end_us)])
    known = allowed[np.isfinite(allowed)]
    return {"pool_sessions": value(float(known.max()), "sessions")} if len(known) and found.told_by else {}


def beyond_pool(values: dict[str, Value], key: str) -> str:
    """Return the words that a number of sessions beyond what the pool allows needs: who gave them up still counts."""
    held, allowed = values[key].value, values["pool_sessions"].value if "pool_sessions" in values else None
    if not isinstance(held, float) or not isinstance(allowed, float) or held <= allowed:
        return ""
    return " (sessions given up by their client included: the pool has {pool_sessions})"


def magnitude_values(explained: Explained, magnitude: Test) -> dict[str, Value]:
    """Return the explained share with its interval."""
    nan = float("nan")
    found = {
        "explained_ratio": explained.share,
        "explained_low_ratio": nan if magnitude.low is None else magnitude.low,
        "explained_high_ratio": nan if magnitude.high is None else magnitude.high,
    }
    return {name: value(min(max(x, 0.0), 1.0) if np.isfinite(x) else x, "ratio") for name, x in found.items()}


def database_state(case: Case, doses: dict[str, Dose], episode: Episode) -> str:
    """Return what the service's sessions show of the database in an episode.

    Parameters
    ----------
    case : Case
        With the baseline.
    doses : dict of str to Dose
        From `doses_of`.
    episode : Episode
        The stretch to explain.

    Returns
    -------
    str
        "waiting for locks" or "working" where those rose by enough to count and beyond their own variation; "effect"
        where only sessions rose that wait for their client, which stood still; "unchanged" where none rose.
    """
    found = {name: _change(case, dose, episode) for name, dose in doses.items()}
    higher = {n for n, c in found.items() if c.difference >= doses[n].floor and c.p_value <= FDR}
    if "client" in higher and all(found[n].difference < doses[n].floor for n in ("lock", "working")):
        return "effect"
    return "waiting for locks" if "lock" in higher else "working" if "working" in higher else "unchanged"


def _change(case: Case, dose: Dose, episode: Episode) -> Change:
    ends = dose.edges[1:]
    before, during = (
        dose.value[(ends > w.start_us) & (ends <= w.end_us) & np.isfinite(dose.value)]
        for w in (case.incident.baseline, episode.window)
    )
    return change(before, during, floor=dose.spread_floor)


def against(tests: tuple[Test, ...]) -> dict[str, Value]:
    """Return what speaks against a suspect, as a value for its sentence: the first test that failed."""
    why = next(t for t in tests if t.passed is False)
    return {"against": Value(why.reason, "name", why.words)}


def caveats(found: Study, finding: Finding, clock: Clock) -> tuple[str, ...]:
    """Return what samples of sessions cannot show."""
    said = [
        f"Sessions were sampled every {value(found.sampling.interval_seconds, 'seconds').text}: "
        "what is shorter is seen by chance."
    ]
    if not found.told_by:
        said.append("Nothing in the evidence tells which sessions are the service's: those of every application count.")
    elif found.told_by != "their application's name":
        said.append(f"Which sessions are the service's was told by this: {found.told_by}.")
    if not found.pools:
        said.append("The connection pool was not recorded: how many requests stood in line for a session is unknown.")
    by_time_alone = [t.name for t in finding.tests if t.passed is False] == ["timing"]
    if finding.verdict == "refuted" and by_time_alone and not clock.compared:
        said.append("The clock of the samples was not compared with that of the requests.")
    if finding.verdict == "supported":
        said.append("The covered time includes requests that stood in line for a session.")
    if found.sampling.gaps:
        n = len(found.sampling.gaps)
        said.append(f"{n} {'stretch' if n == 1 else 'stretches'} without samples: unknown, not idle.")
    return tuple(said)


def harmless_load(case: Case, found: Study) -> tuple[Observation, ...]:
    """Return stretches in which a statement of an application kept the server working and no objective was missed."""
    at, interval = found.sampling.instants, found.sampling.interval_seconds
    if len(at) < 2:
        return ()
    busy = np.flatnonzero(working(found.classes))
    part = found.sessions.iloc[busy]
    code, names = pd.factorize(part["application"] + "\n" + part["query"].map(shortened), sort=True)
    place = np.searchsorted(at, pd.DatetimeIndex(part.index).as_unit("us").asi8)
    order = np.argsort(code, kind="stable")
    bounds = np.searchsorted(code[order], np.arange(len(names) + 1))
    quiet = _quiet(case, at)
    baseline = (at > case.incident.baseline.start_us) & (at <= case.incident.baseline.end_us)
    told, allowed = [], 1 - case.incident.spec.symptom.objective_ratio
    for i in np.flatnonzero(np.diff(bounds) * interval >= HARMLESS_SESSIONS * HARMLESS_SECONDS).tolist():
        load = np.bincount(place[order[bounds[i] : bounds[i + 1]]], minlength=len(at)).astype(float)
        usual = load[baseline].mean() if baseline.any() else 0.0
        for run in _runs(quiet & (load > 0)):
            first, last = int(at[run[0]] - interval * 1e6), int(at[run[-1]])
            mean = float(load[run[0] : run[-1] + 1].mean())
            if (last - first) / 1e6 >= HARMLESS_SECONDS and mean >= max(HARMLESS_SESSIONS, 2 * usual):
                total, bad = (int(n[0]) for n in bins(case.symptom.requests, np.array([first, last + 2_000_000])))
                if bad <= allowed * total:
                    told.append((mean * (last - first), _stretch(str(names[i]), mean, (first, last), (total, bad))))
    told.sort(key=lambda item: -item[0])
    return tuple(observation for _, observation in told[:MOST_OBSERVATIONS])


def _quiet(case: Case, at: np.ndarray) -> np.ndarray:
    """Return which samples were taken while no bad interval was under way, shape (k,), bool."""
    quiet = np.ones(len(at), dtype=bool)
    for episode in case.symptom.episodes:
        began, _ = case.bad_durations(episode)
        first = int(began.min()) if len(began) else episode.window.start_us
        quiet &= (at <= first) | (at >= episode.window.end_us + SETTLING_SECONDS * 1e6)
    return quiet


def _runs(high: np.ndarray) -> list[np.ndarray]:
    """Return the stretches of samples that hold it, one sample without it allowed between two."""
    places = np.flatnonzero(high)
    return [run for run in np.split(places, np.flatnonzero(np.diff(places) > 2) + 1) if len(run)]


def _stretch(name: str, mean: float, span: tuple[int, int], requests: tuple[int, int]) -> Observation:
    first, last = span
    application, _, statement = name.partition("\n")
    application = application or "an application without a name"
    when = f"{pd.Timestamp(first, unit='us', tz='UTC'):%H:%M:%S} UTC"
    values = {
        "statement": Value(statement, "name", statement),
        "application": Value(application, "name", application),
        "load_sessions": sessions_value(mean),
        "length_seconds": value((last - first) / 1e6, "seconds"),
        "start": Value(when, "time", when),
        "bad_requests": value(requests[1], "count"),
        "requests": value(requests[0], "count"),
    }
    text = (
        "{application} made a database load of {load_sessions} at work on average for {length_seconds} from {start} "
        "on, outside any bad interval; {bad_requests} of {requests} requests were bad then. Statement: {statement}."
    )
    return Observation("database_load_without_harm", sentence(text, values), values)
