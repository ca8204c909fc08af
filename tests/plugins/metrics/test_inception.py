import hashlib
from functools import partial
from pathlib import Path

import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from bridgebench import IntegrityError, InvalidOption
from bridgebench_metrics import inception
from bridgebench_metrics.inception import Inception


def test_without_its_file_it_says_which_to_get(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.pth"
    for ask in (
        Inception(weights=missing).sha256,
        partial(Inception(weights=missing).load, torch.device("cpu")),
    ):
        with pytest.raises(IntegrityError) as raised:
            ask()
        message = str(raised.value)
        assert str(missing) in message
        assert inception.URL in message
        assert "\n" not in message


def test_the_file_is_looked_for_where_torch_hub_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    expected = tmp_path / "hub" / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth"
    assert Inception().path() == expected
    with pytest.raises(IntegrityError, match="no Inception weights at"):
        Inception().sha256()


def test_another_file_is_refused_before_it_is_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(IntegrityError, match="is not the Inception weights file"):
        Inception(weights=path).load(torch.device("cpu"))
    monkeypatch.setattr(inception, "SIZE", path.stat().st_size)
    with pytest.raises(IntegrityError, match="is not the Inception weights file"):
        Inception(weights=path).load(torch.device("cpu"))


def test_the_name_holds_the_start_of_the_hash() -> None:
    assert inception.FILE.removesuffix(".pth").endswith(inception.SHA256[:8])


def drawn_network() -> FeatureExtractorInceptionV3:
    """torch-fidelity's own network, with drawn weights."""
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(
            "torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url",
            lambda url, progress: {},
        )
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        return FeatureExtractorInceptionV3("drawn", ["2048", "logits"])


def test_features_are_those_of_torch_fidelity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = drawn_network()
    path = tmp_path / inception.FILE
    torch.save(direct.state_dict(), path)
    monkeypatch.setattr(inception, "SIZE", path.stat().st_size)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "SHA256", digest)
    extractor = Inception(weights=path)
    assert extractor.sha256() == digest
    loaded = extractor.load(torch.device("cpu"))
    pixels = torch.randint(0, 256, (2, 3, 32, 32), generator=torch.Generator().manual_seed(1))
    seen = loaded(pixels.float() / 127.5 - 1.0)
    features, logits = direct(pixels.to(torch.uint8))
    assert torch.equal(seen.features, features)
    assert seen.logits is not None
    assert torch.equal(seen.logits, logits)
    assert features.shape == (2, 2048)
    assert features.std() > 0
    with pytest.raises(InvalidOption, match=r"\(B, 3, H, W\)"):
        loaded(torch.zeros(2, 1, 32, 32))
