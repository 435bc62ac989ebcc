"""Facts of the server that was asked: what and where it is, its clock, its habits; or which files stand for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.asked import Asked
from analysis.findings import number, value
from analysis.store import SAMPLES, Manifest

__all__ = ["facts_of", "from_files", "of_pack"]

MOST_SPANS = 4
WAYS = {
    "remote_read": "remote_read (real samples)", "export": "export (real samples)",
    "range_vector": "range vectors (real samples)", "query_range": "query_range (values on a grid)",
}  # fmt: skip


def facts_of(server: Mapping[str, Any], asked: Sequence[Asked]) -> list[str]:
    """Return sentences on a server, how it was asked, and for which time; unknown facts are said to be unknown.

    Parameters
    ----------
    server : mapping
        What the manifest says of it.
    asked : sequence of Asked
        What was asked.

    Examples
    --------
    >>> facts_of({"name": "http://prometheus:9090", "flavour": "prometheus", "version": "2.42.0"}, ())[0]
    'http://prometheus:9090: prometheus 2.42.0, asked by nothing that answered.'
    """
    ways = sorted({one.way for one in asked if one.way})
    version = str(server.get("version") or ", version unknown")
    flavour = str(server.get("flavour") or "unknown").replace("unknown", "of unknown kind")
    who = f"{server.get('name') or 'A server'}: {f'{flavour} {version}'.replace(' ,', ',')}"
    found = [f"{who}, asked by {', '.join(WAYS.get(w, w) for w in ways) or 'nothing that answered'}."]
    spans = sorted({(one.start, one.end) for one in asked if one.start})
    if spans:
        when = max((one.fetched_at for one in asked), default="") or "an unknown time"
        stretches = "; ".join(f"{start} to {end}" for start, end in spans[:MOST_SPANS])
        more = f" and {len(spans) - MOST_SPANS} more" if len(spans) > MOST_SPANS else ""
        found.append(f"The time asked for: {stretches}{more}; last asked at {when}.")
    found.append(" ".join([_clock(server), _lookback(server), _oldest(server), _intervals(server)]).strip())
    return [*found, *(f"Note: {note}" for note in server.get("notes", ()))]


def _clock(server: Mapping[str, Any]) -> str:
    offset = server.get("clock_offset_seconds")
    if offset is None:
        return "Its clock could not be compared with ours."
    if abs(offset) <= 1:
        return "Its clock agrees with ours within a second."
    return f"Its clock is {value(abs(offset), 'seconds').text} {'ahead of' if offset > 0 else 'behind'} ours."


def _lookback(server: Mapping[str, Any]) -> str:
    seconds = server.get("lookback_seconds")
    if seconds is None:
        return "How long it repeats the last value of a series that ended is unknown."
    return f"On a grid it repeats the last value of a series that ended for {value(seconds, 'seconds').text}."


def _oldest(server: Mapping[str, Any]) -> str:
    oldest = server.get("oldest_time")
    return f"It knows nothing before {oldest}." if oldest else ""


def _intervals(server: Mapping[str, Any]) -> str:
    by_job, found = server.get("scrape_intervals_seconds") or {}, server.get("scrape_interval_seconds")
    steps = sorted(set(by_job.values()))
    told = f"It scrapes every {' or '.join(number(s) for s in steps)} s as it says" if steps else ""
    seen = f"every {number(found)} s at the slowest as measured" if found else ""
    return f"{told or 'It scrapes'}{', ' if told and seen else ' ' if seen else ''}{seen}." if told or seen else ""


def of_pack(manifest: Manifest) -> list[str]:
    """Return what to say of a redacted copy: that it is one, and what is not in it; nothing of other evidence.

    Parameters
    ----------
    manifest : Manifest
        Of the evidence.

    Examples
    --------
    >>> of_pack(Manifest(pack={"is_pack": True, "files_left_out": {"raw/app.log": "no reader"}}))
    ['This is a redacted copy of the evidence (a pack): names may be pseudonyms; 1 file is not in it.']
    """
    if not manifest.pack:
        return []
    count = len(manifest.pack.get("files_left_out", ()))
    without = f"; {count:,} file{' is' if count == 1 else 's are'} not in it" if count else ""
    return [f"This is a redacted copy of the evidence (a pack): names may be pseudonyms{without}."]


def from_files(manifest: Manifest) -> str:
    """Return what to say where no server was asked: what the samples came from, or that there are none.

    Parameters
    ----------
    manifest : Manifest
        Of the evidence.

    Examples
    --------
    >>> from_files(Manifest())[-45:]
    'nothing that only metrics show can be tested.'
    """
    entry = manifest.entry(SAMPLES)
    files = len({e.source for e in manifest.entries if e.superseded_by is None})
    text = f"No server of metrics was asked: the evidence came from {files:,} file{'' if files == 1 else 's'}."
    if entry is None:
        return f"{text} There are no samples of metrics among them, so nothing that only metrics show can be tested."
    detail = entry.detail
    held = f"{detail['series']:,} series" if isinstance(detail.get("series"), int) else "an unknown number of series"
    ends = [str(detail[k]) for k in ("start", "end") if detail.get(k)]
    span = f", {ends[0]} to {ends[1]}" if len(ends) == 2 else ""
    absent = "a metric that is not in them was not recorded, or not kept, which is not the same as zero."
    return f"{text} The samples are those of {entry.source or 'a file'}: {held}{span}; {absent}"
