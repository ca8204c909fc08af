"""What every test needs: the same surroundings on any machine, and no cache of its owner's."""

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

from bridgebench.execute.store import LIMIT_VARIABLE
from bridgebench.files.cache_folder import FOLDER_VARIABLE
from bridgebench.plugins.registry import OFF_VARIABLE

# One thread, however many cores there are: sums in another order are other numbers. Torch and NumPy
# read it when they are loaded, here and in the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
for other in ("MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.pop(other, None)

# Nor a GPU that happens to be there, unless it is asked for.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

# A first example may import a library, and the machine may be busy: seconds say nothing. The same
# examples each time, so that a failure is there again in the next run.
settings.register_profile(
    "any machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

OWNERS = (
    OFF_VARIABLE,
    *("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "TTY_COMPATIBLE"),
    *("PYTEST_ADDOPTS", "PYTHONWARNINGS", "RAY_ADDRESS"),
)
"""Variables by which whoever runs the tests changes what programs print, load or connect to."""

PATIENT_RAY = {
    "RAY_worker_register_timeout_seconds": "900",
    "RAY_health_check_failure_threshold": "100",
    "RAY_memory_monitor_refresh_ms": "0",
}
"""Ray gives up processes that are slow to start or to answer, and ends some where memory is short.

On a busy machine it would do so to any of them, and the tests are about the deaths of one.
"""


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory):
    """No cache, also in the processes that a test starts; a test of the cache switches it on."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OWNERS:
            patch.delenv(name, raising=False)
        for name, value in PATIENT_RAY.items():
            patch.setenv(name, value)
        patch.setenv("LC_ALL", "C")  # some programs end where a locale is named that is not there
        patch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        patch.setenv(LIMIT_VARIABLE, "0")
        yield


@pytest.fixture(autouse=True)
def one_thread():
    """A test that asks for more threads of torch has them for itself."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
