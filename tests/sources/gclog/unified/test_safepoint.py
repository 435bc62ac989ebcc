"""Safepoints of every release, as text and as columns."""

import numpy as np
import pytest

from analysis.sources.gclog.unified.safepoint import SAFEPOINT, one_safepoint, safepoint_columns

HEAD = b'Safepoint "G1CollectForAllocation", Time since last: 5 ns, Reaching safepoint: 100 ns, '
FORMS = {
    "13 to 20": b"Cleanup: 200 ns, At safepoint: 300 ns, Total: 1000 ns",
    "21": b"Cleanup: 200 ns, At safepoint: 300 ns, Leaving safepoint: 9 ns, Total: 1000 ns",
    "25": b"At safepoint: 300 ns, Leaving safepoint: 9 ns, Total: 1000 ns, Threads: 0 runnable, 10 total",
}


@pytest.mark.parametrize("form", FORMS)
def test_both_ways_of_reading_agree(form):
    text = HEAD + FORMS[form]
    fast = SAFEPOINT.search(b"[safepoint] " + text).groups()
    assert fast == one_safepoint(text)
    columns = safepoint_columns([fast])
    assert columns["total_seconds"].tolist() == [1e-6]
    assert columns["reaching_seconds"].tolist() == [1e-7]
    assert np.isnan(columns["leaving_seconds"][0]) == (form == "13 to 20")
    assert np.isnan(columns["cleanup_seconds"][0]) == (form == "25")


def test_the_form_of_jdk_9_to_12():
    head = b"Total time for which application threads were stopped: "
    text = head + b"0,0040000 seconds, Stopping threads took: 0.001 seconds"
    columns = safepoint_columns([one_safepoint(text, b"RevokeBias")])
    assert columns["operation"].tolist() == ["RevokeBias"]
    assert columns["total_seconds"].tolist() == [0.004]
    assert columns["reaching_seconds"].tolist() == [0.001]


def test_a_mixture_and_a_stop_beyond_a_day():
    rows = [one_safepoint(HEAD + FORMS["21"]), one_safepoint(HEAD + b"Total: 86400000000001 ns")]
    columns = safepoint_columns(rows)
    assert columns["total_seconds"][0] == 1e-6
    assert np.isnan(columns["total_seconds"][1])


@pytest.mark.parametrize(
    "text", [b'Safepoint "Op", Time since last: 5 ns', b"Safepoint", b"Total time for which it slept"]
)
def test_what_is_no_safepoint(text):
    with pytest.raises(ValueError, match="safepoint"):
        one_safepoint(text)
