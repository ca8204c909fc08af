"""The statistics of images beside a record: what is written is read again, in NumPy."""

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import save

from bridgebench import IntegrityError
from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    return run_choices(choices_of({"task": "world", "method": "identity", "out": out}))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64, torch.bool])
def test_numbers_keep_their_type_and_bits(finished, dtype):
    store = finished.folder.records
    values = torch.tensor([0.0, 1.0, 3.0]).to(dtype)
    record = store.write(finished.records[0], {"x": values})
    (read,) = store.items(record).values()
    assert read.tobytes() == values.numpy().tobytes()


def test_bfloat16_which_numpy_does_not_have_is_kept_as_float32(finished):
    store = finished.folder.records
    record = store.write(finished.records[0], {"x": torch.tensor([0.1], dtype=torch.bfloat16)})
    read = store.items(record)["x"]
    assert read.dtype == np.float32
    assert read[0] == torch.tensor(0.1, dtype=torch.bfloat16).item()


def test_a_file_in_a_type_that_numpy_does_not_have_is_one_line(finished):
    store, record = finished.folder.records, finished.records[0]
    content = save({"x": torch.zeros(2, dtype=torch.bfloat16)})
    path = finished.folder.path / "records" / f"{record.identity}.safetensors"
    path.write_bytes(content)
    sha = hashlib.sha256(content).hexdigest()
    changed = record.model_copy(update={"items": ("x",), "items_sha256": sha})
    store.check_items(changed)
    with pytest.raises(IntegrityError, match="delete the record to compute the cell again"):
        store.items(changed)
