"""The Inception network whose features the literature compares."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Extracted, Extractor, IntegrityError, InvalidOption, LoadedExtractor

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FILE = "weights-inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
SIZE = 95_628_359


class Inception(Extractor):
    """Inception-v3 as TensorFlow's FID has it: 2,048 features and 1,008 logits, by torch-fidelity.

    Images are quantized to 8 bits and resized to 299x299 as TensorFlow 1 did. The weights are a
    file of 96 MB that is not part of the package and is never downloaded for you: get
    weights-inception-2015-12-05-6726825d.pth from torch-fidelity's release v0.2.0 and put it into
    torch hub's folder (~/.cache/torch/hub/checkpoints), or name it with `weights`.
    Source: Szegedy et al., CVPR 2016; Heusel et al., NeurIPS 2017.
    """

    name: ClassVar[str] = "inception"

    weights: Path | None = Field(
        None, description="the weights file; left out: the one in torch hub's folder"
    )

    def path(self) -> Path:
        """Where the weights are looked for."""
        if self.weights is not None:
            return self.weights
        import torch

        return Path(torch.hub.get_dir()) / "checkpoints" / FILE

    def sha256(self) -> str:
        """The hash of the one weights file that there is."""
        self._read()
        return SHA256

    def load(self, device: torch.device) -> LoadedExtractor:
        """Load the network."""
        return _Loaded(self._read(), device)

    def _read(self) -> bytes:
        path = self.path()
        if not path.is_file():
            raise IntegrityError(
                f"no Inception weights at {path}; download {URL} and put it there, or use the "
                "task's own extractor (metric option features left out)"
            )
        if path.stat().st_size == SIZE:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == SHA256:
                return content
        raise IntegrityError(
            f"{path} is not the Inception weights file: expected {SIZE} bytes with sha256 "
            f"{SHA256}; download {URL} again"
        )


class _Loaded:
    """The network in memory."""

    def __init__(self, content: bytes, device: torch.device) -> None:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        # torch-fidelity unpickles its file, which is safe only for the bytes just compared with
        # the hash: so it gets those, and not a path that somebody might write to meanwhile.
        self._network = FeatureExtractorInceptionV3(
            "inception-v3-compat", ["2048", "logits"], io.BytesIO(content)
        ).to(device)
        self._device = device

    def __call__(self, images: Tensor) -> Extracted:
        """Features and logits of (B, 3, H, W) images in [-1, 1]."""
        import torch

        if images.ndim != 4 or images.shape[1] != 3:
            raise InvalidOption(
                f"Inception sees images of shape (B, 3, H, W), got {tuple(images.shape)}; "
                "use another extractor for this task"
            )
        pixels = ((images.clamp(-1.0, 1.0) + 1.0) * 127.5).round().to(self._device, torch.uint8)
        with torch.no_grad():
            features, logits = self._network(pixels)
        return Extracted(features, logits)
