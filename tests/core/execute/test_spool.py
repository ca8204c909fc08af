"""Tensors in memory and in a file read back to the same bits."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from bridgebench import BridgebenchError
from bridgebench.execute.spool import Spool


def tensors():
    random = torch.Generator().manual_seed(0)
    made = [torch.randn(4, 3, 2, generator=random) for _ in range(3)]
    odd = torch.tensor([torch.nan, -0.0, torch.inf])
    return [*made, odd, made[0].bfloat16(), torch.tensor(7), torch.empty(0, 3), made[1].double()]


def bits(tensor):
    return tensor.reshape(-1).view(torch.uint8).tolist()


@pytest.mark.parametrize(
    ("held", "filed"), [(10**6, 0), (100, 2 * 96 + 12 + 48 + 8 + 192), (0, 548)]
)
def test_what_is_read_is_what_was_appended(held, filed):
    spool = Spool(held)
    for tensor in tensors():
        spool.append(tensor)
    for _ in range(2):
        for found, wanted in zip(spool, tensors(), strict=True):
            assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
            assert bits(found) == bits(wanted)
    assert bits(spool[-1]) == bits(tensors()[-1])
    assert [tensor.shape for tensor in spool[3:5]] == [(3,), (4, 3, 2)]
    assert spool.filed_bytes == filed


def test_reading_may_go_on_between_appending():
    spool = Spool(held=0)
    for number in range(5):
        spool.append(torch.full((3,), float(number)))
        assert [tensor[0].item() for tensor in spool] == list(range(number + 1))


def test_views_that_are_not_contiguous_are_kept_as_they_look():
    spool = Spool(held=24)
    whole = torch.arange(12.0).view(3, 4)
    for _ in range(2):
        spool.append(whole.T[1:3])
    assert spool.filed_bytes == 24
    assert spool[0].tolist() == spool[1].tolist() == [[1, 5, 9], [2, 6, 10]]


def test_a_part_does_not_keep_the_whole():
    whole = torch.zeros(1000)
    spool = Spool()
    spool.append(whole[:10])
    assert spool[0].untyped_storage().nbytes() == 40


def test_what_was_read_is_nobody_elses():
    spool = Spool(held=0)
    spool.append(torch.zeros(2))
    spool[0].add_(1)
    assert spool[0].tolist() == [0, 0]


def test_its_file_has_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = Spool(held=0)
    spool.append(torch.zeros(2))
    assert list(tmp_path.iterdir()) == []
    assert len(spool) == 1


def test_no_room_says_how_to_give_more(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda prefix, buffering: full())
    with pytest.raises(BridgebenchError, match=r"do not fit .*No space left .*TMPDIR=FOLDER"):
        Spool(held=0).append(torch.zeros(2))


def full():
    return Path("/dev/full").open("r+b", buffering=0)


def test_threads_that_read_at_once_do_not_get_each_others_tensors():
    spool = Spool(held=0)
    for number in range(50):
        spool.append(torch.full((1000,), float(number)))

    def differing(start):
        picks = [(start + step * 7) % 50 for step in range(200)]
        return sum(not bool((spool[pick] == pick).all()) for pick in picks)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(differing, range(8))) == 0


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(BridgebenchError, match="No such file or directory"):
        Spool(held=0).append(torch.zeros(2))


@pytest.mark.parametrize("held", [10**6, 100, 0])
def test_a_row_is_read_without_the_rest(held):
    spool = Spool(held)
    rows = [tensor for tensor in tensors() if tensor.ndim > 1 and len(tensor)]
    for tensor in rows:
        spool.append(tensor)
    for index, tensor in enumerate(rows):
        for row in range(len(tensor)):
            assert bits(spool.row(index, row)) == bits(tensor[row])
