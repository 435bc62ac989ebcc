"""All questions to one server of metrics, one after the other; each answer is on the disk before the next is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.asked import Asked
from analysis.catalogue import Resolved
from analysis.incident import Incident
from analysis.live.budget import choose
from analysis.live.catalogued import Wanted, wanted_questions
from analysis.live.desk import Desk, asked_of, record_of, too_much
from analysis.live.inventory import Inventory, matchers_of, take_inventory
from analysis.live.parts import Parts
from analysis.live.question import Question, own_questions
from analysis.live.span import SETTLED_SECONDS, Span
from analysis.live.telling import Telling
from analysis.live.ways import Pace, ways_of
from analysis.series import iso
from analysis.sources.prometheus.connection import Settings, Source, connect
from analysis.sources.prometheus.plan import plan
from analysis.sources.prometheus.probe import probe
from analysis.sources.prometheus.sample_files import read_series
from analysis.sources.prometheus.selector import Selector
from analysis.sources.prometheus.server_facts import ServerFacts
from analysis.spec_sources import PrometheusSpec
from analysis.store import SERIES, Manifest

__all__ = ["Metrics", "ask_all"]

SCRAPE_SECONDS = 15.0  # taken where nobody knows
LITTLE_US = 60_000_000  # a server is not said to have forgotten less
OVER_BUDGET = "the budget of {most:,} samples is used up: raise most_samples, narrow the scope, or name the questions"


@dataclass(frozen=True)
class Metrics:
    """What was asked now, what is frozen already and was not asked again, facts of the server, and notes."""

    asked: tuple[Asked, ...]
    held: tuple[Asked, ...]
    server: dict[str, Any]
    notes: tuple[str, ...]


def ask_all(
    incident: Incident, manifest: Manifest, parts: Parts, spans: tuple[Span, ...], *,
    refresh: bool, progress: Callable[[str], object],
) -> Metrics:  # fmt: skip
    """Ask a server what the spec and the catalogue want to know.

    Parameters
    ----------
    incident : Incident
        Its spec names the server.
    manifest : Manifest
        What is frozen already.
    parts : Parts
        Where answers are kept.
    spans : tuple of Span
        The stretches of time, each asked for by itself.
    refresh : bool
        Ask again what is frozen.
    progress : callable
        Called with a line now and then.

    Raises
    ------
    SpecError
        If a reference cannot be resolved.
    RequestError
        If the server does not answer at all, or refuses the credentials.
    """
    spec = incident.spec.sources.prometheus
    assert spec is not None
    with connect(_settings(spec)) as source:
        progress(f"asking {source.name} what it has")
        facts = probe(source)
        frozen = {} if refresh else {a.address: a for a in manifest.queries if _final(a)}
        empty = Desk(source, spans[0], ways_of(facts, spec.mode), Pace(None, spec.step_seconds), parts, frozen)
        up = _up(spec)
        firsts = tuple(asked_of(replace(empty, span=span), up, _telling_of(up, progress)) for span in spans)
        known = manifest.server.get("scrape_interval_seconds")
        pace = Pace(_scrape_seconds(facts, parts, firsts) or known, spec.step_seconds)
        desks = tuple(replace(empty, span=span, pace=pace) for span in spans)
        progress(f"counting the series of {source.name}")
        inventory = take_inventory(source, incident, spans)
        found = inventory.resolved()
        scrape = pace.scrape_seconds or SCRAPE_SECONDS
        apart = spec.step_seconds if spec.mode == "range" and spec.step_seconds else scrape
        grid = plan(0, sum(s.end_us - s.start_us for s in spans), step_seconds=apart)
        wanted = wanted_questions(choose(source, incident, spans, found, grid), found, spec, scrape)
        rest = _all(desks, wanted, own_questions(incident.spec), spec.most_samples, progress)
        asked = (*firsts, *_counted(desks[-1], inventory), *rest)
        server = _server(source, facts, desks[0], inventory)
    resolved = inventory.resolved(_labels(parts, asked, incident.raw / SERIES))
    held = tuple(a for a in asked if frozen.get(a.address) is a)
    fresh = _decided(tuple(a for a in asked if a not in held), resolved)
    described = _described(inventory, resolved, spec)
    return Metrics(fresh, held, server | described, (*_unknown_times(facts, spans), *facts.notes, *wanted.notes))


def _up(spec: PrometheusSpec) -> Question:
    selector = Selector((("__name__", "=", "up"), *matchers_of(spec)))
    return Question("targets/up", "targets", "prometheus", str(selector), required=True, scope="everything")


def _settings(spec: PrometheusSpec) -> Settings:
    return Settings(
        spec.url, auth=spec.auth, tenant=spec.tenant, headers=spec.headers, ca_path=spec.ca,
        client_cert=spec.client_cert, client_key=spec.client_key, verify=spec.verify, encoding=spec.encoding,
        read_seconds=spec.read_seconds, parameters=spec.parameters,
    )  # fmt: skip


def _final(asked: Asked) -> bool:
    """Return whether an answer is complete for good: it came whole, and long enough after its window."""
    if asked.status != "ok" or not asked.fetched_at or not asked.end:
        return False
    late = pd.Timestamp(asked.fetched_at) - pd.Timestamp(asked.end)
    return bool(late.total_seconds() >= SETTLED_SECONDS)


def _telling_of(question: Question, progress: Callable[[str], object]) -> Telling:
    telling = Telling(progress, {})
    telling.begin(question.id)
    return telling


def _all(
    desks: tuple[Desk, ...], wanted: Wanted, own: tuple[Question, ...], most: int, progress: Callable[[str], object]
) -> tuple[Asked, ...]:
    """Ask one question after the other, the author's own first; return their records, those of refused ones too."""
    questions = (*own, *wanted.questions)
    telling = Telling(progress, {q.id: wanted.expected.get(q.id, 0.0) for q in questions})
    asked = [record_of(desk, question, "skipped", reason=why) for question, why in wanted.refused for desk in desks]
    total, ways = 0, desks[0].ways
    for question in questions:
        telling.begin(question.id)
        for desk in (replace(d, ways=ways) for d in desks):
            spare = question.required and question not in own  # planned for, and needed for any verdict
            why = OVER_BUDGET.format(most=most) if total >= most and not spare else ""
            if question in own and not why:
                why = too_much(desk, question, most - total)
            found = record_of(desk, question, "skipped", reason=why) if why else asked_of(desk, question, telling)
            if found.way in ways and found.mode == "raw":
                ways = ways[ways.index(found.way) :]  # those before it did not work
            asked.append(found)
            total += found.samples
    return tuple(asked)


