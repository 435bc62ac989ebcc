"""Every container as a table: throttled, active, used of its limit, class."""

from __future__ import annotations

from analysis.findings import number
from analysis.hypotheses.throttling.words import class_in
from analysis.investigation import Investigation
from analysis.views.view import View

__all__ = ["container_table"]


def container_table(result: Investigation, most: int = 60) -> View:
    """Return every container in window and baseline: throttled ratio, active share, use of the limit, class."""
    rows = []
    for (namespace, workload, container), cpus in result.case.groups.items():
        for name, window in (("incident", result.incident.window), ("baseline", result.incident.baseline)):
            elapsed = sum(float(c.periods.value[c.periods.within(window)].reshape(-1, 2)[:, 0].sum()) for c in cpus)
            hit = sum(float(c.periods.value[c.periods.within(window)].reshape(-1, 2)[:, 1].sum()) for c in cpus)
            active = [c.active_share(window) for c in cpus]
            use = [c.usage_cores(window) / c.limit_in(window) for c in cpus]
            rows.append([
                f"{namespace}/{workload}/{container}", number(len(cpus)), name,
                _share(hit / elapsed if elapsed else float("nan")), _share(sum(active) / len(active)),
                _share(sum(use) / len(use)), class_in(cpus, window) or "unknown",
            ])  # fmt: skip
    columns = ["container", "pods", "window", "throttled periods", "active share", "CPU used / limit", "class"]
    more = f" (first {most} of {len(rows)} rows)" if len(rows) > most else ""
    data = {"caption": f"Every container{more}", "columns": columns, "rows": rows[:most], "folded": False}
    return View("table", data)


def _share(x: float) -> str:
    return f"{number(100 * x)} %" if x == x else "undefined"
