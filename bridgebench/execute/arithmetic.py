"""What last bits depend on."""

from __future__ import annotations

import platform

import torch


def arithmetic(device: torch.device) -> dict[str, str | int]:
    """What last bits depend on besides the program: libraries, processor, threads."""
    if device.type == "cuda":
        return {
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name(device),
            "cuda": str(torch.version.cuda),
        }
    return {
        "torch": torch.__version__,
        "device": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bf16": torch.cpu._is_avx512_bf16_supported() + 2 * torch.cpu._is_amx_tile_supported(),
        "threads": torch.get_num_threads(),
    }
