"""`bridgebench export`."""

from __future__ import annotations

import click

from bridgebench.cli.say import say
from bridgebench.cli.words import parse_words

EXAMPLES = """\b
Examples:
  bridgebench export task=cmnist_to7 out=sources
  bridgebench export task=cmnist_to7 protocol=full out=sources
  bridgebench export task=cmnist_to7 n=64 seed=1 out=sources
"""


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, required=True)
def export(words: tuple[str, ...]) -> None:
    """Write the source images of a task as PNG files, for a model outside bridgebench.

    \b
    WORDS are key=value:
      task=NAME      name of a task, or the path of a task file
      out=FOLDER     output folder; must be empty or not exist yet
      protocol=NAME  number of images and seeds (quick)
      n=NUMBER       number of source images, instead of the protocol's
      seed=NUMBERS   seeds, instead of the protocol's

    The image of item test/00042 at seed 0 is out/seed-0/test/00042.png, and manifest.csv names id,
    seed, file, domain and sha256 of each. Write the outputs into another folder under the same
    names, and score them with `bridgebench run task=NAME method=outputs:folder=FOLDER`.
    """
    choices = parse_words(words)
    from rich.progress import Progress

    from bridgebench.cli.console import errors
    from bridgebench.execute.export import export_sources
    from bridgebench.plugins.registry import load_registry

    console = errors()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("images", total=None)
        manifest = export_sources(
            load_registry(),
            choices,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    with manifest.open(encoding="utf-8") as lines:
        count = sum(1 for _ in lines) - 1
    say(f"{count} images: {manifest.parent}")
    say(f"manifest: {manifest}")
