"""Shared stages on their way between workers arrive to the bit, whatever their type."""

import torch

from bridgebench.execute.workers.cluster.sent import SentTensors


def test_what_arrives_is_what_was_sent():
    whole = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(0))
    tensors = [whole, None, whole.bfloat16(), whole.double()[:, 1], torch.tensor(7)]
    sent = SentTensors(tensors)
    assert len(sent) == 5
    for found, wanted in zip(sent, tensors, strict=True):
        if wanted is None:
            assert found is None
        else:
            assert found.dtype == wanted.dtype
            assert torch.equal(found, wanted)
    assert torch.equal(sent[2:][1], whole.double()[:, 1])


def test_what_a_worker_does_with_its_copy_changes_no_others():
    sent = SentTensors([torch.zeros(2)])
    sent[0].add_(1)
    assert sent[0].tolist() == [0, 0]
