"""A small incident on a real server: two pods, their throttling, targets; and the folder that asks for it."""

from pathlib import Path

from tests.servers import backfill

START = 1_795_370_400  # seconds; 2026-11-22T18:00:00Z
STEP = 15
SAMPLES = 121
PODS = ("api-0", "api-1", "other-0")

SPEC = """\
id: small
title: A small incident
window:   {{start: 2026-11-22T18:18:00Z, end: 2026-11-22T18:24:00Z}}
baseline: {{start: 2026-11-22T18:04:00Z, end: 2026-11-22T18:16:00Z}}
service:  {{namespace: shop, workload: api}}
symptom:  {{source: requests, slower_than_seconds: 1}}
{signals}
sources:
  prometheus: {{url: "{url}", margin_seconds: 300{more}}}
"""


def samples(days_before: int = 0) -> list[str]:
    """Return OpenMetrics lines: counters of three pods, a gauge, targets; one pod ends early."""

    def at(i: int) -> int:
        return START - days_before * 86_400 + i * STEP

    lines = []
    for name, rise in (("container_cpu_cfs_periods", 150), ("container_cpu_cfs_throttled_periods", 3)):
        lines.append(f"# TYPE {name} counter")
        for pod in PODS:
            where = "shop" if pod.startswith("api") else "elsewhere"
            last = SAMPLES if pod != "api-1" else SAMPLES // 2
            lines += [
                f'{name}_total{{namespace="{where}",pod="{pod}",container="app"}} {i * rise + i % 3}.0 {at(i)}'
                for i in range(last)
            ]
    for name in ("up", "scrape_duration_seconds"):
        lines.append(f"# TYPE {name} gauge")
        lines += [f'{name}{{job="pods",instance="{pod}"}} 1.0 {at(i)}' for pod in PODS for i in range(SAMPLES)]
    lines.append("# TYPE queue_depth gauge")
    lines += [f'queue_depth{{queue="q{i}"}} {i * 0.1 + j} {at(j)}' for i in range(4) for j in range(SAMPLES)]
    return lines


def server_folder(folder: Path) -> Path:
    return backfill(folder, samples())


def incident(folder: Path, url: str, *, signals: str = "", more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = SPEC.format(url=url, signals=signals, more=f", {more}" if more else "")
    (folder / "incident.yaml").write_text(text, encoding="utf-8")
    return folder
