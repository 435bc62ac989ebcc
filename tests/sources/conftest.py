"""The recording that the readers are held against."""

import os
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("POSTMORTEM_CORPUS", Path(__file__).parents[3] / "shared" / "data"))
FOLDER = CORPUS / "lab" / "A-sidecar-throttle"


@pytest.fixture
def recording():
    if not FOLDER.is_dir():
        pytest.skip("the recording A-sidecar-throttle is not here: set POSTMORTEM_CORPUS to the folder that holds lab/")
    return FOLDER
