"""The whole logs of the JVMs: several files of one JVM are joined, their lives numbered anew."""

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.diagnoses.parts import joined
from analysis.hypotheses.gc.logs import named_logs
from tests.conftest import B
from tests.gc_logs import made_log
from tests.hypotheses.gc_cases import with_logs
from tests.variants import evidence_of


def test_lives_and_rows_of_several_logs():
    first = made_log(pauses=[{"end": 1}], lives=[{"start": 0, "end": 5, "collector": "G1"}])
    second = made_log(pauses=[{"end": 11}, {"end": 12}], lives=[{"start": 10, "end": 15, "collector": "ZGC"}])
    log = joined([first, made_log(lives=[]), second])
    assert log.lives["collector"].tolist() == ["G1", "ZGC"]
    assert log.pauses["life"].tolist() == [0, 1, 1]
    assert joined([first]) is first


def test_every_jvm_has_its_name_and_its_log():
    evidence = evidence_of(B)
    (found,) = named_logs(Case.of(evidence))
    assert found.name == "app of payment-api"
    assert found.log is evidence.gc_logs[0].log
    log = evidence.gc_logs[0].log
    two = named_logs(Case.of(with_logs(evidence, ("app", "payment-api-1", log), ("app", "payment-api-2", log))))
    assert len({n.name for n in two}) == 2
