"""The small incident's server, once for all tests of a file."""

import pytest

from tests.live import small
from tests.servers import prometheus


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with prometheus(small.server_folder(tmp_path_factory.mktemp("small"))) as url:
        yield url
