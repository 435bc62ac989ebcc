"""What is measured of each series, a block of series at a time: size, levels, movement, departure, or why nothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.size import change_sizes, placement_sizes
from analysis.suspects.chance import placement_starts
from analysis.suspects.inputs import Inputs
from analysis.suspects.scoring import CLEAR, likeness
from analysis.suspects.timing import co_movement, first_departures

__all__ = ["ALONE", "Measures", "measure"]

BLOCK = 2048  # series at a time
FEWEST = 3  # values; a series of fewer is reported, not ranked
MOVED = 3.0  # spreads; of a smaller shift no onset is claimed, for half of it is noise
JUST_BEFORE = 3.0  # lengths of the incident: how far back its level just before, its onset and co-movement are sought
ALONE = ("memory", "event")  # kinds that name nobody alone: memory steps at every restart, deployments are daily


class Measures(NamedTuple):
    """One row per series of the frame, in its order; `silent` ones lost all their values in the incident.

    `size` [spreads, signed], `usual` and `during` and `shift` [unit of the series], `r`, `departed` (position of the
    onset, -1: none), `silent`, `like`, `why_not` ("" where ranked), and `placements`: the largest size x likeness over
    all series at each stretch of the baseline.
    """

    size: np.ndarray
    usual: np.ndarray
    during: np.ndarray
    shift: np.ndarray
    r: np.ndarray
    departed: np.ndarray
    silent: np.ndarray
    like: np.ndarray
    why_not: list[str]
    placements: np.ndarray


def measure(given: Inputs) -> Measures:
    """Return what `rank_suspects` needs of every series.

    Parameters
    ----------
    given : Inputs
        The checked inputs.
    """
    before, during = given.before, given.during
    starts, length = placement_starts(len(before), len(during))
    lengths = length, max(1, round(JUST_BEFORE * length))
    recent = max(1, round(JUST_BEFORE * len(during)))
    near = np.arange(max(0, during[0] - recent), during[-1] + 1)
    symptom = None if given.symptom is None else given.values[:, given.symptom].astype("f8")
    like = likeness(given.kinds, None if given.symptom is None else str(given.kinds[given.symptom]))
    counted = np.where(np.isin(given.kinds.astype(str), ALONE), 0.0, like)
    parts, why_not, placements = [], [], np.zeros(len(starts))
    for a in range(0, given.values.shape[1], BLOCK):
        rows = np.array(given.values[:, a : a + BLOCK].T, dtype="f8", order="C")
        endless = np.isinf(rows).sum(axis=1)
        rows[endless > 0] = np.nan
        sizes = change_sizes(rows[:, before], rows[:, during], recent)
        silent = _fell_silent(rows, given, a)
        reasons = _why_not(rows, given, endless, a)
        why_not += ["" if s else reason for s, reason in zip(silent, reasons, strict=True)]
        weight = np.where([bool(reason) for reason in reasons], 0.0, counted[a : a + BLOCK])
        placed = placement_sizes(rows[:, before], sizes, starts, lengths) * weight[:, None]
        placements = np.maximum(placements, placed.max(axis=0, initial=0.0))
        r = np.full(len(rows), np.nan) if symptom is None else co_movement(rows[:, near], symptom[near])
        moved = np.where(np.abs(sizes.size) >= MOVED, sizes.shift, 0.0)
        at = first_departures(rows[:, near], sizes.usual, moved)
        departed = np.where(silent, during[0], np.where(at >= 0, at + near[0], -1))
        size, r = np.where(silent, -CLEAR, sizes.size), np.where(silent, np.nan, r)
        parts.append((size, sizes.usual, sizes.during, sizes.shift, r, departed, silent))
    size, usual, level, shift, r, departed, silent = (np.concatenate(c) for c in zip(*parts, strict=True))
    return Measures(size, usual, level, shift, r, departed, silent, like, why_not, placements)


def _fell_silent(rows: np.ndarray, given: Inputs, first: int) -> np.ndarray:
    """Return which rows have every value of the baseline and none of the incident: absence is no proof of health."""
    at = np.arange(first, first + len(rows))
    always, never = (np.isfinite(rows[:, w]).sum(axis=1) for w in (given.before, given.during))
    silent = (always == len(given.before)) & (always >= FEWEST) & (never == 0)
    ranked = (given.kinds[at].astype(str) != "event") & (at != (-1 if given.symptom is None else given.symptom))
    return np.asarray(silent & ranked)


def _why_not(rows: np.ndarray, given: Inputs, endless: np.ndarray, first: int) -> list[str]:
    """Return why each row is not ranked; an empty text where it is."""
    n_all = np.isfinite(rows).sum(axis=1)
    n_before, n_during = (np.isfinite(rows[:, at]).sum(axis=1) for at in (given.before, given.during))
    low, high = np.fmin.reduce(rows, axis=1), np.fmax.reduce(rows, axis=1)
    out = []
    for i in range(len(rows)):
        name = given.names[first + i]
        if first + i == given.symptom:
            out.append("it is the symptom")
        elif name in given.not_numbers:
            out.append(given.not_numbers[name])
        elif endless[i]:
            out.append(f"{endless[i]} of {rows.shape[1]} values are infinite")
        elif n_all[i] == 0:
            out.append("no value at all")
        elif given.kinds[first + i] == "event":
            out.append("" if low[i] < high[i] or n_all[i] < rows.shape[1] else f"it never changes ({low[i]:g})")
        elif n_all[i] < FEWEST:
            out.append(f"only {n_all[i]} values")
        elif low[i] == high[i]:
            out.append(f"it never changes ({low[i]:g})")
        elif n_during[i] == 0:
            out.append(f"no value in the incident ({n_before[i]} of {len(given.before)} in the baseline)")
        elif n_before[i] == 0:
            out.append(f"no value in the baseline ({n_during[i]} of {len(given.during)} in the incident)")
        else:
            out.append("")
    return out
