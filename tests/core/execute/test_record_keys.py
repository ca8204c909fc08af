"""A record is used again by its key, and by nothing else."""

import torch

from bridgebench.api import run_choices
from bridgebench.execute.records import Value
from bridgebench.plan.choices import choices_of


def run(out):
    return run_choices(choices_of({"task": "world", "method": "identity", "out": out}))


def rewrite(finished, **changes):
    """Write the one record of a run again, with other numbers in it."""
    (record,) = finished.records
    store = finished.folder.records
    values = {**record.values, "transport": Value(value=123.0, low=122.0, high=124.0)}
    changed = record.model_copy(update={"values": values, **changes})
    items = {name: torch.tensor(values) for name, values in store.items(record).items()}
    store.write(changed, items)


def test_a_record_of_another_key_is_computed_again(tmp_path):
    first = run(tmp_path / "out")
    rewrite(first, key="0" * len(first.records[0].key))
    again = run(tmp_path / "out")
    assert again.clock.computed_cells == 1
    assert [r.values for r in again.records] == [r.values for r in first.records]


def test_a_record_of_the_key_is_taken_as_it_is(tmp_path):
    rewrite(run(tmp_path / "out"))
    again = run(tmp_path / "out")
    assert again.clock.reused_cells == 1
    assert again.board.table["transport"].tolist() == [123.0]
