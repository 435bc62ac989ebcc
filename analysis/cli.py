"""The command line: thin, over the same public functions. Exit codes: 0, 1 internal, 2 usage, 3 partial, 4 no data."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from analysis.errors import AnalysisError, SpecError
from analysis.terminal import err, out, said_when_slow, show_coverage, show_frozen, show_ranking

if TYPE_CHECKING:
    from analysis.suspects.wide import Wide

__all__ = ["app", "main"]

app = typer.Typer(
    help="Post-incident analysis: capture evidence, test suspects, share one offline HTML report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The incident folder.")]
Pair = tuple[str, str] | None
Time = Annotated[str | None, typer.Option(metavar="TIME", help="ISO-8601 with an offset; replaces the spec's.")]


@app.command()
def new(folder: Folder) -> None:
    """Write a commented incident.yaml and narrative.md to fill in."""
    from analysis.template import write_template

    for path in write_template(folder):
        out.print(Text(f"wrote {path}"))
    out.print("Next: fill in incident.yaml, then: postmortem capture DIR, live or --from PATH", markup=False)


@app.command()
def capture(
    folder: Folder,
    source: Annotated[Path | None, typer.Option("--from", metavar="PATH", help="A folder of recorded files.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask again what is frozen already.")] = False,  # noqa: FBT002
) -> None:
    """Freeze the evidence into raw/, from files or live; can be interrupted and repeated, adds, never loses."""
    from analysis.capture import capture_from

    if source is not None:
        manifest = capture_from(folder, source, progress=lambda line: err.print(Text(line)))
        show_frozen(folder, manifest)
        if not (folder / "incident.yaml").is_file():
            out.print("Next: postmortem new DIR writes an incident.yaml to fill in", markup=False)
        return
    from analysis.live import capture_live
    from analysis.live.words import outcome_lines

    with err.status("capturing") as status:

        def progress(line: str) -> None:
            if err.is_terminal:
                status.update(Text(line))
            else:
                err.print(Text(line))

        try:
            captured = capture_live(folder, refresh=refresh, progress=progress)
        except KeyboardInterrupt:
            err.print(f"interrupted; what came is kept: run the same command again to go on ({folder})", markup=False)
            raise typer.Exit(130) from None
    for line in outcome_lines(captured):
        out.print(Text(line))
    show_frozen(folder, captured.manifest)
    if captured.missing:
        err.print(Text(f"incomplete, did not come though required: {len(captured.missing)}", style="bold"))
        for line in captured.missing:
            err.print(Text(f"  - {line}"))
        err.print("  next: mend the cause, then run the same command again: what came is kept", markup=False)
        raise typer.Exit(3)


@app.command()
def pack(
    folder: Folder,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="A .zip, or a folder to make.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,  # noqa: FBT002
    accept: Annotated[bool, typer.Option("--accept-warnings", help="Pack though words look personal.")] = False,  # noqa: FBT002
) -> None:
    """Make the redacted copy of an incident folder that may be shared; its reports say the same."""
    from analysis.pack import pack as make_pack
    from analysis.pack.words import packed_lines

    with said_when_slow() as progress:
        packed = make_pack(folder, output, force=force, accept_warnings=accept, progress=progress)
    for line in packed_lines(packed):
        out.print(Text(line))


@app.command()
def check(folder: Folder) -> None:
    """Show the spec's problems, all at once, and the coverage of every signal."""
    from analysis.investigation import investigate
    from analysis.verify import unlisted
    from analysis.views.captured import asked_lines, coverage_lines

    result = investigate(folder)
    show_coverage(result.coverage, coverage_lines(result))
    for line in asked_lines(result):
        out.print(Text(line))
    for report in result.evidence.reports:
        note = f"{report.file}: {report.recognised} of {report.records} records recognised"
        out.print(Text("; ".join([note, *report.notes, *report.samples])))
    for path in unlisted(result.incident.raw, result.evidence.manifest):
        err.print(
            Text(f"not read: raw/{path} is not in the manifest; freeze it by `postmortem capture DIR --from FILE`")
        )
    for problem in result.problems:
        err.print(Text(f"incomplete: {problem}"))
    out.print(
        Text(f"{result.incident.spec.id}: the spec is valid; {len(result.evidence.manifest.entries)} files as captured")
    )
    if result.problems:
        raise typer.Exit(3)