def _scrape_seconds(facts: ServerFacts, parts: Parts, ups: tuple[Asked, ...]) -> float | None:
    """Return the longest scrape interval, as measured on `up`, else as the server says; None if nobody knows."""
    steps = [
        float(np.median(np.diff(series.times))) / 1e6
        for up in ups if up.status in ("ok", "partial") and up.mode == "raw" and parts.find(up.address)
        for series in parts.table(up.address).named("up") if len(series.times) > 2
    ]  # fmt: skip
    return round(max(steps), 3) if steps else max(facts.scrape_seconds.values(), default=None)


def _counted(desk: Desk, inventory: Inventory) -> tuple[Asked, ...]:
    """Return the record of a count that failed or was told to be partial: there may be more to ask for."""
    why = inventory.failures or inventory.partial
    if not why:
        return ()
    count = Question("catalogue/names", "catalogue", "", "count by (__name__)", required=True, scope="everything")
    found = record_of(desk, count, "failed" if inventory.failures else "partial", reason="; ".join(dict.fromkeys(why)))
    return (replace(found, warnings=inventory.partial),)


def _unknown_times(facts: ServerFacts, spans: tuple[Span, ...]) -> tuple[str, ...]:
    """Return what was asked for of a time that the server does not know any more."""
    oldest = facts.oldest_time_us
    if oldest is None:
        return ()
    since = iso(pd.Timestamp(oldest, unit="us", tz="UTC"))
    return tuple(
        f"retention: the server knows nothing before {since}; asked for {span.iso_start} to {span.iso_end}"
        for span in spans if span.start_us + LITTLE_US < oldest
    )  # fmt: skip


def _server(source: Source, facts: ServerFacts, desk: Desk, inventory: Inventory) -> dict[str, Any]:
    """Return what the manifest says of the server; its name has no credentials."""
    oldest = facts.oldest_time_us
    return {
        "name": source.name, "flavour": facts.flavour, "version": facts.version, "ways": list(desk.ways),
        "lookback_seconds": facts.lookback_seconds, "clock_offset_seconds": facts.clock_offset_seconds,
        "oldest_time": None if oldest is None else iso(pd.Timestamp(oldest, unit="us", tz="UTC")),
        "scrape_interval_seconds": desk.pace.scrape_seconds, "scrape_intervals_seconds": dict(facts.scrape_seconds),
        "catalogue_version": inventory.catalogue.version, "notes": list(facts.notes),
    }  # fmt: skip


def _labels(parts: Parts, asked: tuple[Asked, ...], frozen: Path) -> dict[str, frozenset[str]]:
    """Return the names of the labels of each metric that came, now or before."""
    labels: dict[str, set[str]] = {}
    before = list(read_series(frozen)["labels"]) if frozen.is_file() else []
    came = [found for a in asked if a.series and parts.find(a.address) for found in parts.labels(a.address)]
    for found in (*before, *came):
        labels.setdefault(found.get("__name__", ""), set()).update(found)
    return {name: frozenset(found) for name, found in labels.items()}


def _decided(asked: tuple[Asked, ...], resolved: tuple[Resolved, ...]) -> tuple[Asked, ...]:
    """Return the records with the dialects that labels tell: before they came, a shared name left several open."""
    dialects = {f"{r.question.id}/{f.name}": " or ".join(f.dialects) for r in resolved for f in r.found}
    return tuple(replace(a, dialect=dialects[a.id]) if a.id in dialects else a for a in asked)


def _described(inventory: Inventory, resolved: tuple[Resolved, ...], spec: PrometheusSpec) -> dict[str, Any]:
    """Return which dialects answered each question and what is not there, with what that means.

    What the server could not be asked for is not said to be absent, and where nothing at all is there, the question
    is more likely wrong than the answer.
    """
    absent = [f"{r.question.id}: {line}" for r in resolved for line in (*r.missing, *r.doubts)]
    if inventory.failures or inventory.partial:
        absent = ["unknown: the server could not say what it has"]
    elif not inventory.counts:
        match = f" with {', '.join(f'{k}={v}' for k, v in spec.match.items())}" if spec.match else ""
        absent = [f"nothing of the catalogue{match}, in any dialect: is it the right server, time and `match`?"]
    return {"dialects": {r.question.id: list(r.dialects) for r in resolved if r.dialects}, "not_there": absent}
