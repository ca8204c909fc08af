"""The model card of a pair of generators: what its training knows of it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridgebench.toolkit.nn.two_domains import TwoDomains
from bridgebench_cyclegan.recipe import CycleGanRecipe


def card_text(
    name: str, description: TwoDomains, recipe: CycleGanRecipe, facts: Mapping[str, Any]
) -> str:
    """Markdown; results are not known here and are left to whoever measures them.

    Args:
        name: of the weights file, without its suffix.
        description: what the file says of itself.
        recipe: how it was trained.
        facts: where it comes from, as its manifest has them.
    """
    network, width = recipe.generator, recipe.discriminator_width
    rows = {
        "file": f"`{name}.safetensors`, float32; size and sha256 in `{name}.json`",
        "data": f"`{description.source}` and `{description.target}` of `{description.dataset}`, "
        "training split, drawn anew and unpaired",
        "generators": f"on 2x2 patches, {network.width} channels, then {2 * network.width} at half "
        f"the side with {network.blocks} residual blocks; norms over {network.group_width} "
        f"channel(s), the image {'' if network.skip else 'not '}added before the last tanh",
        "discriminators": f"three strided 4x4 convolutions of {width}, {2 * width} and {4 * width} "
        f"channels, norms over {recipe.discriminator_group} channel(s)",
        "recipe": f"`{facts['command']}`",
        "losses": f"least squares, real is {recipe.real_is:g}; cycle {recipe.cycle:g}, identity "
        f"{recipe.identity:g}, falling to {recipe.identity * recipe.identity_left:g}; "
        f"history of {recipe.history} images",
        "optimizer": f"Adam, betas {recipe.betas[0]:g} and {recipe.betas[1]:g}; batch "
        f"{recipe.batch} of each domain; {recipe.lr:g} for the generators, "
        f"{recipe.discriminator_lr:g} for the discriminators, to 0 over the last "
        f"{recipe.cooldown:.0%}; bfloat16; power-function average of the generators, width "
        f"{recipe.ema_width:g}",
        "images seen": f"{facts['images_seen']:,} in {facts['steps']:,} steps",
        "seconds": f"{facts['seconds']:,} with {facts['threads']} thread(s) on {facts['machine']}",
        "seed": str(facts["seed"]),
        "license": "that of the data and of whoever trained it",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return (
        f"# Model card: {name}\n\nGenerators between `{description.source}` and "
        f"`{description.target}`, for `cyclegan:weights={name}.safetensors`.\n\n"
        f"| | |\n|---|---|\n{table}\n"
    )
