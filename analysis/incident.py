"""An incident folder with its validated spec: the window, the baseline, and where the evidence lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.spec import SPEC_FILE, SignalSpec, Spec, read_spec
from analysis.window import Window, parse_time

__all__ = ["SPEC_FILE", "Incident", "SignalSpec", "Window", "parse_time"]


@dataclass(frozen=True)
class Incident:
    """An incident folder with its validated spec.

    Parameters
    ----------
    folder : Path
        The folder that holds incident.yaml and raw/.
    spec : Spec
        The validated spec.
    window, baseline : Window
        As in the spec, unless replaced by the caller.

    Examples
    --------
    >>> incident = Incident.load("data/incidents/A-sidecar-throttle")
    >>> incident.spec.service.workload
    'payment-api'
    """

    folder: Path
    spec: Spec
    window: Window
    baseline: Window

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        start: str | None = None,
        end: str | None = None,
        baseline_start: str | None = None,
        baseline_end: str | None = None,
    ) -> Incident:
        """Read and validate incident.yaml; the four times replace those of the spec.

        Parameters
        ----------
        folder : str or Path
            The incident folder.
        start, end, baseline_start, baseline_end : str, optional
            ISO-8601 with an offset.

        Raises
        ------
        SpecError
            With every problem of the spec at once.
        """
        times = {
            "window": {"start": start, "end": end},
            "baseline": {"start": baseline_start, "end": baseline_end},
        }
        spec = read_spec(Path(folder) / SPEC_FILE, times)
        window, baseline = (Window(p.start, p.end) for p in (spec.window, spec.baseline))
        return cls(Path(folder), spec, window, baseline)

    @property
    def raw(self) -> Path:
        """The folder of the frozen evidence."""
        return self.folder / "raw"
