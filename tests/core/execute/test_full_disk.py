"""A folder that can no longer be written: one line, and all that was finished is kept."""

import errno

import pytest
from click.testing import CliRunner

from bridgebench import OutputError
from bridgebench.api import run_choices
from bridgebench.cli import main
from bridgebench.execute import results
from bridgebench.execute.records import RecordStore
from bridgebench.plan.choices import choices_of

WORDS = {"task": "world", "method": "ddib", "solver": "euler"}


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def run(out, **words):
    return run_choices(choices_of({**WORDS, "out": out, **words}))


@pytest.fixture
def room_for_two(monkeypatch):
    """A disk that has no room for a third record."""
    write, written = RecordStore.write, []

    def until_full(self, record, items):
        written.append(record)
        if len(written) > 2:
            full()
        return write(self, record, items)

    monkeypatch.setattr(RecordStore, "write", until_full)


def test_a_disk_that_is_full_is_one_line_and_the_command_goes_on_later(
    tmp_path, monkeypatch, room_for_two
):
    words = [f"{name}={word}" for name, word in WORDS.items()]
    result = CliRunner().invoke(main, ["run", *words, f"out={tmp_path / 'out'}"])
    assert result.exit_code == 2, result.exception
    (said,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert "cannot be written (No space left on device); finished cells are kept" in said
    assert len(list((tmp_path / "out" / "records").glob("*.json"))) == 2
    monkeypatch.undo()
    again = run(tmp_path / "out")
    assert (again.clock.reused_cells, again.clock.computed_cells) == (2, 2)


@pytest.mark.parametrize(("place", "words"), [("strips", {}), ("images", {"save": "images"})])
def test_no_room_for_a_picture_is_no_fault_of_the_cell(tmp_path, monkeypatch, place, words):
    write = results.write_atomically

    def no_room(path, content, **how):
        return full() if place in path.parts else write(path, content, **how)

    monkeypatch.setattr(results, "write_atomically", no_room)
    with pytest.raises(OutputError, match="No space left on device"):
        run(tmp_path / "out", **words)
    assert not list((tmp_path / "out").glob("records/*.json"))


def test_a_cell_that_fails_leaves_no_picture(tmp_path, monkeypatch):
    def refuse(self):
        raise ValueError("no score for this")

    monkeypatch.setattr("bridgebench.execute.scoring.Scorer.compute", refuse)
    finished = run(tmp_path / "out")
    assert {record.status for record in finished.records} == {"failed"}
    assert not list((tmp_path / "out" / "strips").glob("*.png"))
