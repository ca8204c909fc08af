"""What every test needs: that it neither uses nor fills the cache of whoever runs it."""

import pytest

from bridgebench.execute.store import FOLDER_VARIABLE, LIMIT_VARIABLE


@pytest.fixture(scope="session", autouse=True)
def no_cache(tmp_path_factory):
    """No cache, also in the processes that a test starts; a test of the cache switches it on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        patch.setenv(LIMIT_VARIABLE, "0")
        yield
