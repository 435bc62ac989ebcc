"""The questions of the catalogue to one server: what is there, within the budget, the rest computed by the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from analysis.catalogue import Ask, Resolved, substitute
from analysis.live.budget import Choice
from analysis.live.inventory import matchers_of
from analysis.live.question import Question
from analysis.sources.prometheus.plan import rate_window_seconds
from analysis.sources.prometheus.preflight import Budget
from analysis.sources.prometheus.selector import Matcher, Selector
from analysis.spec_sources import PrometheusSpec

__all__ = ["Wanted", "wanted_questions"]


class _Facts(NamedTuple):
    """Of one metric: who exports it, its unit, and how much later than the truth it may be stamped [s]."""

    dialect: str
    unit: str
    shift_seconds: float


@dataclass(frozen=True)
class Wanted:
    """What is asked.

    Parameters
    ----------
    questions : tuple of Question
        In the order to ask.
    refused : tuple of (Question, str)
        What does not fit the budget, and why.
    expected : dict of str to float
        Samples that each question may bring, by its id.
    notes : tuple of str
        How far the choice was narrowed, and what was left out.
    """

    questions: tuple[Question, ...]
    refused: tuple[tuple[Question, str], ...]
    expected: dict[str, float]
    notes: tuple[str, ...]


def wanted_questions(
    choice: Choice, found: tuple[Resolved, ...], spec: PrometheusSpec, scrape_seconds: float
) -> Wanted:
    """Return what to ask: selectors up to the budget; in place of those beyond it, what the server can compute.

    Parameters
    ----------
    choice : Choice
        From `choose`.
    found : tuple of Resolved
        What the server has.
    spec : PrometheusSpec
        Its budget and matchers.
    scrape_seconds : float
        How far apart samples are: a rate is taken over at least four of them.
    """
    facts = _facts(found)
    taken, refused, expected = [], [], dict[str, float]()
    used = 0.0
    for ask in choice.asks:
        if ask.names == ("up",):  # asked first of all
            continue
        narrowed = _is_narrowed(ask, matchers_of(spec))
        question, samples = _question(ask, choice.scope if narrowed else "everything", facts), choice.samples(ask)
        if used + samples > spec.most_samples:
            left = Budget(most_series=spec.most_samples, most_samples=max(int(spec.most_samples - used), 1))
            why = left.refusal(ask.selector, choice.series.get(ask.selector, 0), choice.grid)
            refused.append((question, f"over the budget (most_samples {spec.most_samples:,}): {why}"))
            continue
        used += samples
        expected[question.id] = samples
        taken.append(question)
    computed = _computed({q.question for q, _ in refused}, found, spec, scrape_seconds)
    return Wanted((*_apart(taken), *computed), tuple(refused), expected, tuple(_notes(choice, spec)))


def _facts(found: tuple[Resolved, ...]) -> dict[str, _Facts]:
    facts: dict[str, _Facts] = {}
    for each in (f for resolved in found for f in resolved.found):
        shift = max((m.shift_seconds[1] for m in each.metrics if m.shift_seconds), default=0.0)
        facts.setdefault(each.name, _Facts(" or ".join(each.dialects), each.metrics[0].unit, shift))
    return facts


def _is_narrowed(ask: Ask, own: tuple[Matcher, ...]) -> bool:
    """Return whether a selector asks for less than everything: nodes, databases, control planes have no owner."""
    selector = Selector.parse(ask.selector)
    return selector is not None and any(m[0] != "__name__" and m not in own for m in selector.matchers)


def _question(ask: Ask, scope: str, facts: dict[str, _Facts]) -> Question:
    told = [facts[name] for name in ask.names if name in facts]
    name = ask.names[0] if len(ask.names) == 1 else f"{ask.names[0]} and {len(ask.names) - 1} more"
    units = {f.unit for f in told}
    return Question(
        f"{ask.question}/{name}", ask.question, ", ".join(dict.fromkeys(f.dialect for f in told)), ask.selector,
        required=ask.required, unit=units.pop() if len(units) == 1 else "",
        scope=scope,
        time_shift_seconds=max((f.shift_seconds for f in told), default=0.0),
    )  # fmt: skip


def _apart(questions: list[Question]) -> list[Question]:
    """Return questions whose ids differ: one metric may be asked for in several selectors."""
    seen: dict[str, int] = {}
    apart = []
    for question in questions:
        seen[question.id] = number = seen.get(question.id, 0) + 1
        apart.append(question if number == 1 else question.numbered(number))
    return apart


def _computed(
    refused: set[str], found: tuple[Resolved, ...], spec: PrometheusSpec, scrape_seconds: float
) -> list[Question]:
    """Return the expressions of questions whose series are too many: the server sums them up."""
    window = rate_window_seconds(spec.step_seconds or scrape_seconds, scrape_seconds)
    match = matchers_of(spec)
    return [
        Question(
            f"{resolved.question.id}/{expression.id}" + (f" ({dialect})" if len(expression.expr) > 1 else ""),
            resolved.question.id, dialect,
            substitute(expression, dialect, window, service=match, nodes=match, databases=match),
            unit=expression.unit, scope="computed",
        )
        for resolved in found if resolved.question.id in refused
        for expression in resolved.question.expressions
        for dialect in expression.expr if dialect in resolved.dialects
    ]  # fmt: skip


def _notes(choice: Choice, spec: PrometheusSpec) -> list[str]:
    notes = []
    if choice.scope != "everything":
        why = "as the spec asks" if spec.scope == choice.scope else f"to stay within {spec.most_samples:,} samples"
        notes.append(f"narrowed to the {choice.scope}, {why}: controls outside of it were not captured")
    if choice.left_out:
        notes.append(f"left out to stay within {spec.most_samples:,} samples: {choice.left_out}")
    return notes
