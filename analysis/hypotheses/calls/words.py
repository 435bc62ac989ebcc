"""What may be said about calls: numbers of a scene and its destinations, sentences by verdict, caveats."""

from __future__ import annotations

import numpy as np

from analysis.findings import Test, Value, number, value
from analysis.hypotheses.calls.dose import Destination, Scene
from analysis.hypotheses.calls.share import known_inside, studied
from analysis.hypotheses.trial import State

__all__ = ["account_words", "destination_values", "listed", "magnitude_values", "scene_values", "share", "worded"]

MOST_NAMES = 5


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
    return Value(x, "ratio", "under 0.1 %") if np.isfinite(x) and 0 <= x < 1e-3 else value(x, "ratio")


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
        "failed_calls_baseline_ratio": value(d.failed_before_ratio, "ratio"),
        "server_mean_seconds": _short(d.served_after_seconds),
        "server_mean_baseline_seconds": _short(d.served_before_seconds),
        "server_share_ratio": share(d.inside_ratio),
        "connect_share_ratio": value(d.connect_ratio, "ratio"),
        "account": _name(account_words(d)),
    }


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
    >>> nan = float("nan")
    >>> account_words(SimpleNamespace(clock="", served_after_seconds=nan, inside_ratio=nan))
    'no metrics of its own were recorded that cover baseline and bad interval'
    """
    if not d.clock:
        return "no metrics of its own were recorded that cover baseline and bad interval"
    text = f"its own account ({d.clock}) holds {share(d.inside_ratio).text} of the time of the calls"
    if np.isfinite(d.served_after_seconds):
        text += f", {_short(d.served_after_seconds).text} a call ({_short(d.served_before_seconds).text} before)"
    return text


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
                most = "at most {explained_high_ratio} of the bad requests' excess time"
                return f"That {subject} is refuted: {covers} {most}{tail}.", {}
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
