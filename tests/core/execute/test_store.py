"""The store on disk: what goes in comes out, nothing else does, and nothing that it does fails."""

import os
import sys
import warnings
from contextlib import ExitStack
from subprocess import PIPE, Popen

import pytest
import torch

from bridgebench import InvalidOption
from bridgebench.execute.store import (
    LIMIT_VARIABLE,
    Store,
    Stored,
    StoreWarning,
    parse_size,
    user_store,
)
from bridgebench.files.cache_folder import FOLDER_VARIABLE
from bridgebench.files.canonical_json import digest

KEY = digest("an encode")


def entry(size=8, seed=0):
    values = torch.randn(size, generator=torch.Generator().manual_seed(seed))
    return Stored({"result": values, "half": values.bfloat16()}, {"seconds": 1.5, "evaluated": 3})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "stages", 10**6)


def only_file(store):
    (path,) = store.folder.glob("??/*.safetensors")
    return path


def test_what_goes_in_comes_out_bit_for_bit(store):
    store.put(KEY, entry())
    found = store.get(KEY)
    assert found.facts == entry().facts
    assert found.tensors.keys() == entry().tensors.keys()
    assert all(torch.equal(found.tensors[name], value) for name, value in entry().tensors.items())
    assert store.has(KEY)
    assert store.get(digest("another")) is None


def test_a_byte_that_changed_anywhere_is_found_out(store):
    store.put(KEY, entry())
    path = only_file(store)
    whole = path.read_bytes()
    for place in [*range(0, len(whole), 7), len(whole) - 1]:
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        found = store.get(KEY)
        assert found is None or (
            found.facts == entry().facts
            and all(torch.equal(found.tensors[k], v) for k, v in entry().tensors.items())
        )
        path.write_bytes(whole)


@pytest.mark.parametrize("content", [b"", b"{}", bytes(8), b"\xff" * 40])
def test_an_entry_that_is_none_is_deleted(store, content):
    store.put(KEY, entry())
    path = only_file(store)
    path.write_bytes(content)
    assert store.get(KEY) is None
    assert not path.exists()


def test_an_entry_under_another_key_is_not_trusted(store):
    store.put(KEY, entry())
    other = digest("another")
    path = store.folder / other[:2] / f"{other}.safetensors"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(only_file(store).read_bytes())
    assert store.get(other) is None


def test_those_used_longest_ago_go_first(tmp_path):
    probe = Store(tmp_path / "probe", 10**6)
    probe.put(KEY, entry())
    size = only_file(probe).stat().st_size
    store = Store(tmp_path / "stages", 4 * size)
    keys = [digest(number) for number in range(5)]
    for age, key in enumerate(keys[:4]):
        store.put(key, entry())
        path = store.folder / key[:2] / f"{key}.safetensors"
        os.utime(path, (1000 + age, 1000 + age))
    assert store.get(keys[0]) is not None
    store.put(keys[4], entry())
    assert [store.has(key) for key in keys] == [True, False, False, True, True]
    assert store.usage().size <= store.limit


def test_an_entry_larger_than_the_limit_is_not_kept(tmp_path):
    store = Store(tmp_path, 100)
    store.put(KEY, entry(1000))
    assert store.usage().entries == 0


def test_a_limit_of_0_keeps_and_finds_nothing(store):
    store.put(KEY, entry())
    off = Store(store.folder, 0)
    assert off.get(KEY) is None
    assert not off.has(KEY)
    off.put(digest("another"), entry())
    assert store.usage().entries == 1


def test_a_folder_that_cannot_be_made_is_one_warning_and_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "stages", 10**6)
    with pytest.warns(StoreWarning, match="cannot be .* BRIDGEBENCH_CACHE=FOLDER"):
        store.put(KEY, entry())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.put(KEY, entry())
        assert store.get(KEY) is None


def test_a_full_disk_is_a_warning_and_leaves_nothing(store, monkeypatch):
    def full(path, content, durable):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bridgebench.execute.store.write_atomically", full)
    with pytest.warns(StoreWarning, match="No space left"):
        store.put(KEY, entry())
    assert store.usage().entries == 0


def test_clear_deletes_all_and_says_how_many(store):
    for number in range(3):
        store.put(digest(number), entry())
    assert store.clear().entries == 3
    assert store.usage().entries == 0


FILL = """
import sys
from pathlib import Path
import torch
from bridgebench.files.canonical_json import digest
from bridgebench.execute.store import Store, Stored

def entry(number):
    values = torch.randn(100, generator=torch.Generator().manual_seed(number))
    return Stored({"result": values}, {"seconds": 1.5, "evaluated": 3})

store, first = Store(Path(sys.argv[1]), 20_000), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(first, first + 40):
    store.put(digest(number), entry(number))
    found = store.get(digest(number % 7))
    assert found is None or torch.equal(
        found.tensors["result"], entry(number % 7).tensors["result"]
    )
"""


def test_processes_share_it(tmp_path):
    with ExitStack() as crowd:
        words = [[sys.executable, "-c", FILL, str(tmp_path), first] for first in ("0", "0", "20")]
        processes = [
            crowd.enter_context(Popen(each, stdin=PIPE, stdout=PIPE, text=True)) for each in words
        ]
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.wait() for process in processes] == [0, 0, 0]
    assert 0 < Store(tmp_path, 20_000).usage().size <= 20_000


def test_the_environment_says_where_and_how_large(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setenv(LIMIT_VARIABLE, "500MB")
    assert (user_store().folder, user_store().limit) == (tmp_path / "stages", 5 * 10**8)
    monkeypatch.delenv(FOLDER_VARIABLE)
    monkeypatch.delenv(LIMIT_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert user_store().folder.name == "stages"
    assert user_store().limit == 4 * 10**9


@pytest.mark.parametrize("text", ["many", "-1", "4 GiB", ""])
def test_a_limit_that_is_no_size_is_one_line(text):
    with pytest.raises(InvalidOption, match="expected a size such as 500MB"):
        parse_size(text)
