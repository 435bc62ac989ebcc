"""What a server is and what it can, found out before it is asked in earnest; what it refuses is a note."""

from __future__ import annotations

import json
import re
import time
from typing import Any, NamedTuple

from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.remote_read import HEADERS, PATH, read_request
from analysis.sources.prometheus.retries import Patience
from analysis.sources.prometheus.selector import Selector
from analysis.sources.prometheus.server_facts import (
    Flavour,
    ServerFacts,
    clock_offset,
    duration,
    flavour_of,
    metric,
    scrape_of_config,
    scrape_of_targets,
)
from analysis.sources.prometheus.source import Form, Source

__all__ = ["probe"]

QUESTION = {"query": "vector(1)"}
STREAMED = "application/x-streamed-protobuf"
PAGE_BYTES = 4_000_000
LAST_SECONDS = 253_402_300_799.0  # of the year 9999: an empty server gives a larger one for its first sample


class Asked(NamedTuple):
    """A source that is asked in passing: once, with a short silence; what fails is noted."""

    source: Source
    notes: list[str]
    patience: Patience


def probe(source: Source, *, optional_seconds: float = 10.0) -> ServerFacts:
    """Return what a server is and what it can.

    Parameters
    ----------
    source : Source
        The connection.
    optional_seconds : float
        The longest silence for what may be missing.

    Raises
    ------
    RequestError
        If the server does not answer the simplest question: wrong credentials (unauthorised), not there (unavailable),
        no Prometheus at this URL (not_offered, not_understood). Everything else that is refused, missing or slow is a
        note.
    """
    try:
        source.ask("/api/v1/query", QUESTION)
    except RequestError as error:
        raise _with_advice(error) from None
    asked = Asked(source, [], Patience(tries=1, read_seconds=optional_seconds, optional=True))
    header, offset = _clock(asked)
    build = _data(asked, "/api/v1/status/buildinfo")
    stores = _data(asked, "/api/v1/stores", missing_is_fine=True) if _may_be_thanos(build, header) else None
    flavour = flavour_of(build if isinstance(build, dict) else None, header, has_stores=isinstance(stores, dict))
    page = _page(asked, "/metrics") if flavour in ("prometheus", "victoriametrics") else ""
    flags = _flags(asked, flavour)
    return ServerFacts(
        flavour=flavour,
        version=_version(build, page, flavour),
        lookback_seconds=duration(flags.get("query.lookback-delta")),
        query_timeout_seconds=duration(flags.get("query.timeout") or flags.get("search.maxQueryDuration")),
        max_samples=_whole(flags.get("query.max-samples") or flags.get("search.maxSamplesPerQuery")),
        has_remote_read=_has_remote_read(asked, flavour),
        has_export=_has_export(asked, flavour),
        oldest_time_us=_oldest_us(asked, page, flags, stores),
        clock_offset_seconds=offset,
        scrape_seconds=_scrape_seconds(asked, flavour),
        notes=tuple(asked.notes),
    )


def _with_advice(error: RequestError) -> RequestError:
    """Return the error of a first question with what to look at."""
    advice = {
        "not_offered": "see whether sources.prometheus.url is that of a Prometheus, with its path prefix",
        "not_understood": "see whether sources.prometheus.url is that of a Prometheus, not of a page before it",
        "unavailable": "see whether the server is up and can be reached from here (sources.prometheus.url)",
    }
    said = error.next or advice.get(error.failure.kind, "")
    return RequestError(error.failure, error.tries, where=error.where, next=said)


def _note(asked: Asked, path: str, error: RequestError) -> None:
    code = "no answer" if error.failure.http is None else f"HTTP {error.failure.http}"
    asked.notes.append(f"{path}: {error.failure.kind.replace('_', ' ')} ({code})")


def _data(asked: Asked, path: str, form: Form | None = None, *, missing_is_fine: bool = False) -> Any:
    """Return `data` of a JSON answer; None, and a note, if there is none."""
    try:
        return json.loads(asked.source.get(path, form, patience=asked.patience)).get("data")
    except RequestError as error:
        if not (missing_is_fine and error.failure.kind in ("not_offered", "rejected")):
            _note(asked, path, error)
    except (ValueError, AttributeError, RecursionError):
        asked.notes.append(f"{path}: its JSON is not understood")
    return None


def _page(asked: Asked, path: str) -> str:
    """Return the beginning of a page of text; "", and a note, if there is none."""
    content = b""
    try:
        with asked.source.stream(path, method="GET", patience=asked.patience) as reply:
            for chunk in reply.chunks():
                content += chunk
                if len(content) > PAGE_BYTES:
                    break
    except RequestError as error:
        _note(asked, path, error)
        return ""
    return content.decode("utf-8", "replace")