@app.command()
def report(
    folder: Folder,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Run this notebook only; may be repeated.")
    ] = None,
    start: Time = None,
    end: Time = None,
    baseline_start: Time = None,
    baseline_end: Time = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="Publish here, not in DIR/report.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=16, metavar="N", help="Notebooks at a time.")] = 1,
) -> None:
    """Run the notebooks and write report.html and report.json."""
    from analysis.report import make_report

    times = {"start": start, "end": end, "baseline_start": baseline_start, "baseline_end": baseline_end}
    with err.status("starting") as status:

        def progress(step: str) -> None:
            if err.is_terminal:
                status.update(Text(step))
            else:
                err.print(Text(step))

        made = make_report(folder, times=times, only=tuple(only or ()), output=output, jobs=jobs, progress=progress)
    out.print(Text(made.result.headline))
    for finding in made.result.findings[:10]:
        place = f"rank {finding.rank}" if finding.rank else ""
        out.print(Text(f"  {finding.verdict:13} {place:7} {finding.id}"))
    for section in made.sections:
        if section.status != "ok":
            err.print(Text(f"section {section.name} {section.status}: {section.reason}"))
    for problem in made.result.problems:
        err.print(Text(f"incomplete: {problem}"))
    out.print(Text(f"report: {made.folder / 'report.html'} ({made.status})"))
    if made.status == "partial":
        raise typer.Exit(3)


@app.command()
def suspects(
    target: Annotated[Path, typer.Argument(metavar="DIR-or-FILE", help="An incident folder, or a CSV or Parquet.")],
    incident: Annotated[Pair, typer.Option(metavar="START END", help="When it was bad; needed with a file.")] = None,
    baseline: Annotated[Pair, typer.Option(metavar="START END", help="A comparable time, just before.")] = None,
    symptom: Annotated[str | None, typer.Option(metavar="COLUMN", help="The series that users felt.")] = None,
    graph: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV or Parquet: caller, callee.")] = None,
    timezone: Annotated[str | None, typer.Option(metavar="ZONE", help="Of times without an offset: UTC, ...")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, also on failure.")] = False,  # noqa: FBT002
) -> None:
    """Rank every series by how much it changed with the incident."""
    from analysis.suspects.document import as_document
    from analysis.suspects.wide import rank_wide

    with said_when_slow() as progress:
        progress(f"reading {target.name}")
        wide = _wide(target, (incident, baseline), symptom, graph, timezone)
        progress(f"ranking {wide.frame.shape[1]:,} series")
        ranking = rank_wide(wide)
    if as_json:
        typer.echo(json.dumps(as_document(ranking, wide), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        show_ranking(ranking, wide)


@app.command()
def gc(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="GC logs, plain, .gz or .zst, in any order.")],
    jvm_start: Annotated[
        str | None, typer.Option(metavar="TIME", help="When the JVM began, for logs that only have an uptime.")
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="List every pause.")] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, also on failure.")] = False,  # noqa: FBT002
) -> None:
    """Summarise GC logs on their own: pauses, safepoints, stalls, and what the logs cannot tell."""
    from analysis.gc.run import gc_document
    from analysis.gc.words import document_lines

    with said_when_slow() as progress:
        document, error = gc_document(files, jvm_start=jvm_start, events=events, progress=progress)
    if as_json:  # many pauses are written several times faster in one line
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=None if events else 1))
    elif error is None:
        for line in document_lines(document, width=min(110, out.width)):
            out.print(Text(line))
    if error is not None:
        raise typer.Exit(error.exit_code) if as_json else error


@app.command()
def db(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Logs, samples, ... of one kind.")],
    kind: Annotated[str, typer.Option(metavar="KIND", help="auto, csvlog, stderr, syslog, pi, ash, pgss ...")] = "auto",
    prefix: Annotated[str | None, typer.Option(metavar="PREFIX", help="The server's log_line_prefix.")] = None,
    timezone: Annotated[str | None, typer.Option(metavar="ZONE", help="Of local times: Europe/Berlin, ...")] = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Only what came later; ISO-8601, offset.")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="Only what came until then.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, also on failure.")] = False,  # noqa: FBT002
) -> None:
    """Summarise one source of a database on its own: statements, load, connections, locks, errors."""
    from analysis.db.run import asked_for, db_document
    from analysis.db.words import document_lines

    with said_when_slow() as progress:
        document, error = db_document(files, asked_for(kind, prefix, timezone, start, end), progress=progress)
    _show_document(document, error, [] if as_json or error else document_lines(document), as_json=as_json)


