"""The catalogue's model."""

import msgspec
import pytest

from analysis.catalogue import load_catalogue


def test_it_is_frozen_and_can_be_sent():
    catalogue = load_catalogue()
    metric = catalogue.questions[0].metrics[0]
    with pytest.raises(AttributeError):
        metric.role = "dose"
    assert hash(metric) == hash(load_catalogue().questions[0].metrics[0])
    assert len(msgspec.json.encode(catalogue.questions)) > 50_000


def test_a_question_gives_one_expression_of_its_names():
    targets = load_catalogue().question("targets")
    assert targets.names_regex == "up|scrape_duration_seconds"
    assert targets.dialects == ("prometheus",)