def _clock(asked: Asked) -> tuple[str, float | None]:
    """Return the X-Server-Hostname of an answer, and by how much the server's clock is ahead."""
    try:
        sent = time.time()
        with asked.source.stream("/api/v1/query", form=QUESTION, patience=asked.patience) as reply:
            offset = clock_offset(reply.headers.get("date"), sent, time.time())
            for _ in reply.chunks():
                pass
    except RequestError as error:
        _note(asked, "Date", error)
        return "", None
    if offset is None:
        asked.notes.append("Date: no such header")
    return reply.headers.get("x-server-hostname", ""), offset


def _may_be_thanos(build: Any, server_header: str) -> bool:
    """Tell whether what is known leaves Thanos open: it answers buildinfo as Prometheus does."""
    return not server_header and (build is None or (isinstance(build, dict) and "goVersion" in build))


def _flags(asked: Asked, flavour: Flavour) -> dict[str, str]:
    """Return the command line of the server."""
    if flavour != "victoriametrics":
        found = _data(asked, "/api/v1/status/flags")
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
    return dict(re.findall(r'^-{1,2}([\w.]+)="?([^"\n]*)"?', _page(asked, "/flags"), re.MULTILINE))


def _version(build: Any, page: str, flavour: Flavour) -> str:
    """Return the version; of VictoriaMetrics its own, not that of the Prometheus that it names."""
    if flavour == "victoriametrics":
        line = re.search(r"^vm_app_version\{([^}]*)\}", page, re.MULTILINE)
        labels = dict(re.findall(r'(\w+)="([^"]*)"', line[1])) if line else {}
        return str(labels.get("short_version") or labels.get("version", ""))
    return str(build.get("version", "")) if isinstance(build, dict) else ""


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,18}", text) else None


def _has_remote_read(asked: Asked, flavour: Flavour) -> bool:
    """Tell whether one instant of `up` comes in streamed chunks."""
    if flavour == "victoriametrics":
        return False
    selector, now_us = Selector.parse("up"), time.time_ns() // 1000
    if selector is None:  # pragma: no cover
        return False
    body = read_request(selector, now_us, now_us)
    try:
        with asked.source.stream(PATH, body=body, headers=HEADERS, patience=asked.patience) as reply:
            kind = reply.content_type.split(";")[0].strip()
    except RequestError as error:
        if error.failure.kind != "not_offered":
            _note(asked, PATH, error)
        return False
    if kind != STREAMED:
        asked.notes.append(f"{PATH}: answers {kind or 'without a content type'}, not streamed chunks")
    return kind == STREAMED


def _has_export(asked: Asked, flavour: Flavour) -> bool:
    """Tell whether /api/v1/export answers for one instant of `up`."""
    if flavour not in ("victoriametrics", "unknown"):
        return False
    form, path = {"match[]": "up", "start": f"{time.time():.0f}", "end": f"{time.time():.0f}"}, "/api/v1/export"
    try:
        with asked.source.stream(path, form=form, patience=asked.patience) as reply:
            return "json" in reply.content_type
    except RequestError as error:
        if error.failure.kind != "not_offered":
            _note(asked, path, error)
        return False


def _oldest_us(asked: Asked, page: str, flags: dict[str, str], stores: Any) -> int | None:
    """Return the time of the first sample: as the server counts it, of its stores, else now less its retention."""
    first = metric(page, "prometheus_tsdb_lowest_timestamp_seconds")
    if first is not None:
        return round(first * 1_000_000) if 0 <= first < LAST_SECONDS else None
    if isinstance(stores, dict):
        listed = [s.get("minTime") for found in stores.values() if isinstance(found, list) for s in found]
        times = [t for t in listed if isinstance(t, int) and 0 < t < LAST_SECONDS * 1000]
        return min(times) * 1000 if times else None
    retention = flags.get("storage.tsdb.retention.time") or flags.get("retentionPeriod", "")
    months = re.fullmatch(r"\d{1,4}", retention)  # VictoriaMetrics: a bare number is months of 31 days
    seconds = int(retention) * 31 * 86_400.0 if months else duration(retention)
    if not seconds or seconds > time.time():
        return None
    asked.notes.append(f"the oldest sample is not known: now less the retention of {retention} is taken")
    return round((time.time() - seconds) * 1_000_000)


def _scrape_seconds(asked: Asked, flavour: Flavour) -> dict[str, float]:
    """Return the scrape intervals of its jobs, from its targets, else from its configuration."""
    if flavour not in ("prometheus", "victoriametrics"):
        return {}
    data = _data(asked, "/api/v1/targets", {"state": "active"})
    targets = data.get("activeTargets") if isinstance(data, dict) else None
    found = scrape_of_targets(t for t in targets if isinstance(t, dict)) if isinstance(targets, list) else {}
    if not found and flavour == "prometheus":
        config = _data(asked, "/api/v1/status/config")
        found = scrape_of_config(str(config.get("yaml", ""))) if isinstance(config, dict) else {}
    return found
