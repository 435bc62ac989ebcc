"""How findings hang together: what is whose effect, which fault has a known mechanism, what cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from analysis.findings import Entity, Finding, Observation, Value, rank

__all__ = ["settle"]

IS_EFFECT = "database_state"  # a refuted suspect that rose only because its client stood still says so in this value
# pairs that look alike, and what would tell them apart
SEPARATED_BY = {
    frozenset({"cpu_throttling"}): "requests that name the pod or container that they passed",
    frozenset({"gc_pauses"}): "requests that name the JVM that served them",
    frozenset({"gc_pauses", "cpu_throttling"}): (
        "user, system and real seconds of each pause beside the throttled periods of the same container"
    ),
    frozenset({"db_load", "lock_contention"}): "samples of sessions with wait events, once a second",
    frozenset({"cpu_throttling", "db_load"}): "what the sessions waited for: their client, or the database",
    frozenset({"cpu_throttling", "lock_contention"}): "who blocks the sessions, and whether through the container",
    frozenset({"gc_pauses", "db_load"}): "what the sessions waited for: their client, or the database",
    frozenset({"gc_pauses", "lock_contention"}): "who blocks the sessions, and whether it is the paused JVM",
    frozenset({"db_load", "call_amplification"}): "how long one call of the repeated statement takes in the server",
    frozenset({"db_load", "connection_storm"}): "what the sessions of the storm's application did once connected",
    frozenset({"config_push", "deployment"}): "a push without a rollout, or a rollout whose push is held back",
    frozenset({"config_push", "traffic_change"}): "a push at usual load, or the load without a push",
    frozenset({"deployment", "traffic_change"}): "the same rollout at usual load",
    frozenset({"deployment"}): "the rollouts one at a time",
}  # fmt: skip
USUALLY = "the same incident with only one of them"
MOST_NAMED = 5


def settle(findings: Sequence[Finding]) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Return the findings ranked, each in its place among the others, and notes on those that cannot be told apart.

    Parameters
    ----------
    findings : sequence of Finding
        Of all hypotheses, each examined alone.

    Returns
    -------
    (findings, observations)
        A fault inside a server is a mechanism only where nothing inside it is known. An effect names the first
        supported finding of the same bad interval that is none; without one it is insufficient, since what came of
        nothing known may as well be the cause. Suspects of one role that are supported for the same bad interval are
        told to be inseparable, with the data that would separate them.

    Examples
    --------
    >>> pool = Finding("connection_pool", "effect", Entity("n", "w"), "supported", "It ran full.", episodes=(1,))
    >>> settle([pool])[0][0].verdict
    'insufficient'
    """
    findings = _distinct(findings)
    placed = [_in_place(f, findings) for f in findings]
    ranked = rank(placed)
    named = tuple(_with_cause(f, ranked) for f in ranked)
    final = rank(named)
    pairs = _inseparable(final)
    return tuple(_with_rivals(f, pairs) for f in final), tuple(_note(a, b) for a, b in pairs)


def _distinct(findings: Sequence[Finding]) -> list[Finding]:
    """Return one finding of each id, as of a server that is called by two names: the one that says most."""
    order = ("supported", "insufficient", "refuted", "not_testable")
    found: dict[str, Finding] = {}
    for f in findings:
        known = found.get(f.id)
        here = (order.index(f.verdict), -(f.explained_ratio or 0.0))
        if known is None or here < (order.index(known.verdict), -(known.explained_ratio or 0.0)):
            found[f.id] = f
    return list(found.values())


def _same_episode(a: Finding, b: Finding) -> bool:
    return bool(set(a.episodes) & set(b.episodes))


def _owner(entity: Entity) -> tuple[str, str]:
    return entity.namespace, entity.workload


def _in_place(finding: Finding, findings: Sequence[Finding]) -> Finding:
    """Return a fault of a server as a mechanism where nothing inside the server is known to have made it."""
    if finding.hypothesis != "server_side_fault" or finding.verdict != "supported":
        return finding
    known = any(
        f.role == "mechanism"
        and f.verdict == "supported"
        and f.hypothesis != finding.hypothesis
        and _owner(f.entity) == _owner(finding.entity)
        and _same_episode(f, finding)
        for f in findings
    )
    return finding if known else replace(finding, role="mechanism")


def _with_cause(finding: Finding, ranked: Sequence[Finding]) -> Finding:
    """Return an effect with the finding that it is an effect of."""
    state = finding.values.get(IS_EFFECT)
    follows = finding.role == "effect" and finding.verdict == "supported"
    followed = finding.verdict == "refuted" and state is not None and state.value == "effect"
    if not follows and not followed:
        return finding
    causes = [f for f in ranked if f.verdict == "supported" and f.role in ("mechanism", "localisation")]
    cause = next((f for f in causes if followed or _same_episode(f, finding)), None)
    if cause is not None and followed:
        return replace(finding, effect_of=cause.id)
    if cause is not None:
        told, values = finding.statement.removesuffix("."), {"effect_of": Value(cause.id, "name", _title(cause))}
        statement = f"{told}; it followed from {_title(cause)}."
        return replace(finding, effect_of=cause.id, statement=statement, values=finding.values | values)
    if followed:
        return finding
    open_end = "what made it so is not known, so that it may as well be the cause."
    return replace(
        finding, verdict="insufficient", rank=None, statement=f"{finding.statement.removesuffix('.')}; {open_end}"
    )


def _title(finding: Finding) -> str:
    words = finding.hypothesis.replace("_", " ").replace("cpu", "CPU").replace("gc ", "GC ").replace("db ", "DB ")
    return f"{words} of {finding.entity.name}"


def _inseparable(ranked: Sequence[Finding]) -> list[tuple[Finding, Finding]]:
    """Return the pairs of one role that are supported for the same bad interval."""
    supported = [f for f in ranked if f.verdict == "supported" and f.role in ("mechanism", "trigger")]
    return [(a, b) for a, b in combinations(supported, 2) if a.role == b.role and _same_episode(a, b)]


def _with_rivals(finding: Finding, pairs: Sequence[tuple[Finding, Finding]]) -> Finding:
    """Say which other supported suspects the recording cannot tell from this one."""
    rivals = [_title(b if a.id == finding.id else a) for a, b in pairs if finding.id in (a.id, b.id)]
    if not rivals:
        return finding
    more = f" and {len(rivals) - MOST_NAMED} more" if len(rivals) > MOST_NAMED else ""
    note = (
        "Supported for the same bad interval, and not to be told apart by this recording: "
        f"{', '.join(rivals[:MOST_NAMED])}{more}."
    )
    return replace(finding, caveats=(note, *finding.caveats))


def _note(a: Finding, b: Finding) -> Observation:
    need = SEPARATED_BY.get(frozenset({a.hypothesis, b.hypothesis}), USUALLY)
    text = f"{_title(a)} and {_title(b)} are supported for the same bad interval. What would tell them apart: {need}."
    return Observation("confounder", text[:1].upper() + text[1:])
