"""Modules that are imported at every start do not drag in torch."""

import subprocess
import sys

import pytest


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
