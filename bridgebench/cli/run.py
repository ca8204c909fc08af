"""`bridgebench run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridgebench.cli.say import say
from bridgebench.cli.words import describe_words, parse_words
from bridgebench.files.shown_path import shown

if TYPE_CHECKING:
    from bridgebench.api import Finished

EXAMPLES = """\b
Examples:
  bridgebench run task=cmnist_to7
  bridgebench run task=cmnist_to7 method=ddib solver=dpm transform=identity,normalize
  bridgebench run task=cmnist_to7 transform=scale:c=0.8,1.2 nfe=10,20 n=64 out=runs/mine
  bridgebench run task=cmnist_to7 protocol=standard metric=cycle
"""

NETWORK_SHARE = 0.1
"""Below this share of a run's time in networks, the ratio of the two is not printed."""


def spent(total: float, network: float) -> str:
    """The time of a run, and how it compares with the time in networks.

    >>> spent(12.0, 10.0)
    '12.0 s, 1.20 times the time in network evaluations'
    >>> spent(12.0, 0.31)
    '12.0 s, 0.3 s of it in network evaluations'
    """
    if network < NETWORK_SHARE * total:
        return f"{total:.1f} s, {network:.1f} s of it in network evaluations"
    return f"{total:.1f} s, {total / network:.2f} times the time in network evaluations"


@click.command(
    epilog=EXAMPLES,
    help=f"""Run a task and rank the results.

\b
WORDS are key=value:
{describe_words()}

Write a plugin with options as name:option=value:option=value, a chain of transforms as a+b, a list
as a,b, and every plugin of a kind as `all`. Results are written to runs/TASK-PROTOCOL unless out=
is given. The same command resumes a run that was stopped. Exit status: 0 if all cells are ok, 1 if
some are not, 2 for a wrong command.
""",
)
@click.argument("words", nargs=-1, required=True)
def run(words: tuple[str, ...]) -> None:
    """Run a task."""
    choices = parse_words(words)
    from bridgebench.cli.console import errors, warnings_as_lines

    say(f"planning {choices.task} ({choices.protocol})", err=True)
    from bridgebench.api import run_choices
    from bridgebench.cli import INTERRUPTED
    from bridgebench.cli.bar import progress_on
    from bridgebench.cli.streams import unwritable_as_line

    with progress_on(errors()) as progress, warnings_as_lines():
        finished = run_choices(choices, progress)
    with unwritable_as_line():
        _print_results(finished)
    if finished.interrupted:
        say(
            f"interrupted: {len(finished.records)} of {len(finished.plan.cells)} cells are "
            "finished and kept; the same command resumes the run",
            err=True,
        )
        raise SystemExit(INTERRUPTED)
    if not finished.all_ok:
        for record in finished.records:
            if record.status != "ok":
                named = (record.axes[axis] for axis in ("method", "solver", "transform"))
                names = " ".join(str(name) for name in named if name is not None)
                say(f"{record.status}: {names}: {record.reason}", err=True)
        raise SystemExit(1)


def _print_results(finished: Finished) -> None:
    from bridgebench.cli.console import output
    from bridgebench.leaderboard.render.convergence import print_convergence
    from bridgebench.leaderboard.render.show import print_board

    print_board(finished.board, output())
    print_convergence(finished.curves, finished.plan.task, output())
    counts = finished.clock
    say(
        f"{counts.computed_cells} cells computed, {counts.reused_cells} reused, in "
        f"{spent(finished.seconds, counts.network)}"
    )
    say(f"leaderboard: {shown(finished.folder.leaderboard)}")
    if finished.plan.task.item.is_image:
        say(f"strips:      {shown(finished.folder.path / 'strips')}")
    if finished.curves:
        say(f"convergence: {shown(finished.folder.convergence)}")
