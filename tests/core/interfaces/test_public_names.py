"""What `from bridgebench import ...` gives, and what it does not drag in."""

import subprocess
import sys

import pytest

import bridgebench


@pytest.mark.parametrize("name", bridgebench.__all__)
def test_public_name_is_there(name: str) -> None:
    assert getattr(bridgebench, name) is not None
    assert name in dir(bridgebench)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Solvr'"):
        getattr(bridgebench, "Solvr")  # noqa: B009 - mypy knows that the name is not there


@pytest.mark.parametrize(
    "module",
    [
        "bridgebench",
        "bridgebench.interfaces.plugin",
        "bridgebench_solvers.hooks",
        "bridgebench_transforms.hooks",
        "bridgebench_ddib.hooks",
        "bridgebench_baselines.hooks",
    ],
)
def test_import_stays_free_of_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
