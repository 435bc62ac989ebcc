"""Questions of the author: signals and queries, as the spec words them."""

from analysis.incident import Incident
from analysis.live.question import own_questions
from tests.live import small


def test_signals_and_queries_in_the_order_of_the_spec(tmp_path):
    folder = small.incident(
        tmp_path, "http://localhost:9",
        signals="signals: {errors: {promql: errors_total, destination: to}, share: {promql: a / b, required: false}}",
        more='queries: {load: "sum(load1)", up2: {promql: up, unit: ratio, step_seconds: 30}}',
    )  # fmt: skip
    found = own_questions(Incident.load(folder).spec)
    assert [(q.id, q.mode, q.required, q.unit, q.step_seconds) for q in found] == [
        ("signals/errors", "raw", True, "", None), ("signals/share", "range", False, "", None),
        ("queries/load", "range", True, "", None), ("queries/up2", "raw", True, "ratio", 30.0),
    ]  # fmt: skip
