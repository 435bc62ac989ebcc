"""Two files of one recording."""

import pytest

from analysis.db.twins import refuse_twins, same_recording
from analysis.errors import SpecError
from tests.db import servers

STORY = servers.story()
FORMS = [servers.stderr(STORY, "%m [%p] "), servers.csvlog(STORY), servers.jsonlog(STORY), servers.cnpg(STORY),
         servers.syslog(STORY), servers.logplex(STORY), servers.cloudsql(STORY)]  # fmt: skip


def other_times(text):
    return text.replace("duration: ", "duration: 7")


@pytest.mark.parametrize("one", range(len(FORMS)))
@pytest.mark.parametrize("other", range(len(FORMS)))
def test_every_two_forms_are_twins_and_other_logs_are_not(one, other):
    assert same_recording(FORMS[one].encode(), FORMS[other].encode())
    assert not same_recording(FORMS[one].encode(), other_times(FORMS[other]).encode())


def test_without_durations_only_copies_are():
    lines = servers.stderr([e for e in STORY if "duration" not in e.message], "%m [%p] ").encode()
    assert same_recording(lines, lines)
    assert not same_recording(lines, lines.replace(b"2026", b"2025"))
    assert not same_recording(b"", b"")


def test_the_error_names_both(tmp_path):
    paths = [tmp_path / name for name in ("a.log", "b.log", "c.csv")]
    for path, text in zip(paths, (FORMS[0], other_times(FORMS[0]), FORMS[1]), strict=True):
        path.write_text(text)
    refuse_twins(paths[:2])
    with pytest.raises(SpecError, match="the same recording") as failed:
        refuse_twins(paths)
    assert failed.value.where == "a.log, c.csv"
    with pytest.raises(SpecError):
        refuse_twins([paths[0], paths[0]])
