"""k6 results (`k6 run --out json` or `--out csv`) to the frame of requests.

A sample of k6 has the time at which the request ended. A request failed if k6 says so (tag `expected_response`, else
the metric `http_req_failed`), else if it had no response (status 0) or a status of 400 or more: the default of k6.
"""

from __future__ import annotations

import csv
from collections import defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pandas as pd

from analysis.errors import EvidenceError
from analysis.sources.lines import ReadReport, Tally, open_lines, scan
from analysis.sources.request_rows import RequestRows
from analysis.sources.times import epoch_us, to_seconds

__all__ = ["CSV_COLUMNS", "read_k6_csv", "read_k6_json"]

CSV_COLUMNS = ("metric_name", "timestamp", "metric_value")
DURATION, FAILED, DROPPED = "http_req_duration", "http_req_failed", "dropped_iterations"
WANTED = frozenset((DURATION, FAILED, DROPPED))


class _Tags(msgspec.Struct, gc=False):
    expected_response: str = ""
    status: str = ""
    error_code: str = ""
    name: str = ""
    url: str = ""


class _Data(msgspec.Struct):
    time: str
    value: float
    tags: _Tags | None = None


class _Point(msgspec.Struct):
    data: _Data


class _Head(msgspec.Struct, gc=False):
    metric: str
    type: str


@dataclass
class _Samples:
    """Samples of the three metrics that matter, while a file is read."""

    durations: list[tuple[int, float, _Tags]] = field(default_factory=list)
    failures: dict[tuple[int, str, str], deque[bool]] = field(default_factory=lambda: defaultdict(deque))
    dropped: float = 0.0

    def add(self, metric: str, us: int, value: float, tags: _Tags) -> None:
        if metric == DURATION:
            self.durations.append((us, to_seconds(value, 1e-3), tags))
        elif metric == FAILED:
            self.failures[us, _route(tags), tags.status].append(value > 0)
        elif metric == DROPPED:
            self.dropped += max(value, 0.0)

    def rows(self) -> tuple[RequestRows, int]:
        """Return the requests, and how many of them do not say whether they failed."""
        rows, untold = RequestRows(), 0
        for us, seconds, tags in self.durations:
            failed = self._failed(us, tags)
            untold += failed is None
            rows.add(us, seconds, tags.status, _route(tags), "", failed=bool(failed))
        return rows, untold

    def _failed(self, us: int, tags: _Tags) -> bool | None:
        if tags.expected_response:
            return tags.expected_response == "false"
        if pair := self.failures.get((us, _route(tags), tags.status)):
            return pair.popleft()
        if tags.status.isdecimal():
            return tags.status == "0" or int(tags.status[:9]) >= 400
        return True if tags.error_code else None

    def finish(self, tally: Tally, *, truncated: bool, clock: bool) -> tuple[pd.DataFrame, ReadReport]:
        rows, untold = self.rows()
        frame = rows.frame()
        unknown = int(frame["duration_seconds"].isna().sum())
        notes = (
            "no requests: there is no sample of http_req_duration" if tally.recognised and frame.empty else "",
            "times are whole seconds" if clock and rows.whole_seconds else "",
            f"{untold} requests say neither status nor failure: taken as not failed" if untold else "",
            f"{unknown} requests have no usable duration" if unknown else "",
            f"{self.dropped:.0f} iterations dropped: the load generator was saturated" if self.dropped > 0 else "",
        )
        return frame, tally.report(*notes, truncated=truncated)


def _route(tags: _Tags) -> str:
    return tags.name or tags.url


