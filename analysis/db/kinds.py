"""Which kind of source a file is, told by its content and not by its name."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import EvidenceError, NoDataError, SpecError
from analysis.sources.hikari import TIMED_OUT
from analysis.sources.lines import read_bytes

__all__ = ["KINDS", "LOG", "kind_of", "one_kind"]

LOG = "postgresql"
TABLES = {"ash": ({"wait_event"}, {"state", "pid", "session_id"}), "pgss": ({"calls"}, {"queryid", "query_id"})}
OTHERS = ("ash", "pgss", "pi", "hikari", "mysql-slow")
LOG_KINDS = ("stderr", "csvlog", "jsonlog", "syslog", "rds", "cloudsql", "cnpg", "logplex")
KINDS = (*LOG_KINDS, *OTHERS[:-1])
HEAD_BYTES = 1 << 18
INSIGHTS = re.compile(
    rb'"(?:MetricList|AlignedStartTime|AlignedEndTime|PartitionKeys)"\s*:|"Dimension"\s*:\s*"db\.', re.ASCII
)
SLOW = re.compile(rb"^# (?:User@Host:|Query_time:|Time: \d)", re.MULTILINE)
SERVER = re.compile(rb"\b(?:LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|STATEMENT|HINT|CONTEXT): |\"error_severity\"|,LOG,")


def kind_of(path: Path) -> str:
    """Return the kind of a file: "pi", "ash", "pgss", "hikari", "mysql-slow", or "postgresql" for what is left.

    Parameters
    ----------
    path : Path
        The file; plain, gzip, zstd or Parquet.

    Raises
    ------
    EvidenceError
        If it cannot be read, or is a Parquet file of something else.

    Examples
    --------
    >>> kind_of(Path("data/incidents/D-quiet-control/raw/db/pg_stat_activity.parquet"))
    'ash'
    >>> kind_of(Path("data/incidents/D-quiet-control/raw/db/pg_stat_statements.parquet"))
    'pgss'
    """
    head, _ = read_bytes(path, limit=HEAD_BYTES)
    if head.startswith(b"PAR1"):
        return _kind_of_parquet(path)
    text = head.lstrip()
    if text[:1] in (b"{", b"[") and INSIGHTS.search(text):
        return "pi"
    if found := _kind_of_columns(_header(text)):
        return found
    if SLOW.search(text) and not SERVER.search(text):
        return "mysql-slow"
    return "hikari" if TIMED_OUT.search(text) and not SERVER.search(text) else LOG


def _kind_of_parquet(path: Path) -> str:
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        names = []
    if found := _kind_of_columns(names):
        return found
    raise EvidenceError(
        "a Parquet file of no known kind", where=path.name,
        expected="columns of pg_stat_activity or pg_stat_statements, sampled with their time",
        next=f"found: {', '.join(names)[:300] or 'nothing that can be read'}",
    )  # fmt: skip


def _header(text: bytes) -> list[str]:
    line = text.partition(b"\n")[0][:4096].decode("utf-8", "replace").strip()
    try:
        return next(csv.reader(io.StringIO(line.replace("\0", " "))), [])
    except csv.Error:
        return []


def _kind_of_columns(names: Sequence[str]) -> str:
    have = {name.strip().lower() for name in names}
    return next((kind for kind, (all_, any_) in TABLES.items() if all_ <= have and any_ & have), "")


def one_kind(paths: Sequence[Path], given: str | None) -> str:
    """Return the one kind of all files, as given or told by their content; text of no other kind is a server's log.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    given : str or None
        One of `KINDS`, or None or "auto" for what the content says.

    Raises
    ------
    SpecError
        If the kind is not known, or the files are of several.
    NoDataError
        If the kind is not read.

    Examples
    --------
    >>> one_kind([Path("data/incidents/D-quiet-control/raw/db/pg_stat_activity.parquet")], None)
    'ash'
    """
    if given not in (None, "auto"):
        if given.removeprefix(f"{LOG}-") in LOG_KINDS or given in OTHERS or given == LOG:
            return _readable(given, paths)
        raise SpecError(
            f"no such kind: {given}", where="--kind", expected=f"auto, {', '.join(KINDS)}", next="correct the kind"
        )
    kinds = {path: kind_of(path) for path in paths}
    found = sorted(set(kinds.values()))
    if len(found) > 1:
        told = ", ".join(f"{path.name}: {kind}" for path, kind in list(kinds.items())[:8])
        raise SpecError(
            "files of several kinds", where=told, expected="files of one kind",
            next="one call for each kind; --kind where a kind was told wrongly",
        )  # fmt: skip
    return _readable(found[0] if found else LOG, paths)


def _readable(kind: str, paths: Sequence[Path]) -> str:
    if kind == "mysql-slow":
        raise NoDataError(
            "a slow log of MySQL, which is not read yet", where=", ".join(path.name for path in paths[:5]),
            expected=f"one of: {', '.join(KINDS)}", next="pt-query-digest --output json reads it meanwhile",
        )  # fmt: skip
    return kind