@app.command("sample-db")
def sample_db(
    dsn: Annotated[str, typer.Argument(metavar="DSN-REFERENCE", help="env:NAME or file:/path, never the DSN itself.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="A new file: .csv or .csv.zst.")],
    seconds: Annotated[float | None, typer.Option(help="How long; without it until it is interrupted.")] = None,
    interval: Annotated[float, typer.Option(help="Seconds between samples.")] = 1.0,
) -> None:
    """Record what sessions of a PostgreSQL server do, once a second, in a file that capture takes."""
    from analysis.sampling.run import UNREDACTED, run_sampler

    err.print(Text(UNREDACTED))
    length = float("inf") if seconds is None else seconds
    found = run_sampler(dsn, output, interval_seconds=interval, duration_seconds=length)
    left_out = f"; {found.skipped} left out, {found.failed} failed" if found.skipped or found.failed else ""
    out.print(Text(f"{found.samples} samples with {found.rows} sessions in {output}{left_out}"))
    for failure in found.failures:
        err.print(Text(failure))


def _show_document(document: dict[str, Any], error: AnalysisError | None, lines: list[str], *, as_json: bool) -> None:
    """Print a document as JSON, or in words; then leave with its error, if it has one."""
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))
    for line in lines:
        out.print(Text(line))
    if error is not None:
        raise typer.Exit(error.exit_code) if as_json else error


def _wide(target: Path, times: tuple[Pair, Pair], symptom: str | None, graph: Path | None, zone: str | None) -> Wide:
    """Return what to rank: of an incident folder, or of a table."""
    from dataclasses import replace

    from analysis.suspects.table import read_graph, read_table

    if not target.is_dir():
        return read_table(target, *times, symptom=symptom, graph=graph, timezone=zone)
    from analysis.collect import load
    from analysis.hypotheses.case import Case
    from analysis.incident import Incident
    from analysis.suspects.wide import wide_frame

    (start, end), (first, last) = (pair or (None, None) for pair in times)
    loaded = Incident.load(target, start=start, end=end, baseline_start=first, baseline_end=last)
    wide = wide_frame(Case.of(load(loaded)))
    if times[0] is not None:  # an author who names a time means just that time
        wide = replace(wide, incident=loaded.window, nothing_happened="", remarks=())
    if graph is not None:
        wide = replace(wide, graph=read_graph(graph))
    return replace(wide, symptom=symptom) if symptom is not None else wide


def main() -> None:
    """Run the command line; an error that a user can act on is shown without a traceback."""
    if "--json" in sys.argv[1:]:
        raise SystemExit(_run_for_machines())
    try:
        app()
    except AnalysisError as error:
        err.print(Text(f"error: {error}"))
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        err.print("interrupted; the last report is untouched")
        raise SystemExit(130) from None
    except Exception as error:
        if os.environ.get("POSTMORTEM_DEBUG"):
            raise
        err.print(Text(f"internal error: {type(error).__name__}: {error}"))
        err.print("  next:     run again with POSTMORTEM_DEBUG=1 for the traceback, and report it", markup=False)
        sys.exit(1)


def _run_for_machines() -> int:
    """Run a command with --json: whatever fails, stdout holds one JSON document that says so; return the exit code."""
    try:
        done: Any = app(standalone_mode=False)
    except AnalysisError as error:
        failed, code = error.as_dict(), error.exit_code
    except typer.Exit as error:
        return int(error.exit_code)
    except Exception as error:
        said = getattr(
            error, "format_message", None
        )  # what typer raises for wrong arguments, wherever it takes it from
        if said is None and os.environ.get("POSTMORTEM_DEBUG"):
            raise
        if said is not None:
            wrong = SpecError(said(), where="arguments", expected=_usage(), next="see --help")
            typer.echo(json.dumps({"error": wrong.as_dict()} | _coverage_of_nothing(), ensure_ascii=False))
            return wrong.exit_code
        what = f"internal error: {type(error).__name__}: {error}"
        failed, code = AnalysisError(what, next="run again with POSTMORTEM_DEBUG=1, and report it").as_dict(), 1
    else:
        return done if isinstance(done, int) else 0
    typer.echo(json.dumps({"error": failed} | _coverage_of_nothing(), ensure_ascii=False))
    return code


def _usage() -> str:
    named = {"gc": "postmortem gc FILE...", "db": "postmortem db FILE..."}
    return named.get("".join(sys.argv[1:2]), "postmortem suspects DIR-or-FILE")


def _coverage_of_nothing() -> dict[str, Any]:
    """Return what a command that reads one source says of its coverage when it fails before reading."""
    from analysis.db.coverage import nothing_read as nothing_of_a_database
    from analysis.gc.coverage import nothing_read

    of = {"gc": nothing_read, "db": nothing_of_a_database}.get("".join(sys.argv[1:2]))
    return {} if of is None else {"coverage": of(0)}
