"""What an extractor sees in a batch."""

import torch

from bridgebench import Extracted


def test_slice_takes_the_same_rows_of_both() -> None:
    extracted = Extracted(torch.arange(12.0).view(4, 3), torch.arange(8.0).view(4, 2))
    part = extracted.slice(1, 3)
    assert torch.equal(part.features, extracted.features[1:3])
    assert part.logits is not None
    assert extracted.logits is not None
    assert torch.equal(part.logits, extracted.logits[1:3])


def test_slice_without_logits_has_none() -> None:
    assert Extracted(torch.zeros(4, 3), None).slice(0, 2).logits is None
