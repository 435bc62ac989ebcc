"""Execute one notebook with papermill. A notebook that fails costs its own section only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_client.manager import AsyncKernelManager

from analysis.errors import SpecError
from analysis.report.light import PapermillExecutionError, nbformat, papermill

__all__ = ["Section", "execute", "notebook_folder", "notebooks"]

CELL_SECONDS = 600
VIEW = "application/vnd.postmortem+json"


@dataclass(frozen=True)
class Section:
    """One executed notebook: `status` ok, unavailable or failed, with the reason."""

    name: str
    status: Literal["ok", "unavailable", "failed"]
    reason: str | None
    notebook: Any

    def as_dict(self) -> dict[str, Any]:
        """Return the section as it stands in report.json."""
        return {"name": self.name, "status": self.status, "reason": self.reason}


def notebook_folder() -> Path:
    """Return where the notebooks are: in the checkout, or beside the installed package."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / "notebooks"
    return checkout if checkout.is_dir() else package / "_notebooks"


def notebooks(only: tuple[str, ...] = ()) -> list[Path]:
    """Return the notebooks to run, the overview first.

    Parameters
    ----------
    only : tuple of str
        Names to run; empty: all.

    Raises
    ------
    SpecError
        If a name is unknown.

    Examples
    --------
    >>> notebooks()[0].stem
    'overview'
    """
    found = {p.stem: p for p in sorted(notebook_folder().glob("*.ipynb"), key=lambda p: (p.stem != "overview", p.stem))}
    unknown = [name for name in only if name not in found]
    if unknown:
        raise SpecError(
            f"no such notebook: {', '.join(unknown)}",
            where="--only",
            expected=", ".join(found),
            next="correct the name",
        )
    return [path for name, path in found.items() if not only or name in only]


def execute(
    notebook: Path,
    output: Path,
    parameters: dict[str, str | None],
    managers: type[AsyncKernelManager] = AsyncKernelManager,
) -> Section:
    """Execute a notebook into a file.

    Parameters
    ----------
    notebook : Path
        With a cell tagged `parameters`.
    output : Path
        The executed notebook.
    parameters : dict
        Text or None; never a secret.
    managers : type
        What starts the kernel, such as `kernels.warm_kernels` gives.

    Returns
    -------
    Section
        Failed, with the error of the cell, if a cell raised.
    """
    try:
        papermill.execute_notebook(
            str(notebook),
            str(output),
            parameters=parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            log_output=False,
            autosave_cell_every=0,
            request_save_on_cell_execute=False,
            execution_timeout=CELL_SECONDS,
            kernel_manager_class=managers,
            extra_arguments=["--IPKernelApp.log_level=40", "--HistoryManager.enabled=False"],
            cwd=str(notebook.parent),
        )
    except PapermillExecutionError as error:
        return Section(notebook.stem, "failed", f"{error.ename}: {_first_line(error.evalue)}", _read(output))
    except Exception as error:  # noqa: BLE001 - a kernel that dies or does not start must not cost the other sections
        return Section(notebook.stem, "failed", f"{type(error).__name__}: {_first_line(str(error))}", _read(output))
    book = _read(output)
    missing = next(iter(_unavailable(book)), None)
    return Section(notebook.stem, "ok" if missing is None else "unavailable", missing, book)


def _unavailable(book: Any) -> list[str]:
    """Return what a notebook says of evidence that its section would need."""
    shown = [o.get("data", {}).get(VIEW) for c in book.cells for o in c.get("outputs", [])]
    return [str(v["data"]["text"]) for v in shown if v and v["kind"] == "unavailable"]


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[0][:300]


def _read(path: Path) -> Any:
    """Return the executed notebook, without the places of this run that papermill noted in it."""
    if not path.is_file():
        return nbformat.v4.new_notebook()
    found = nbformat.read(path, as_version=4)
    for key in ("input_path", "output_path"):
        found.metadata.get("papermill", {}).pop(key, None)
    return found
