"""A folder is held by one run at a time and let go of afterwards."""

import pytest

from analysis.errors import BusyError, SpecError
from analysis.lock import held


def test_the_second_is_refused_and_the_next_may(tmp_path):
    folder = tmp_path / "new"
    with (
        held(folder, doing="capturing", next="wait"),
        pytest.raises(BusyError, match="another run is capturing"),
        held(folder, doing="capturing", next="wait"),
    ):
        pass
    with held(folder, doing="capturing", next="wait"):
        assert not list(folder.iterdir())


def test_what_is_no_folder_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="cannot be written"), held(tmp_path / "file", doing="", next=""):
        pass
