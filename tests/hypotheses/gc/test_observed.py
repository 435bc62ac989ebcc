"""Named diagnoses of an incident's logs: those of the JVMs that were held longest, none of what was not understood."""

from dataclasses import replace

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.observed import MOST_JVMS, named_in
from tests.conftest import A, B
from tests.variants import evidence_of


def test_b_is_named_and_a_log_that_was_not_understood_is_not():
    evidence = evidence_of(B)
    found = named_in(Case.of(evidence))
    assert any(o.name == "gc_full_gc" for o in found)
    assert all("app of payment-api" in o.statement for o in found)
    (source,) = evidence.gc_logs
    lives = source.log.lives.assign(unrecognised=source.log.lives["recognised"])
    unread = replace(evidence, gc_logs=(replace(source, log=replace(source.log, lives=lives)),))
    assert named_in(Case.of(unread)) == ()
    assert named_in(Case.of(replace(evidence, gc_logs=()))) == ()


def test_many_jvms_do_not_drown_the_reader():
    evidence = evidence_of(B)
    (source,) = evidence.gc_logs
    many = tuple(replace(source, pod=f"payment-api-{i}") for i in range(9))
    found = named_in(Case.of(replace(evidence, gc_logs=many)))
    assert len({o.statement.split(":")[0] for o in found}) == MOST_JVMS


def test_a_quiet_log_is_no_list_of_faults():
    assert len(named_in(Case.of(evidence_of(A)))) <= 2
