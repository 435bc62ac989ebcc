"""`postmortem new`: what it writes can be loaded, and it overwrites nothing."""

import pytest

from analysis.errors import SpecError
from analysis.incident import Incident
from analysis.template import NARRATIVE, write_template


def test_what_is_written_is_valid_and_takes_its_id_from_the_folder(tmp_path):
    folder = tmp_path / "2026-11-22 결제 down!"
    assert [p.name for p in write_template(folder)] == ["incident.yaml", "narrative.md"]
    assert Incident.load(folder).spec.id == "2026-11-22----down-"
    assert (folder / "narrative.md").read_text(encoding="utf-8") == NARRATIVE
    assert sorted(p.name for p in folder.iterdir()) == ["incident.yaml", "narrative.md"]


@pytest.mark.parametrize(
    ("name", "expected"), [("결제", "incident"), ("--x", "x"), ("a" * 150, "a" * 100), (".hid", "hid")]
)
def test_any_folder_name_gives_an_id_that_is_accepted(tmp_path, name, expected):
    write_template(tmp_path / name)
    assert Incident.load(tmp_path / name).spec.id == expected


def test_an_incident_that_is_there_is_left_alone(tmp_path):
    write_template(tmp_path)
    (tmp_path / "incident.yaml").write_text("id: mine\n", encoding="utf-8")
    with pytest.raises(SpecError, match="there is an incident already"):
        write_template(tmp_path)
    assert (tmp_path / "incident.yaml").read_text(encoding="utf-8") == "id: mine\n"


def test_a_narrative_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "narrative.md").write_text("mine", encoding="utf-8")
    assert [p.name for p in write_template(tmp_path)] == ["incident.yaml"]
    assert (tmp_path / "narrative.md").read_text(encoding="utf-8") == "mine"
