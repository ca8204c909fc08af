"""Each fault of the list, put into a copy of the code, is caught by the test that it names."""

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "what-the-tests-catch.md"
CODE = ("bridgebench", "plugins", "tests", "tasks")


@dataclass(frozen=True)
class Fault:
    """One entry of faults.toml.

    what   in words
    file   below the root of the repository
    right  text that stands once in the file
    wrong  what it is replaced by
    test   the node id of the test that then fails; parametrized ones of any parameter
    """

    what: str
    file: str
    right: str
    wrong: str
    test: str

    @property
    def row(self) -> str:
        """Its line in the table of the page."""
        return f"| {self.what} | `{self.test.removeprefix('tests/')}` |"


with (Path(__file__).parent / "faults.toml").open("rb") as stream:
    FAULTS = [Fault(**fields) for fields in tomllib.load(stream)["fault"]]

every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code and its tests, to break."""
    out = tmp_path_factory.mktemp("copy")
    for name in CODE:
        shutil.copytree(ROOT / name, out / name)
    shutil.copy(ROOT / "pyproject.toml", out)
    return out


@every_fault
def test_a_fault_has_one_place_and_a_test(fault: Fault) -> None:
    assert (ROOT / fault.file).read_text(encoding="utf-8").count(fault.right) == 1
    file, _, name = fault.test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_the_page_lists_the_faults() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "::test_" in line] == [fault.row for fault in FAULTS]


@pytest.mark.faults
@every_fault
def test_a_fault_is_caught(fault: Fault, copy: Path) -> None:
    broken = copy / fault.file
    sound = broken.read_text(encoding="utf-8")
    broken.write_text(sound.replace(fault.right, fault.wrong), encoding="utf-8")
    words = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", fault.test]
    path = os.pathsep.join([str(copy), str(copy / "plugins")])
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", *words],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        broken.write_text(sound, encoding="utf-8")
    assert f"\nFAILED {fault.test}" in done.stdout, done.stdout
