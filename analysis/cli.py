"""The command line: thin, over the same public functions. Exit codes: 0, 1 internal, 2 usage, 3 partial, 4 no data."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.errors import AnalysisError, SpecError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Post-incident analysis: capture evidence, test suspects, share one offline HTML report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The incident folder.")]
Time = Annotated[str | None, typer.Option(metavar="TIME", help="ISO-8601 with an offset; replaces the spec's.")]


@app.command()
def new(folder: Folder) -> None:
    """Write a commented incident.yaml and narrative.md to fill in."""
    from analysis.template import write_template

    for path in write_template(folder):
        out.print(Text(f"wrote {path}"))
    out.print("Next: fill in incident.yaml, then: postmortem capture DIR --from PATH", markup=False)


@app.command()
def capture(
    folder: Folder,
    source: Annotated[Path | None, typer.Option("--from", metavar="PATH", help="A folder of recorded files.")] = None,
) -> None:
    """Freeze the evidence into raw/; can be repeated, adds, never loses."""
    from analysis.capture import capture_from

    if source is None:
        raise SpecError(
            "live capture is not part of this version",
            where="postmortem capture",
            expected="--from PATH, a folder of recorded files",
            next="record the files (Prometheus samples, k6 results, events.json, ...) and name their folder",
        )
    manifest = capture_from(folder, source, progress=lambda line: err.print(Text(line)))
    total = sum(e.bytes for e in manifest.entries)
    text = f"{len(manifest.entries)} files, {total / 1e6:.1f} MB frozen in {folder / 'raw'}"
    out.print(Text(f"{text}; {len(manifest.skipped)} passed over"))
    if not (folder / "incident.yaml").is_file():
        out.print("Next: postmortem new DIR writes an incident.yaml to fill in", markup=False)


@app.command()
def check(folder: Folder) -> None:
    """Show the spec's problems, all at once, and the coverage of every signal."""
    from analysis.investigation import investigate

    result = investigate(folder)
    table = Table("signal", "present", "share", "resolution", "gaps", box=None, title="Coverage in the incident window")
    for row in result.coverage:
        step = "unknown" if row.resolution_seconds is None else f"{row.resolution_seconds:g} s"
        gaps = "; ".join(f"{a} to {b}" for a, b in row.gaps)
        table.add_row(Text(row.signal), f"{row.present} of {row.expected}", f"{row.ratio:.0%}", step, gaps)
    out.print(table)
    for report in result.evidence.reports:
        note = f"{report.file}: {report.recognised} of {report.records} records recognised"
        out.print(Text("; ".join([note, *report.notes, *report.samples])))
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


def main() -> None:
    """Run the command line; an error that a user can act on is shown without a traceback."""
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
