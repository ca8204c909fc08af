import sys

import pytest

from bridgebench import BridgebenchError
from bridgebench.toolkit.citation import bibtex

FIRST = "@article{one2001,\n  title = {A {B} @ c},\n}\n"
SECOND = "@inproceedings{two2002,\n  year = {2002},\n}\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose references.bib can be written."""
    name = f"cited_{tmp_path.name}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield name, folder / "references.bib"
    sys.modules.pop(name, None)


def test_an_entry_is_found_by_its_key_and_is_as_it_stands(package):
    name, file = package
    file.write_text(f"A comment.\n\n{FIRST}\n{SECOND}\n")
    assert bibtex(name, "one2001") == FIRST
    assert bibtex(name, "two2002") == SECOND


def test_a_key_that_is_not_there_names_those_that_are_near(package):
    name, file = package
    file.write_text(FIRST)
    with pytest.raises(BridgebenchError, match="did you mean one2001"):
        bibtex(name, "one2002")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_missing_or_is_no_text_is_one_line(package, content):
    name, file = package
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BridgebenchError, match=r"references\.bib cannot be read") as caught:
        bibtex(name, "one2001")
    assert "\n" not in str(caught.value)
