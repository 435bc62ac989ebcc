"""The recording that the readers are held against."""

import pytest


@pytest.fixture
def recording(corpus):
    return corpus / "lab" / "A-sidecar-throttle"
