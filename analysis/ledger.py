"""The ledger: every suspect that an engineer would name, what became of it, and the data that would decide it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from analysis.findings import Finding
from analysis.hypotheses.trial import NO_INCIDENT, NOT_MEASURED

__all__ = ["SUSPECTS", "Row", "Suspect", "ledger"]

State = Literal["supported", "refuted", "insufficient", "not_testable", "not_tested"]
WITHOUT_INCIDENT = (NO_INCIDENT, NOT_MEASURED)  # more data of the suspect would decide nothing
ORDER = ("supported", "insufficient", "refuted", "not_testable")


class Suspect(NamedTuple):
    """A suspect, the hypotheses that test it, and the data that decide it."""

    name: str
    hypotheses: tuple[str, ...]
    data: str


class Row(NamedTuple):
    """What became of a suspect: state, why, the data that would decide it where it is open, and its findings' ids."""

    suspect: str
    state: State
    reason: str
    data: str
    findings: tuple[str, ...]
    first: str = ""  # the most telling of them

    def as_dict(self) -> dict[str, Any]:
        """Return the row as it stands in report.json."""
        names = ("suspect", "state", "reason", "data")
        return {**{name: getattr(self, name) for name in names}, "findings": list(self.findings)}


# in the order in which an engineer would ask: where, what, set off by what, and what is not tested by this version
SUSPECTS = (
    Suspect("client side of all calls", ("client_side_fault",), "calls by destination, and the servers' own metrics"),
    Suspect("a server that the service calls", ("server_side_fault",), "the server's own request and latency metrics"),
    Suspect("one way between two services", ("edge_fault",), "calls of other sources to the same server"),
    Suspect("CPU throttling", ("cpu_throttling",), "the CFS period counters and the limit of every container"),
    Suspect("GC pauses", ("gc_pauses",), "the GC log with safepoints, stalls and wall-clock times"),
    Suspect("database load", ("db_load",), "samples of active sessions, once a second"),
    Suspect("database locks", ("lock_contention",), "samples of active sessions with who blocks them"),
    Suspect("a storm of connections to the database", ("connection_storm",), "the database's log with log_connections"),
    Suspect("connection pool", ("connection_pool",), "the pool's active, pending and maximum connections"),
    Suspect("configuration pushes", ("config_push",), "pilot_proxy_convergence_time of the control plane"),
    Suspect("deployments", ("deployment",), "rollouts with start and end"),
    Suspect("a change of traffic", ("traffic_change",), "a request log that reaches from baseline to window"),
    Suspect("share of server-to-server traffic", (), "istio_requests_total of the destinations by source workload"),
    Suspect("coupling to caches and queues", (), "consumer lag, and errors while a dependency was down"),
    Suspect("more statements a request", ("call_amplification",), "a request log with the statements of each request"),
    Suspect("needless API calls", (), "calls per request and route, or traces"),
    Suspect("timeouts that do not fit each other", (), "timeouts of callers and servers, and the latency of calls"),
)  # fmt: skip


def ledger(findings: Sequence[Finding]) -> tuple[Row, ...]:
    """Return what became of every suspect, those not tested too.

    Parameters
    ----------
    findings : sequence of Finding
        Ranked.

    Returns
    -------
    tuple of Row
        In the order of `SUSPECTS`, then hypotheses that no suspect names. A suspect is what the most telling of its
        findings is: supported, else insufficient, else refuted, else not testable.

    Examples
    --------
    >>> rows = ledger([])
    >>> {row.state for row in rows}
    {'not_tested'}
    """
    named = {h for suspect in SUSPECTS for h in suspect.hypotheses}
    others = sorted({f.hypothesis for f in findings} - named)
    extra = tuple(Suspect(h.replace("_", " "), (h,), "") for h in others)
    return tuple(_row(suspect, findings) for suspect in (*SUSPECTS, *extra))


def _row(suspect: Suspect, findings: Sequence[Finding]) -> Row:
    own = [f for f in findings if f.hypothesis in suspect.hypotheses]
    if not own:
        why = (
            "this version has no test for it" if not suspect.hypotheses else "nothing to test was found in the evidence"
        )
        return Row(suspect.name, "not_tested", f"Not tested: {why}.", suspect.data, ())
    first = min(own, key=lambda f: ORDER.index(f.verdict))
    same = [f for f in own if f.verdict == first.verdict]
    more = f" ({len(same)} of {len(own)} {'is' if len(same) == 1 else 'are'} so.)" if len(own) > 1 else ""
    nothing_to_explain = any(t.reason in WITHOUT_INCIDENT for t in first.tests)
    needs = suspect.data if first.verdict in ("insufficient", "not_testable") and not nothing_to_explain else ""
    if needs and first.verdict == "insufficient":  # it is there in part: what it left open
        left = ", ".join(t.name for t in first.tests if t.passed is None)
        needs += f"; what there is leaves open: {left}" if left else ""
    return Row(suspect.name, first.verdict, first.statement + more, needs, tuple(f.id for f in own), first.id)
