"""The transforms by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_transforms() -> Mapping[str, type | str]:
    """What can be done to an image before the encode, or to a latent after it."""
    return {
        "identity": "bridgebench_transforms.identity:Identity",
        "normalize": "bridgebench_transforms.normalize:Normalize",
        "scale": "bridgebench_transforms.scale:Scale",
        "fixed_noise": "bridgebench_transforms.fixed_noise:FixedNoise",
        "blend_image": "bridgebench_transforms.blend_image:BlendImage",
        "checker_image": "bridgebench_transforms.checker:CheckerImage",
        "checker_noise": "bridgebench_transforms.checker:CheckerNoise",
        "blur_image": "bridgebench_transforms.blur:BlurImage",
        "blur_latent": "bridgebench_transforms.blur:BlurLatent",
        "rotate_image": "bridgebench_transforms.rotate:RotateImage",
        "rotate_latent": "bridgebench_transforms.rotate:RotateLatent",
    }
