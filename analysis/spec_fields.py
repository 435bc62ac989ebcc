"""Fields that the spec is made of: times with an offset, references to secrets, paths inside the folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import pandas as pd
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from analysis.errors import SpecError
from analysis.window import parse_time

__all__ = ["InsidePath", "Model", "Reference", "Time", "Url", "Zone"]


class Model(BaseModel):
    """Unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)


def _time(value: object) -> pd.Timestamp:
    try:
        return parse_time(value)
    except SpecError as error:
        raise ValueError(f"{error.what} (expected {error.expected})") from None


def _reference(value: str) -> str:
    if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/\S+", value):
        raise ValueError("a secret must be a reference, env:NAME or file:/path, never the value itself")
    return value


def _url(value: str) -> str:
    if value.startswith(("env:", "file:")):
        return _reference(value)
    if not re.match(r"https?://", value) or "@" in value.split("/", 3)[2]:
        raise ValueError("expected env:NAME, file:/path, or an http(s) URL without user or password")
    return value


def _inside(value: str) -> str:
    path = Path(value)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("expected a path inside the incident folder, such as raw/gc/gc.log.gz")
    return path.as_posix()


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("expected an IANA time zone, such as Asia/Seoul or UTC") from None
    return value


Time = Annotated[pd.Timestamp, BeforeValidator(_time)]
Reference = Annotated[str, AfterValidator(_reference)]
Url = Annotated[str, AfterValidator(_url)]
Zone = Annotated[str, AfterValidator(_zone)]
InsidePath = Annotated[str, AfterValidator(_inside)]
