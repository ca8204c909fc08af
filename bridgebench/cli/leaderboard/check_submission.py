"""`bridgebench leaderboard check-submission`."""

from __future__ import annotations

from pathlib import Path

import click

from bridgebench.cli.say import say


@click.command(
    "check-submission",
    epilog="""\b
Example:
  bridgebench leaderboard check-submission main
""",
)
@click.argument("commit")
def check_submission(commit: str) -> None:
    """Check what HEAD adds to leaderboard/ since it left COMMIT: a line for each file.

    Boards are added as leaderboard/TASK/NAME.csv, as `leaderboard publish` writes them, each with a
    row that is not published yet; NAME is of a-z, 0-9, _ and -. Published boards are not changed or
    removed, verdicts in verifications.json are added and not removed, and the page is left to
    the person who merges. Files are read from git, never from the working tree. Exit status 2 if
    anything is wrong.
    """
    from bridgebench.leaderboard.publish.submission import check_submission as check
    from bridgebench.plugins.registry import load_registry

    findings = check(Path.cwd(), commit, load_registry())
    for finding in findings:
        say(f"{'Error: ' if finding.fault else ''}{finding}", err=bool(finding.fault))
    if not findings:
        say("no board is added")
    if any(finding.fault for finding in findings):
        raise SystemExit(2)
