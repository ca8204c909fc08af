"""Items have file names of their own, which stay in their folder."""

import pytest
from hypothesis import given, strategies as st

from bridgebench import InvalidOption
from bridgebench.toolkit.item_files import item_file

IDS = st.lists(st.text(min_size=1).filter(lambda part: part not in ("/", ".", "..")), min_size=1)


@pytest.mark.parametrize("item", ["", "..", "../up", "a//b", "/root", "a/", "a/./b"])
def test_an_id_that_would_leave_the_folder_is_refused(item):
    with pytest.raises(InvalidOption, match="makes no file name"):
        item_file(0, item)


@given(IDS, IDS)
def test_different_items_have_different_files(one, other):
    first, second = (
        "/".join(part.replace("/", "") or "x" for part in parts) for parts in (one, other)
    )
    try:
        files = item_file(0, first), item_file(0, second)
    except InvalidOption:
        return
    assert (first == second) == (files[0] == files[1])
    assert all(set(part) & set('\\:*?"<>|\0') == set() for file in files for part in file.parts)


def test_different_seeds_have_different_folders():
    assert item_file(0, "a") != item_file(1, "a")
