"""What may be said about calls: numbers of a scene and its destinations, sentences by verdict, caveats."""

from __future__ import annotations

import numpy as np

from analysis.findings import Test, Value, number, value
from analysis.hypotheses.calls.dose import Destination, Scene
from analysis.hypotheses.calls.share import known_inside, studied
from analysis.hypotheses.trial import State

__all__ = [
    "account_words",
    "destination_values",
    "listed",
    "magnitude_values",
    "place_values",
    "scene_values",
    "share",
    "sources_words",
    "who_words",
    "worded",
]

MOST_NAMES = 5
LEAST_SHARE, LEAST_TEXT, UNDER = 1e-3, "0.1 %", "under "


def listed(names: list[str]) -> str:
    """Return names as they stand in a sentence.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    shown = names[:MOST_NAMES] + ([f"{number(len(names) - MOST_NAMES)} others"] if len(names) > MOST_NAMES else [])
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def share(x: float) -> Value:
    """Return a ratio whose text does not pretend to know hundredths of a percent.

    Examples
    --------
    >>> share(2e-6).text, share(0.5).text
    ('under 0.1 %', '50 %')
    """
    return Value(x, "ratio", f"{UNDER}{LEAST_TEXT}") if np.isfinite(x) and 0 <= x < LEAST_SHARE else value(x, "ratio")


def _name(text: str) -> Value:
    return Value(text, "name", text)


def scene_values(scene: Scene) -> dict[str, Value]:
    """Return the numbers of all destinations together that sentences may use."""
    chosen = studied(scene)
    told, inside = known_inside(scene, chosen) if chosen else (0.0, float("nan"))
    judged = [d for d in scene.destinations if d.state in ("worse", "spared")]
    total = sum(d.call_ratio for d in judged)
    worse = sum(d.call_ratio for d in scene.worse) / total if total else float("nan")
    return {
        "destinations": value(len(scene.destinations), "count"),
        "destinations_worse": value(len(scene.worse), "count"),
        "worse_names": _name(listed([d.name for d in scene.worse])),
        "worse_call_ratio": value(worse, "ratio"),
        "server_account_ratio": share(inside),
        "accounted_ratio": value(told, "ratio"),
    }


def destination_values(d: Destination) -> dict[str, Value]:
    """Return the numbers of one destination that sentences may use."""
    return {
        "destination": _name(d.name),
        "call_mean_seconds": value(d.after_seconds, "seconds"),
        "call_mean_baseline_seconds": value(d.before_seconds, "seconds"),
        "failed_calls_ratio": value(d.failed_after_ratio, "ratio"),
        "uncalled_ratio": value(d.uncalled_ratio, "ratio"),
        "uncalled_words": _name(_uncalled_words(d)),
        "failed_calls_baseline_ratio": value(d.failed_before_ratio, "ratio"),
        "server_mean_seconds": _short(d.served_after_seconds),
        "server_mean_baseline_seconds": _short(d.served_before_seconds),
        "server_share_ratio": share(d.inside_ratio),
        "connect_share_ratio": value(
            min(d.connect_ratio, 1.0) if np.isfinite(d.connect_ratio) else d.connect_ratio, "ratio"
        ),
        "account": _name(account_words(d)),
    }


def _uncalled_words(d: Destination) -> str:
    """Return that attempts failed which never became a call, as they got no connection; nothing without any."""
    if not d.uncalled_ratio > 0:
        return ""
    return f" ({share(d.uncalled_ratio).text} never became a call: they got no connection)"


def _short(seconds: float) -> Value:
    """Return a value in seconds whose text knows microseconds."""
    if np.isfinite(seconds) and 0 < seconds < 1e-3:
        return Value(seconds, "seconds", f"{number(1e6 * seconds, 2)} us")
    return value(seconds, "seconds")


def account_words(d: Destination) -> str:
    """Return what a server says of itself, in words; its numbers are values of the finding.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> account_words(SimpleNamespace(clock=""))
    'no metrics of its own were recorded that cover baseline and bad interval'
    """
    if not d.clock:
        return "no metrics of its own were recorded that cover baseline and bad interval"
    least = share(d.inside_ratio).text
    much = least if d.server_well is not None else f"between {least} and {share(d.inside_most_ratio).text}"
    text = f"its own account ({d.clock}) holds {much} of the time of the calls"
    if np.isfinite(d.served_after_seconds):
        text += f", {_short(d.served_after_seconds).text} a call ({_short(d.served_before_seconds).text} before)"
    return text


def who_words(scene: Scene, workload: str) -> str:
    """Return whose calls are meant: the service, some pods of it, or what of it runs on a sick node."""
    pods = listed([s.pod or s.name for s in scene.pods])
    whole = f"pod {pods} of {workload}" if len(scene.pods) == 1 else f"pods {pods} of {workload}" if pods else workload
    place = scene.place
    if place is None or not place.client_side or place.found.place != "node":
        own = 0 if place is None else sum(s.own for s in place.sources)
        return f"all {number(own)} pods of {workload}" if own > 1 and not pods else whole
    mates = [s.name for s in place.sick if not s.own]
    return f"{whole} on node {place.sick[0].node}, which fails with {listed(mates)} on the same node"


def sources_words(scene: Scene) -> str:
    """Return what the other sources of the same calls say, with shares of the two-way decomposition and p; or nothing.

    Parameters
    ----------
    scene : Scene
        With its place; without one there is no other source, and nothing is said.
    """
    place = scene.place
    if place is None:
        return ""
    well, sick = ([s.name for s in group if not s.own or s not in place.sick] for group in (place.controls, place.sick))
    parts = [
        f"{listed(names)} {words}"
        for names, words in ((well, "did not get worse"), (sick, "got worse as well"))
        if names
    ]
    told = "of the other sources of the same calls " + " and ".join(parts) if parts else ""
    found = place.found
    if np.isfinite(found.row_share):
        rows, columns, pairs = (share(x).text for x in (found.row_share, found.column_share, found.interaction_share))
        p = found.row_p_value
        chance = f" (p of sources {'under 0.001' if p < 1e-3 else number(p, 2)})" if np.isfinite(p) else ""
        split = f"sources explain {rows} of where calls got worse{chance}, destinations {columns}, single pairs {pairs}"
        told = f"{told}; {split}" if told else split
    nodes, mine = {s.node for s in place.sick}, found.place == "client workload"
    if mine and len(nodes) == 1 and "" not in nodes and not any(s.node in nodes for s in place.controls):
        told += f"; all of its pods run on node {nodes.pop()} and no control does, so that the node may be at fault"
    return told


def place_values(scene: Scene) -> dict[str, Value]:
    """Return where the fault sits among all sources of the same calls; nothing without another source."""
    place = scene.place
    if place is None:
        return {}
    found = place.found
    return {
        "place": _name(found.place),
        "sources": value(len(place.sources), "count"),
        "sources_worse": value(len(place.sick), "count"),
        "sources_spared": value(len(place.controls), "count"),
        "source_share_ratio": share(found.row_share),
        "destination_share_ratio": share(found.column_share),
        "pair_share_ratio": share(found.interaction_share),
        "source_share_p_value": share(found.row_p_value),
    }


def magnitude_values(test: Test, expected: float) -> dict[str, Value]:
    """Return the explained share with its interval."""
    nan = float("nan")
    parts = {
        "explained_ratio": expected,
        "explained_low_ratio": nan if test.low is None else test.low,
        "explained_high_ratio": nan if test.high is None else test.high,
    }
    return {name: share(min(max(x, 0.0), 1.0) if np.isfinite(x) else x) for name, x in parts.items()}


def worded(subject: str, held: str, covers: str, *, against: str = "") -> State:
    """Return the sentence-maker of a hypothesis about calls.

    Parameters
    ----------
    subject : str
        What is asked: "the fault lies on the side of {workload}".
    held : str
        What was seen, as the beginning of a sentence.
    covers : str
        What covers the bad requests: "time outside the servers covers".
    against : str
        What is said beside a refutation, the servers' own account for example.
    """

    def state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
        failures = {t.name: t for t in tests if t.passed is False}
        interval = " {which_episodes}" if values["which_episodes"].text else ""
        seen = held + interval
        tail = f"; {against}" if against else ""
        if verdict == "supported":
            much = (
                "{explained_ratio} of the bad requests' excess time [{explained_low_ratio} to {explained_high_ratio}]"
            )
            return f"{seen}; {covers} {much}.", {}
        if verdict == "refuted":
            why = next(failures[name] for name in ("specificity", "magnitude", "timing") if name in failures)
            if why.name == "magnitude":
                least = values["explained_high_ratio"].text.startswith(UNDER)
                most = Value(LEAST_SHARE, "ratio", f"less than {LEAST_TEXT}") if least else None
                much = "{explained_most}" if least else "at most {explained_high_ratio}"
                text = f"That {subject} is refuted: {covers} {much} of the bad requests' excess time{tail}."
                return text, {"explained_most": most} if most else {}
            repeated = bool(against) and why.words in against.format_map({n: v.text for n, v in values.items()})
            return f"That {subject} is refuted: {{against}}{'' if repeated else tail}.", {
                "against": Value(why.reason, "name", why.words)
            }
        undecided = [t for t in tests if t.passed is None]
        asked = next((t for t in undecided if t.name in ("timing", "magnitude")), None)
        if asked is None and failures:
            told = next(iter(failures.values()))
            return f"{seen}, but one test speaks against it ({{against}}).", {
                "against": Value(told.name, "name", f"{told.name}: {told.words}")
            }
        asked = asked or next(t for t in undecided)
        question = Value(asked.name, "name", f"{asked.name}: {asked.reason}")
        return f"Whether {subject} cannot be decided; {{open_question}}.", {"open_question": question}

    return state
