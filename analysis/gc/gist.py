"""The gist of a life for a reader in a hurry, and all lives in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.gc.phrases import UNKNOWN, count_text, moment, ratio_text, seconds_text, still, table
from analysis.hypotheses.gc.diagnoses.diagnosis import counted, plain_word

__all__ = ["MOST_LIVES", "gist", "lives_table"]

MOST_LIVES = 8  # in full; of more, those that stood still longest


def lives_table(lives: Sequence[dict[str, Any]]) -> list[str]:
    """Return a table of all lives, and how many of them follow in full.

    Parameters
    ----------
    lives : sequence of dict
        From `gc.lives.life_document`.
    """
    rows = [
        (
            plain_word(life["jvm"]), moment(life["start"], life["uptime_seconds"]),
            seconds_text(life["duration_seconds"]), still(life["throughput_ratio"]), count_text(life["pauses"]["n"]),
            seconds_text(life["pauses"]["max"]), count_text(life["full_gc"]), count_text(life["stalls"]["n"]),
        )
        for life in lives
    ]  # fmt: skip
    head = ("JVM", "from (UTC)", "lasted", "stood still", "pauses", "longest", "full", "stalls")
    more = f"; the {MOST_LIVES} that stood still longest follow, all are in --json" if len(lives) > MOST_LIVES else ""
    return [f"{counted(len(lives), 'JVM').text}{more}", *table(head, rows, left=2)]


def gist(life: dict[str, Any]) -> list[str]:
    """Return what a reader in a hurry must know: how long it stood still, its worst pause and stretch, its stalls.

    Parameters
    ----------
    life : dict
        From `gc.lives.life_document`.
    """
    pause, worst, stalls = life["longest_pause"], life["worst_stretch"], life["stalls"]
    span = (life["start"], life["end"])
    longest = ""
    if pause is not None:
        line = f"{plain_word(pause['file'])}:{pause['line'] or UNKNOWN}"
        timed = life["time_quality"] != "none"
        at = f" at {moment(pause['start'], pause['start_uptime_seconds'], within=span)}" if timed else ""
        longest = f", the longest pause {seconds_text(pause['duration_seconds'])} ({_kind(pause)}{at}, {line})"
    share = still(life["throughput_ratio"])
    if life["stw_seconds"] is None:
        said = ["How long its threads stood still is unknown: pauses are not logged."]
    elif life["throughput_ratio"] is None:
        said = [f"Its threads stood still for {seconds_text(life['stw_seconds'])} together{longest}."]
    else:
        of = f"{seconds_text(life['stw_seconds'])} of {seconds_text(life['duration_seconds'])}"
        said = [f"Its threads stood still for {share} of the time ({of}){longest}."]
    if worst is not None and worst["stopped_seconds"]:
        at = moment(worst["start"], worst["uptime_seconds"], within=span)
        length, held = (seconds_text(worst[f"{name}_seconds"]) for name in ("length", "stopped"))
        said.append(f"Worst {length}: from {at}, {held} still.")
    if stalls["n"]:
        share = "" if stalls["union_ratio"] is None else f" for {ratio_text(stalls['union_ratio'])} of the time"
        union = seconds_text(stalls["union_seconds"])
        said.append(f"Besides, at least one thread waited for memory{share} ({union}), while others ran.")
    return said


def _kind(pause: dict[str, Any]) -> str:
    cause = f", {plain_word(pause['cause'])}" if pause["cause"] else ""
    return f"{pause['kind'].replace('_', ' ')}{cause}"
