"""Findings: tests that were run, the verdict they give by rule, and sentences that say no more than they do."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

__all__ = [
    "TESTS",
    "Entity",
    "Finding",
    "Measured",
    "Observation",
    "Test",
    "Value",
    "failed",
    "number",
    "passed",
    "rank",
    "sentence",
    "undecided",
    "value",
    "verdict_of",
]

Verdict = Literal["supported", "refuted", "insufficient", "not_testable"]
Role = Literal["mechanism", "localisation", "trigger", "effect"]
TESTS = ("timing", "magnitude", "dose", "specificity", "reversal")
VERDICTS: tuple[Verdict, ...] = ("supported", "refuted", "insufficient", "not_testable")
ROLES: tuple[Role, ...] = ("mechanism", "localisation", "trigger", "effect")


def number(x: float, digits: int = 3) -> str:
    """Return a number with at most `digits` significant digits, thousands separated.

    Examples
    --------
    >>> number(1822), number(0.97213), number(12.0), number(0)
    ('1,822', '0.972', '12', '0')
    """
    if x == 0 or not math.isfinite(x):
        return "0" if x == 0 else "unknown"
    if float(x).is_integer() and abs(x) < 1e15:
        return f"{x:,.0f}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    text = f"{x:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clean(x: float | None) -> float | None:
    """Return a float that JSON can hold: rounded to 6 significant digits, None for unknown."""
    return None if x is None or not math.isfinite(x) else float(f"{x:.6g}")


@dataclass(frozen=True)
class Value:
    """A computed number with its unit and the text under which a sentence may show it."""

    value: float | str | None
    unit: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return the value as it stands in report.json."""
        found = _clean(self.value) if isinstance(self.value, (int, float)) else self.value
        return {"value": found, "unit": self.unit, "text": self.text}


def value(x: float, unit: str) -> Value:
    """Return a `Value` with its text: ratios as percent, seconds with a fitting unit.

    Examples
    --------
    >>> value(0.953, "ratio").text, value(131.0, "seconds").text, value(0.094, "seconds").text
    ('95.3 %', '2 min 11 s', '94 ms')
    """
    x = float(x)
    if not math.isfinite(x):
        return Value(None, unit, "unknown")
    if unit == "ratio":
        return Value(x, unit, f"{number(100 * x)} %")
    if unit == "seconds":
        return Value(x, unit, _duration(x))
    return Value(x, unit, number(x))


def _duration(seconds: float) -> str:
    if abs(seconds) < 0.9995:
        return f"{number(1000 * seconds)} ms"
    if abs(seconds) < 60:
        return f"{number(seconds)} s"
    minutes, rest = divmod(round(abs(seconds)), 60)
    sign = "-" if seconds < 0 else ""
    if minutes < 60:
        return f"{sign}{minutes} min" + (f" {rest} s" if rest else "")
    return f"{sign}{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def sentence(template: str, values: Mapping[str, Value]) -> str:
    """Fill a template from values; a number can enter a sentence in no other way.

    Parameters
    ----------
    template : str
        Text with {names} of values and no digit of its own.
    values : mapping of str to Value
        What the tests computed.

    Raises
    ------
    KeyError
        If the template names a value that was not computed.
    ValueError
        If the template holds a digit.

    Examples
    --------
    >>> sentence("held in {share} of its periods", {"share": value(0.95, "ratio")})
    'held in 95 % of its periods'
    """
    literal = "".join(text for text, *_ in string.Formatter().parse(template))
    if any(ch.isdigit() for ch in literal):
        raise ValueError(f"a digit in a sentence must be a value: {template!r}")
    return template.format_map({name: v.text for name, v in values.items()})


