"""What a server says about itself, read from its own documents: flags, configuration, targets, metrics."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC
from typing import Any, Literal

__all__ = [
    "Flavour",
    "ServerFacts",
    "clock_offset",
    "duration",
    "flavour_of",
    "metric",
    "scrape_of_config",
    "scrape_of_targets",
]

Flavour = Literal["prometheus", "victoriametrics", "thanos", "mimir", "unknown"]
DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")
UNIT_SECONDS = (365 * 86_400.0, 7 * 86_400.0, 86_400.0, 3_600.0, 60.0, 1.0, 0.001)


@dataclass(frozen=True)
class ServerFacts:
    """What is known of a server; None is unknown, and `notes` say why.

    Parameters
    ----------
    flavour : str
        prometheus, victoriametrics, thanos, mimir or unknown.
    version : str
        Its own; "" unknown.
    lookback_seconds : float or None
        How long it repeats the last value of a series that ended.
    query_timeout_seconds : float or None
        Its limit of time per question.
    max_samples : int or None
        Its limit of samples per question.
    has_remote_read : bool
        Whether /api/v1/read answers in streamed chunks.
    has_export : bool
        Whether /api/v1/export answers (VictoriaMetrics).
    oldest_time_us : int or None
        Its first sample, or now less its retention (then a note says so).
    clock_offset_seconds : float or None
        Its clock minus ours; the Date header is exact to a second.
    scrape_seconds : mapping of str to float
        Job to its scrape interval, the longest of its targets.
    notes : tuple of str
        What was refused, missing or slow.
    """

    flavour: Flavour = "unknown"
    version: str = ""
    lookback_seconds: float | None = None
    query_timeout_seconds: float | None = None
    max_samples: int | None = None
    has_remote_read: bool = False
    has_export: bool = False
    oldest_time_us: int | None = None
    clock_offset_seconds: float | None = None
    scrape_seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return {**asdict(self), "notes": list(self.notes)}


def duration(text: object) -> float | None:
    """Return the seconds of a duration of Prometheus or Go, None for what is none.

    Examples
    --------
    >>> duration("1h30m"), duration("15d"), duration("500ms"), duration("0"), duration("soon")
    (5400.0, 1296000.0, 0.5, 0.0, None)
    """
    if text == "0":
        return 0.0
    match = DURATION.fullmatch(str(text))
    if match is None or not any(match.groups()):
        return None
    return sum(float(n) * unit for n, unit in zip(match.groups(), UNIT_SECONDS, strict=True) if n)


def flavour_of(build: Mapping[str, Any] | None, server_header: str, *, has_stores: bool) -> Flavour:
    """Return what kind of server answers.

    Parameters
    ----------
    build : mapping or None
        `data` of /api/v1/status/buildinfo, None if it is refused. VictoriaMetrics answers ``{}``, later only the
        version of the Prometheus that it stands for; Mimir names its application.
    server_header : str
        X-Server-Hostname, which VictoriaMetrics sets.
    has_stores : bool
        Whether /api/v1/stores answers, which only Thanos has.

    Examples
    --------
    >>> flavour_of({"version": "2.42.0", "goVersion": "go1.19"}, "", has_stores=False)
    'prometheus'
    >>> flavour_of({}, "", has_stores=False), flavour_of(None, "", has_stores=False)
    ('victoriametrics', 'unknown')
    """
    if has_stores:
        return "thanos"
    if build is not None and "mimir" in str(build.get("application", "")).lower():
        return "mimir"
    if server_header or (build is not None and set(build) <= {"version"}):
        return "victoriametrics"
    if build is not None and "goVersion" in build and "application" not in build:
        return "prometheus"
    return "unknown"


def clock_offset(date_header: str | None, sent_seconds: float, received_seconds: float) -> float | None:
    """Return the server's clock minus ours in seconds, None without a date; exact to about a second.

    Parameters
    ----------
    date_header : str or None
        Date of the answer, whole seconds (cut, so half a second is added).
    sent_seconds, received_seconds : float
        Our clock before and after, seconds of the epoch; the server is taken to have answered in the middle.

    Examples
    --------
    >>> clock_offset("Thu, 01 Jan 1970 00:01:40 GMT", 90.0, 91.0)
    10.0
    """
    try:
        when = email.utils.parsedate_to_datetime(date_header or "")
        stamp = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return stamp + 0.5 - (sent_seconds + received_seconds) / 2


def scrape_of_targets(targets: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the scrape interval of each job in seconds, the longest of its targets, from `activeTargets`.

    Examples
    --------
    >>> scrape_of_targets([{"labels": {"job": "a"}, "scrapeInterval": "15s"}])
    {'a': 15.0}
    """
    found: dict[str, float] = {}
    for target in targets:
        labels = target.get("labels")
        job = labels.get("job") if isinstance(labels, Mapping) else None
        seconds = duration(target.get("scrapeInterval"))
        if isinstance(job, str) and seconds:
            found[job] = max(seconds, found.get(job, 0.0))
    return dict(sorted(found.items()))


def scrape_of_config(text: str) -> dict[str, float]:
    r"""Return the scrape interval of each job in seconds, from a configuration as the server writes it out.

    A server fills in defaults and indents as it always does, so lines are enough: a job of `scrape_configs` begins with
    its name, its interval follows.

    Examples
    --------
    >>> scrape_of_config("scrape_configs:\n- job_name: a\n  scrape_interval: 15s\n  metrics_path: /metrics\n")
    {'a': 15.0}
    """
    found: dict[str, float] = {}
    section = re.search(r"^scrape_configs:\n((?:[ \-#].*\n?|\n)*)", text, re.MULTILINE)
    for entry in re.split(r"^(?: {2})?- (?=job_name: )", section[1] if section else "", flags=re.MULTILINE)[1:]:
        name = entry.partition("\n")[0].removeprefix("job_name: ").strip().strip("\"'")
        interval = re.search(r"^ {2,4}scrape_interval: (\S+)$", entry, re.MULTILINE)
        seconds = duration(interval[1].strip("\"'")) if interval else None
        if name and seconds:
            found[name] = seconds
    return dict(sorted(found.items()))


def metric(text: str, name: str) -> float | None:
    r"""Return the value of a metric without labels on a page of the text format, None if it is not there.

    Examples
    --------
    >>> metric("# HELP a b\na_seconds 1.5e3\n", "a_seconds")
    1500.0
    """
    match = re.search(rf"^{re.escape(name)} (\S+)", text, re.MULTILINE)
    try:
        return float(match[1]) if match else None
    except ValueError:
        return None
