"""The model card of a flow: what its training knows of it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridgebench.toolkit.nn.two_domains import TwoDomains
from bridgebench_otcfm.recipe import FlowRecipe


def card_text(
    name: str, description: TwoDomains, recipe: FlowRecipe, facts: Mapping[str, Any]
) -> str:
    """Markdown; results are not known here and are left to whoever measures them.

    Args:
        name: of the weights file, without its suffix.
        description: what the file says of itself.
        recipe: how it was trained.
        facts: where it comes from, as its manifest has them.
    """
    network, schedule = recipe.network, recipe.schedule
    pairs = f"optimal transport between {recipe.coupling} images a side, squared pixel distance"
    if recipe.color_weight:
        pairs += f", plus {recipe.color_weight:g} times that of the hues on the circle"
    if facts["first_flow"]:
        pairs = f"a reflow round: those of the flow with sha256 {facts['first_flow'][:12]}"
    rows = {
        "file": f"`{name}.safetensors`, float32; size and sha256 in `{name}.json`",
        "data": f"`{description.source}` and `{description.target}` of `{description.dataset}`, "
        "training split, drawn anew for each coupling",
        "pairs": pairs,
        "network": f"a U-Net on {network.patch}x{network.patch} patches: channels "
        f"{_listed(network.channels)}, residual blocks {_listed(network.blocks)}",
        "recipe": f"`{facts['command']}`",
        "optimizer": f"Muon on the hidden matrices, AdamW on the rest; batch {recipe.batch}, peak "
        f"{recipe.lr:g} after {schedule.warmup} steps, to 0 over the last {schedule.cooldown:.0%}; "
        f"network in bfloat16, weight decay {recipe.decay:g}, gradient norm {schedule.clip:g}; "
        f"power-function average of the weights, width {schedule.ema_width:g}",
        "images seen": f"{facts['images_seen']:,} in {facts['steps']:,} steps",
        "seconds": f"{facts['seconds']:,} with {facts['workers']} thread(s) on {facts['machine']}",
        "seed": str(facts["seed"]),
        "license": "that of the data and of whoever trained it",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return (
        f"# Model card: {name}\n\nA flow from `{description.source}` to `{description.target}`, "
        f"for `otcfm:weights={name}.safetensors`.\n\n| | |\n|---|---|\n{table}\n"
    )


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers)