@dataclass(frozen=True)
class Test:
    """One test that was run: `passed` is True, False, or None with a reason."""

    __test__ = False  # not a test of pytest

    name: str
    passed: bool | None
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    p_value: float | None = None
    reason: str | None = None
    words: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the test as it stands in report.json."""
        return {
            "name": self.name,
            "passed": self.passed,
            "value": _clean(self.value),
            "unit": self.unit,
            "low": _clean(self.low),
            "high": _clean(self.high),
            "n": int(self.n),
            "p_value": _clean(self.p_value),
            "reason": self.reason,
            "words": self.words,
        }


class Measured(NamedTuple):
    """What a test measured: value with its interval, sample size, and chance under the null."""

    value: float
    unit: str
    low: float | None
    high: float | None
    n: int
    p_value: float | None


def passed(name: str, measured: Measured, words: str) -> Test:
    """Return a test that was passed."""
    return Test(name, True, *measured, words=words)  # noqa: FBT003 - the outcome is what it is


def failed(name: str, measured: Measured, words: str, *, reason: str) -> Test:
    """Return a test that failed, with the reason."""
    return Test(name, False, *measured, reason=reason, words=words)  # noqa: FBT003


def undecided(name: str, reason: str, measured: Measured | None = None) -> Test:
    """Return a test that could not be decided, with the reason and what was measured all the same."""
    if measured is None:
        return Test(name, None, reason=reason, words=f"not decidable: {reason}")
    return Test(name, None, *measured, reason=reason, words=f"not decidable: {reason}")


def verdict_of(tests: Sequence[Test]) -> Verdict:
    """Return the verdict by rule.

    Supported: timing and magnitude pass, at least one of dose, specificity, reversal passes, none fails.
    Refuted: timing, magnitude or specificity fails. Else insufficient.

    Parameters
    ----------
    tests : sequence of Test
        The five tests of one finding.

    Examples
    --------
    >>> verdict_of([Test("timing", True), Test("magnitude", True), Test("dose", True)])
    'supported'
    >>> verdict_of([Test("timing", True), Test("magnitude", False), Test("dose", True)])
    'refuted'
    >>> verdict_of([Test("timing", True), Test("magnitude", None), Test("dose", True)])
    'insufficient'
    """
    passed = {t.name: t.passed for t in tests}
    if any(passed.get(name) is False for name in ("timing", "magnitude", "specificity")):
        return "refuted"
    needed = passed.get("timing") is True and passed.get("magnitude") is True
    others = [passed.get(name) for name in ("dose", "specificity", "reversal")]
    if needed and True in others and False not in others:
        return "supported"
    return "insufficient"


@dataclass(frozen=True)
class Entity:
    """What is suspected: one workload and container; `pods` in the order of their dose."""

    namespace: str
    workload: str
    container: str = ""
    pods: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return namespace/workload/container."""
        return "/".join(part for part in (self.namespace, self.workload, self.container) if part)

    def as_dict(self) -> dict[str, Any]:
        """Return the entity as it stands in report.json."""
        return {
            "namespace": self.namespace,
            "workload": self.workload,
            "container": self.container,
            "pods": list(self.pods),
        }


@dataclass(frozen=True)
class Finding:
    """One suspect with the tests that were run, their verdict, and a sentence that says what they show."""

    hypothesis: str
    role: Role
    entity: Entity
    verdict: Verdict
    statement: str
    values: dict[str, Value] = field(default_factory=dict)
    tests: tuple[Test, ...] = ()
    caveats: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    episodes: tuple[int, ...] = ()
    explained_ratio: float | None = None
    effect_of: str | None = None
    rank: int | None = None
    fragile: tuple[str, ...] = ()  # the variations of the incident that change the verdict

    @property
    def id(self) -> str:
        """Return hypothesis:entity."""
        return f"{self.hypothesis}:{self.entity.name}"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as it stands in report.json."""
        return {
            "id": self.id,
            "hypothesis": self.hypothesis,
            "role": self.role,
            "entity": self.entity.as_dict(),
            "effect_of": self.effect_of,
            "episodes": list(self.episodes),
            "explained_ratio": _clean(self.explained_ratio),
            "verdict": self.verdict,
            "rank": self.rank,
            "fragile": list(self.fragile),
            "statement": self.statement,
            "values": {name: v.as_dict() for name, v in sorted(self.values.items())},
            "tests": [t.as_dict() for t in self.tests],
            "caveats": list(self.caveats),
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True)
class Observation:
    """Something worth knowing that accuses nobody: no verdict, no rank."""

    name: str
    statement: str
    values: dict[str, Value] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the observation as it stands in report.json."""
        return {
            "name": self.name,
            "statement": self.statement,
            "values": {name: v.as_dict() for name, v in sorted(self.values.items())},
        }


def _dose(finding: Finding) -> float:
    """Return the throttled ratio of a finding, to order those that explain nothing; 0 without one."""
    found = finding.values.get("throttled_ratio")
    return float(found.value) if found is not None and isinstance(found.value, (int, float)) else 0.0


def rank(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Order findings and number the supported ones: mechanisms by explained share, localisations, triggers, effects.

    Parameters
    ----------
    findings : sequence of Finding
        In any order.

    Returns
    -------
    tuple of Finding
        Supported first (rank 1, 2, ...), then refuted, insufficient, not testable, each by explained share.

    Examples
    --------
    >>> few = Finding("h", "mechanism", Entity("n", "w"), "supported", "s", explained_ratio=0.5)
    >>> [f.rank for f in rank([few])]
    [1]
    """
    ordered = sorted(
        findings,
        key=lambda f: (VERDICTS.index(f.verdict), ROLES.index(f.role), -(f.explained_ratio or 0.0), -_dose(f), f.id),
    )
    supported = [f for f in ordered if f.verdict == "supported"]
    numbered = [replace(f, rank=i) for i, f in enumerate(supported, start=1)]
    return (*numbered, *ordered[len(supported) :])
