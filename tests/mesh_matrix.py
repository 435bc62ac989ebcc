"""F-mesh: matrices of failures by source and destination with one fault of a known kind."""

import numpy as np

KINDS = ("client pod", "client workload", "node", "server", "edge", "everywhere")
SOURCES = tuple({"workload": f"w{i // 3}", "node": f"n{i % 4}", "pod": f"w{i // 3}-{i % 3}"} for i in range(12))


def matrix(kind: str, seed: int, *, destinations: int = 6, calls: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return failed and total calls, shape (12, destinations): 1 % fail anyway, 10 to 60 % where the fault is."""
    rng = np.random.default_rng(seed)
    ratio = np.full((12, destinations), 0.01)
    worse, row, column = rng.uniform(0.1, 0.6), int(rng.integers(12)), int(rng.integers(destinations))
    same = {name: np.array([s[name] == SOURCES[row][name] for s in SOURCES]) for name in ("workload", "node")}
    if kind == "client pod":
        ratio[row] = worse
    elif kind == "client workload":
        ratio[same["workload"]] = worse
    elif kind == "node":
        ratio[same["node"]] = worse
    elif kind == "server":
        ratio[:, column] = worse
    elif kind == "edge":
        ratio[row, column] = worse
    elif kind == "everywhere":
        ratio[:] = worse
    totals = rng.poisson(calls, ratio.shape)
    return rng.binomial(totals, ratio), totals
