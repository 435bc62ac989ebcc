"""incident.yaml: its models, and how it is read with every problem reported at once."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.errors import SpecError
from analysis.spec_fields import Model, Time, Zone
from analysis.spec_sources import Name, Sources
from analysis.strict_yaml import parse_yaml

__all__ = ["COUNTED", "SPEC_FILE", "SignalSpec", "Spec", "read_spec"]

SPEC_FILE = "incident.yaml"
COUNTED = ("requests", "connects")  # symptoms that are counted one by one: requests, and attempts to connect


class Period(Model):
    """A window of the spec."""

    start: Time
    end: Time

    @model_validator(mode="after")
    def _ordered(self) -> Period:
        if self.start >= self.end:
            raise ValueError("start must be before end: the window is empty")
        return self


class Service(Model):
    """The service that users felt."""

    namespace: str = Field(min_length=1)
    workload: str = Field(min_length=1)


class SymptomSpec(Model):
    """What users felt: which requests are bad, the objective, and how long it must be missed.

    The source is `requests`, `connects` (attempts to connect to the database, from its log), or a name under signals.
    """

    source: str = "requests"
    failed: bool = True
    slower_than_seconds: float | None = Field(default=None, gt=0)
    more_statements_than: int | None = Field(default=None, ge=1)
    objective_ratio: float = Field(default=0.99, gt=0, lt=1)
    min_duration_seconds: float = Field(default=30, ge=1)

    @model_validator(mode="after")
    def _something_is_bad(self) -> SymptomSpec:
        heavy = self.more_statements_than is not None
        if self.source in COUNTED and not self.failed and self.slower_than_seconds is None and not heavy:
            raise ValueError("no request could be bad: set failed: true, slower_than_seconds or more_statements_than")
        if heavy and self.source != "requests":
            raise ValueError("more_statements_than is for requests: other sources do not log their statements")
        return self


class Timeout(Model):
    """A configured timeout, for the audit."""

    call: str
    seconds: float = Field(gt=0)


class Change(Model):
    """What people know and no system recorded."""

    time: Time
    kind: str
    what: str


class SignalSpec(BaseModel):
    """The author's own mapping of a metric; further keys are label roles. A live capture takes it under its name."""

    model_config = ConfigDict(extra="allow", frozen=True)
    promql: str = Field(min_length=1)
    unit: str = ""
    required: bool = True
    step_seconds: float | None = Field(default=None, ge=0.1, le=86_400)


class Review(Model):
    """State of the review."""

    status: Literal["draft", "in review", "reviewed"] = "draft"
    owner: str | None = None


class Spec(Model):
    """incident.yaml."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    title: str = Field(min_length=1)
    timezone: Zone = "UTC"
    window: Period
    baseline: Period
    service: Service
    symptom: SymptomSpec
    timeouts: tuple[Timeout, ...] = ()
    changes: tuple[Change, ...] = ()
    signals: dict[Name, SignalSpec] = Field(default_factory=dict)
    sources: Sources = Sources()
    language: Literal["en", "ko"] = "en"
    review: Review = Review()

    @model_validator(mode="after")
    def _consistent(self) -> Spec:
        problems = []
        if self.window.start < self.baseline.end and self.baseline.start < self.window.end:
            problems.append("baseline overlaps the incident window: choose a normal time outside it")
        if self.symptom.source not in (*COUNTED, *self.signals):
            problems.append(
                f"symptom.source {self.symptom.source!r} is neither 'requests' nor 'connects' nor a name under signals "
                f"({', '.join(sorted(self.signals)) or 'none there'})"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "incident.yaml"


def _message(error: Any, known: list[str]) -> str:
    where, text = _field(error["loc"]), str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), known, n=1)
        text = "unknown key" + (f": did you mean {near[0]!r}?" if near else "")
    elif error["type"] == "missing":
        text = "missing"
    return f"{where}: {text}"


def _known_keys(model: type[BaseModel]) -> list[str]:
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(field.alias or name)
        nested = field.annotation
        for part in (nested, *getattr(nested, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                keys += _known_keys(part)
    return keys


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        raw = parse_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SpecError(
            f"incident.yaml is not YAML: {getattr(error, 'problem', None) or error}",
            where=f"{path}" + (f", line {mark.line + 1}" if mark else ""),
            expected="YAML in UTF-8",
            next="correct the line",
        ) from None
    if not isinstance(raw, dict):
        raise SpecError(
            "incident.yaml holds no mapping",
            where=str(path),
            expected="keys such as id, title, window",
            next="fill it in",
        )
    return raw


def read_spec(path: Path, times: dict[str, dict[str, str | None]]) -> Spec:
    """Read and validate incident.yaml.

    Parameters
    ----------
    path : Path
        The file.
    times : dict
        window and baseline -> start and end that replace those of the file; None keeps it.

    Raises
    ------
    SpecError
        With every problem at once.
    """
    if not path.is_file():
        raise SpecError(
            "no incident here",
            where=str(path),
            expected="a folder with an incident.yaml",
            next="write one with: postmortem new DIR",
        )
    raw = _read_yaml(path)
    for name, given in times.items():
        chosen = {key: value for key, value in given.items() if value is not None}
        if chosen and isinstance(raw.get(name, {}), dict):
            raw[name] = {**raw.get(name, {}), **chosen}
    try:
        return Spec.model_validate(raw)
    except ValidationError as error:
        known = _known_keys(Spec)
        problems = tuple(_message(e, known) for e in error.errors())
        raise SpecError(
            f"{len(problems)} problem{'s' * (len(problems) != 1)} in the spec",
            where=str(path),
            next="correct incident.yaml; `postmortem new` writes a commented example",
            problems=problems,
        ) from None
