"""Variants of sampled database sessions: shifted, thinned, multiplied by noise, or with another story."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.collect import Evidence
from tests.variants import add, ar1, with_samples

TIMES = ("backend_start", "transaction_start", "query_start", "state_change")
KINDS = (
    ("active", "", ""), ("active", "Lock", "transactionid"), ("active", "IO", "DataFileRead"),
    ("idle", "Client", "ClientRead"), ("idle in transaction", "Client", "ClientRead"),
)  # fmt: skip


def with_sessions(evidence: Evidence, sessions: pd.DataFrame) -> Evidence:
    return replace(evidence, sessions=sessions)


def shifted(evidence: Evidence, seconds: float) -> Evidence:
    delta = pd.Timedelta(seconds=seconds)
    moved = evidence.sessions.assign(**{name: evidence.sessions[name] + delta for name in TIMES})
    return with_sessions(evidence, moved.set_index(moved.index + delta))


def thinned(evidence: Evidence, every: int, phase: int = 0) -> Evidence:
    kept = evidence.sessions.index.unique()[phase::every]
    return with_sessions(evidence, evidence.sessions[evidence.sessions.index.isin(kept)])


def edited(evidence: Evidence, rows: np.ndarray, **cells: str) -> Evidence:
    """Overwrite cells of the chosen rows."""
    table = evidence.sessions.copy()
    for name, text in cells.items():
        table.loc[:, name] = np.where(rows, text, table[name].to_numpy(dtype=object))
        table[name] = table[name].astype("str")
    return with_sessions(evidence, table)


def noisy(evidence: Evidence, count: int, seed: int) -> Evidence:
    """Add applications whose sessions wander between states, and pools of other pods, as AR(1) of phi .9."""
    from scipy.stats import norm

    at = evidence.sessions.index.unique()
    rng = np.random.default_rng(seed)
    kind = np.minimum((norm.cdf(ar1(rng, len(at), 0.9, count)) * 5).astype(int), 4).ravel()
    who = np.repeat(np.arange(count), len(at))
    rows = evidence.sessions.iloc[np.zeros(len(kind), dtype=int)].copy()
    rows.index = at[np.tile(np.arange(len(at)), count)].rename("time")
    rows["pid"] = 500_000 + who
    rows["application"] = pd.Series([f"noise-{i}" for i in who], dtype="str", index=rows.index)
    rows["blocked_by"] = pd.Series(
        np.where(kind == 1, (500_000 + (who + 1) % count).astype(str), ""), dtype="str", index=rows.index
    )
    for column, name in enumerate(("state", "wait_type", "wait_event")):
        rows[name] = pd.Series([KINDS[k][column] for k in kind], dtype="str", index=rows.index)
    joined = pd.concat([evidence.sessions, rows]).sort_index(kind="stable")
    times = next(iter(evidence.samples.named("hikaricp_connections_max"))).times
    line = np.round(norm.cdf(ar1(rng, len(times), 0.9, count)) * 40)
    added = []
    for i in range(count):
        labels = {"namespace": "payments", "pod": f"noise-{i}-0", "pool": "p"}
        for name, values in (("pending", line[i]), ("max", line[i] * 0 + 8), ("active", line[i] / 5)):
            added.append(({"__name__": f"hikaricp_connections_{name}", **labels}, times, values))
    return with_sessions(with_samples(evidence, add(evidence.samples, added)), joined)
