"""`postmortem sample-db`: sessions of a PostgreSQL server to a file that `capture` takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.errors import SpecError
from analysis.sampling.reference import resolved
from analysis.sampling.rows_file import RowsFile
from analysis.sampling.sampler import APPLICATION, COLUMNS, Sampled, sample_sessions

__all__ = ["UNREDACTED", "run_sampler"]

UNREDACTED = "The file holds texts of statements as they were sent, with what is personal in them: keep it as such."
CONNECT_SECONDS = 5


def run_sampler(
    dsn_reference: str, output: Path, *, interval_seconds: float = 1.0, duration_seconds: float = float("inf")
) -> Sampled:
    """Sample sessions of a server into a new file, until the time is over or the user interrupts.

    The session that samples is read-only, bears a name of its own (application_name), and gives up a sample that takes
    longer than an interval. Rows are written as they come: see `UNREDACTED`.

    Parameters
    ----------
    dsn_reference : str
        env:NAME or file:/path, never a connection string.
    output : Path
        A new file: .csv, or .csv.zst. Nothing is left of it where the first connection fails.
    interval_seconds, duration_seconds : float
        See `sample_sessions` [s].

    Raises
    ------
    SpecError
        If psycopg is not installed, the reference names nothing, the file exists, or a number is out of range.
    EvidenceError
        If the server lets nobody in.

    Examples
    --------
    >>> try:
    ...     run_sampler("host=db password=x", Path("ash.csv"))
    ... except SpecError as error:
    ...     print(str(error).splitlines()[0])
    a connection must be given by reference, never as the string itself
    """
    dsn = resolved(dsn_reference)
    try:
        import psycopg
    except ImportError:
        raise SpecError(
            "the driver psycopg is not installed", where="sample-db", expected="the extra database of this package",
            next="pip install 'postmortem-toolkit[database]'",
        ) from None  # fmt: skip

    def connect() -> Any:
        return psycopg.connect(
            dsn, autocommit=True, application_name=APPLICATION, connect_timeout=CONNECT_SECONDS, prepare_threshold=None
        )

    if not output.name.endswith((".csv", ".csv.zst")):
        raise SpecError("the output's name", where=output.name, expected=".csv or .csv.zst", next="name it so")
    with RowsFile(output, list(COLUMNS)) as sink:
        try:
            return sample_sessions(connect, sink, interval_seconds=interval_seconds, duration_seconds=duration_seconds)
        except Exception:
            output.unlink(missing_ok=True)
            raise
