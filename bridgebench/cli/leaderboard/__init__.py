"""`bridgebench leaderboard`: one file a command."""

from __future__ import annotations

import click

from bridgebench.cli.leaderboard.check_submission import check_submission
from bridgebench.cli.leaderboard.compare import compare
from bridgebench.cli.leaderboard.merge import merge
from bridgebench.cli.leaderboard.page import page
from bridgebench.cli.leaderboard.publish import publish
from bridgebench.cli.leaderboard.show import show
from bridgebench.cli.leaderboard.validate import validate
from bridgebench.cli.leaderboard.verify import verify


@click.group()
def leaderboard() -> None:
    """Show, compare, check, merge, publish and verify leaderboards, and make a page of them."""


for command in (show, compare, validate, merge, publish, verify, page, check_submission):
    leaderboard.add_command(command)