def read_k6_json(path: Path) -> tuple[pd.DataFrame, ReadReport]:
    """Read what `k6 run --out json` wrote; plain, gzip or zstd.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    frame : DataFrame
        Requests by completion: `duration_seconds` [s], `failed`, `status`, `route` (name, else url), `pod` (unknown).
    report : ReadReport
        What was understood; samples of other metrics are recognised and passed over.

    Raises
    ------
    EvidenceError
        If the file cannot be read or decompressed.

    Examples
    --------
    >>> import tempfile
    >>> tags = '{"status":"200","name":"/pay","expected_response":"true"}'
    >>> data = '{"time":"2026-11-22T18:04:30.5Z","value":250,"tags":' + tags + "}"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "k6.json")
    ...     _ = path.write_text('{"metric":"http_req_duration","type":"Point","data":' + data + "}")
    ...     frame, report = read_k6_json(path)
    >>> frame["duration_seconds"].tolist(), report.unrecognised
    ([0.25], 0)
    """
    source, tally, samples = open_lines(path), Tally(path.name), _Samples()
    point, head = msgspec.json.Decoder(_Point), msgspec.json.Decoder(_Head)

    def understand(line: bytes) -> None:
        found = head.decode(line)
        if found.type not in ("Point", "Metric"):
            raise ValueError("neither a point nor a metric")
        if found.type == "Metric" or found.metric not in WANTED:
            return
        if found.metric == FAILED and b'"expected_response"' in line:
            return  # the durations say it themselves
        data = point.decode(line).data
        samples.add(found.metric, epoch_us(data.time), data.value, data.tags or _Tags())

    truncated = scan(source, tally, understand)
    return samples.finish(tally, truncated=truncated, clock=False)


def read_k6_csv(path: Path) -> tuple[pd.DataFrame, ReadReport]:
    """Read what `k6 run --out csv` wrote; plain, gzip or zstd.

    k6 writes whole seconds unless K6_CSV_TIME_FORMAT says otherwise; a note tells which it is. Milli-, micro- and
    nanoseconds since the epoch and RFC 3339 are seen from the values.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    frame : DataFrame
        Requests by completion: `duration_seconds` [s], `failed`, `status`, `route` (name, else url), `pod` (unknown).
    report : ReadReport
        What was understood; samples of other metrics are recognised and passed over.

    Raises
    ------
    EvidenceError
        If the file cannot be read or decompressed, or its header is not that of k6.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "k6.csv")
    ...     text = ["metric_name,timestamp,metric_value,status,name", "http_req_duration,1795370670,250.0,503,/pay"]
    ...     _ = path.write_text(chr(10).join(text))
    ...     frame, report = read_k6_csv(path)
    >>> frame["failed"].tolist(), report.notes
    ([True], ('times are whole seconds',))
    """
    source, tally, samples = open_lines(path), Tally(path.name), _Samples()
    if not any(line.strip() for line in source.lines):
        return samples.finish(tally, truncated=source.truncated, clock=True)
    header = source.lines[0].decode("utf-8", "replace").split(",")
    missing = [column for column in CSV_COLUMNS if column not in header]
    if missing:
        raise EvidenceError(
            f"columns are missing: {', '.join(missing)}",
            where=path.name,
            expected=f"the header of k6 --out csv with {', '.join(CSV_COLUMNS)}",
            next=f"found: {', '.join(header)[:200]}",
        )
    at = {name: number for number, name in enumerate(header)}
    tag_at = [(name, at[name]) for name in _Tags.__struct_fields__ if name in at]
    metric_at, time_at, value_at = (at[name] for name in CSV_COLUMNS)
    wanted = tuple(metric.encode() for metric in WANTED)

    def understand(line: bytes) -> None:
        if metric_at == 0 and not line.startswith(wanted):
            if line.count(b",") < len(header) - 1:
                raise ValueError("too few fields")
            return
        cells = next(csv.reader([line.decode("utf-8", "replace")], strict=True))
        if len(cells) != len(header):
            raise ValueError("another number of fields than the header")
        if cells[metric_at] in WANTED:
            tags = _Tags(**{name: cells[number] for name, number in tag_at})
            samples.add(cells[metric_at], epoch_us(cells[time_at]), float(cells[value_at]), tags)

    truncated = scan(source, tally, understand, first=1)
    return samples.finish(tally, truncated=truncated, clock=True)
