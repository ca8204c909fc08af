"""The hooks of the world, as any plugin has them."""

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_datasets():
    return {
        "world": "bridgebench_world.images:World",
        "world_pairs": "bridgebench_world.pairs:PairedWorld",
    }


@hookimpl
def bridgebench_scores():
    return {"world_exact": "bridgebench_world.score:ExactScore"}


@hookimpl
def bridgebench_extractors():
    return {
        "world_channels": "bridgebench_world.extractor:Channels",
        "misbehaving_extractor": "bridgebench_world.misbehaving:MisbehavingExtractor",
    }


@hookimpl
def bridgebench_metrics():
    return {
        "kept": "bridgebench_world.keeping:Kept",
        "target_gap": "bridgebench_world.pairs:TargetGap",
        "misbehaving_metric": "bridgebench_world.misbehaving:MisbehavingMetric",
    }


@hookimpl
def bridgebench_transforms():
    return {
        "explode": "bridgebench_world.failing:Explode",
        "misbehaving_transform": "bridgebench_world.misbehaving:MisbehavingTransform",
    }


@hookimpl
def bridgebench_solvers():
    return {"misbehaving_solver": "bridgebench_world.misbehaving:MisbehavingSolver"}


@hookimpl
def bridgebench_methods():
    return {
        "raising": "bridgebench_world.failing:Raising",
        "black": "bridgebench_world.failing:Black",
        "nan_output": "bridgebench_world.failing:NanOutput",
        "wrong_shape": "bridgebench_world.failing:WrongShape",
        "hanging": "bridgebench_world.failing:Hanging",
        "dying": "bridgebench_world.failing:Dying",
        "too_bright": "bridgebench_world.failing:TooBright",
        "copy_one": "bridgebench_world.copying:CopyOne",
        "copy_random": "bridgebench_world.copying:CopyRandom",
        "copy_nearest": "bridgebench_world.copying:CopyNearest",
        "misbehaving": "bridgebench_world.misbehaving:Misbehaving",
        "dice": "bridgebench_world.dice:Dice",
        "undeclared": "bridgebench_world.contract:Undeclared",
        "networked": "bridgebench_world.contract:Networked",
        "gradient": "bridgebench_world.contract:Gradient",
        "shift": "bridgebench_world.contract:Shift",
        "paired": "bridgebench_world.contract:Paired",
    }


@hookimpl
def bridgebench_tasks():
    return {"world": "bridgebench_world:world.yaml"}
