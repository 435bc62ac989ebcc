"""Promoted and dead soon after."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.hypotheses.gc.diagnoses.promotion import premature_promotion
from tests.gc_logs import made_log

MEBI = 2.0**20


def log_of(promoted, freed, *, young=30, full=3):
    rows = [{"end": i + 1, "kind": "young", "young_before_bytes": 20 * MEBI, "promoted_bytes": promoted * MEBI}
            for i in range(young)]  # fmt: skip
    every = young // full
    rows += [{"end": (i + 1) * every + 0.5, "kind": "full", "old_before_bytes": 500 * MEBI,
              "old_after_bytes": (500 - freed) * MEBI} for i in range(full)]  # fmt: skip
    return made_log(pauses=rows)


def test_what_was_promoted_was_freed():
    found = premature_promotion(log_of(8, 70))
    assert found.values["promoted_ratio"].value == pytest.approx(0.4)
    assert found.values["freed_ratio"].value == pytest.approx(210 / 240)
    assert found.statement.startswith("30 young collections moved 40 % of what they found")


def test_a_log_of_which_most_collections_do_not_tell_what_they_promoted_is_not_judged():
    log = log_of(8, 70)
    nothing = log.pauses["promoted_bytes"].where(np.arange(len(log.pauses)) % 3 != 0)
    assert premature_promotion(replace(log, pauses=log.pauses.assign(promoted_bytes=nothing))) is None


@pytest.mark.parametrize(
    "log", [log_of(1, 70), log_of(8, 10), log_of(8, 70, young=12), log_of(8, 70, full=2), log_of(-8, 70)]
)
def test_little_promoted_little_freed_or_too_few(log):
    assert premature_promotion(log) is None


def test_where_collections_failed_for_want_of_room_no_larger_young_generation_is_advised():
    log = log_of(8, 70)
    failure = pd.Series(np.where(np.arange(len(log.pauses)) < 4, "to_space_exhausted", ""), index=log.pauses.index)
    said = premature_promotion(replace(log, pauses=log.pauses.assign(evacuation_failure=failure))).statement
    assert "larger young" not in said
    assert "of them failed to move everything" in said
    assert "larger young" in premature_promotion(log).statement
