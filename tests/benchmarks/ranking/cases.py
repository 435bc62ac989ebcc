"""The failure cases of the corpus as `rank_suspects` takes them, as the corpus' README says; incident-free windows."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis import Window

KINDS = {
    "latency": "latency", "edge_latency": "latency", "client_latency": "latency", "front_latency": "latency",
    "availability": "availability", "success": "availability", "front_success": "availability", "requests": "load",
    "load": "load", "error": "errors", "cpu": "cpu", "mem": "memory", "net": "network",
}  # fmt: skip
OLD = 120  # rows of the long baseline laid before a PetShop case


class Case(NamedTuple):
    """One window to judge; `truth` is None where nothing happened."""

    dataset: str
    frame: pd.DataFrame
    incident: Window
    baseline: Window
    symptom: str | None
    graph: pd.DataFrame | None
    truth: str | None
    own: str | None  # entity of the symptom

    @property
    def about(self):
        parts = [c.split("|") for c in self.frame.columns]
        entities, kinds = [p[0] for p in parts], [KINDS.get(p[1], "other") for p in parts]
        return pd.DataFrame({"entity": entities, "kind": kinds}, index=self.frame.columns)

    @property
    def arguments(self):
        return {"symptom": self.symptom, "graph": self.graph, "about": self.about}

    def split(self):
        """Return baseline and incident as arrays (n, k) and (m, k), and the symptom's position or None."""
        inside = self.incident.holds(self.frame.index)
        values = self.frame.to_numpy("f8")
        at = None if self.symptom is None else self.frame.columns.get_loc(self.symptom)
        return values[~inside], values[inside], at


def as_case(dataset, rows, n_before, step_seconds, symptom, graph=None, truth=None):
    """Lay the rows `step_seconds` apart; the last ones from `n_before` on are the incident."""
    frame = rows[[c for c in rows if not c.startswith("_")]].copy()
    frame.index = pd.date_range("2026-01-01", periods=len(frame), freq=pd.Timedelta(seconds=step_seconds), tz="UTC")
    start = frame.index[n_before - 1]
    baseline = Window(frame.index[0] - pd.Timedelta(seconds=step_seconds), start)
    own, symptom = symptom and symptom.split("|")[0], symptom if symptom in frame else None
    return Case(dataset, frame, Window(start, frame.index[-1]), baseline, symptom, graph, truth, own)


def incidents(folder):
    """Return the labelled cases, in the order of the table."""
    graphs, found = pd.read_parquet(folder / "graphs.parquet"), []
    for k in pd.read_parquet(folder / "cases.parquet").itertuples():
        graph = graphs[(graphs.dataset == k.dataset) & (graphs.scenario == k.scenario)][["caller", "callee"]]
        if k.dataset == "petshop":
            own = pd.read_parquet(folder / "petshop" / f"{k.case}.parquet")
            rows = pd.concat([pd.read_parquet(folder / "petshop" / f"{k.baseline}.parquet").tail(OLD), own])
            n_before, step = OLD + int((own["_phase"] == 0).sum()), 300
        else:
            rows, n_before = minutes_around(pd.read_parquet(folder / "nezha" / f"{k.baseline}.parquet"), k.t_incident)
            step = 60
        found.append(
            as_case(k.dataset, rows, n_before, step, k.symptom, graph if len(graph) else None, k.truth_service)
        )
    return found


def minutes_around(day, t_incident):
    """Return the 60 clean minutes nearest to an incident, then its 5 minutes."""
    clean = day[day["_clean"]]
    nearest = (clean["_t"] - t_incident).abs().sort_values(kind="stable").index[:60]
    during = day[(day["_t"] >= t_incident) & (day["_t"] < t_incident + 300)]
    return pd.concat([clean.loc[nearest].sort_values("_t"), during]), 60


def quiet_windows(folder, draws=150, seed=0):
    """Return windows cut from the baselines, where nothing was injected."""
    rng, found = np.random.default_rng(seed), []
    old = pd.read_parquet(folder / "petshop" / "baseline_low_traffic.parquet")
    day = pd.read_parquet(folder / "nezha" / "day_ob1.parquet")
    clean = day[day["_clean"]]
    for i in range(draws):
        at = int(rng.integers(0, len(old) - OLD - 5))
        symptom = f"PetSite|{('availability', 'latency')[i % 2]}|Average"
        found.append(as_case("petshop", old.iloc[at : at + OLD + 5], OLD + 2, 300, symptom))
        at = int(rng.integers(0, len(clean) - 64))
        found.append(as_case("nezha", clean.iloc[at : at + 65], 60, 60, "frontend|front_latency|p95"))
    return found
