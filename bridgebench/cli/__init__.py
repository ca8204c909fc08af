"""The command line: one file a command; nothing but words in and words out.

Commands are imported when they are called, so that `bridgebench --help` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from bridgebench.errors import BridgebenchError
from bridgebench.files.printable import printable

_COMMANDS = {
    "run": ("bridgebench.cli.run:run", "Run a task and rank the results."),
    "plan": ("bridgebench.cli.plan:plan", "Show what a run would do, without doing it."),
    "export": ("bridgebench.cli.export:export", "Write the source images of a task as files."),
    "list": ("bridgebench.cli.list:list_", "List installed plugins."),
    "info": ("bridgebench.cli.info:info", "Show a plugin or task and its options."),
    "plugins": ("bridgebench.cli.plugins:plugins", "Show the distributions that provide plugins."),
    "new-plugin": ("bridgebench.cli.new_plugin:new_plugin", "Create a plugin project."),
    "check": ("bridgebench.cli.check:check", "Check a plugin against the interface of its kind."),
    "leaderboard": ("bridgebench.cli.leaderboard:leaderboard", "Show and check leaderboards."),
    "cache": ("bridgebench.cli.cache:cache", "Show or empty the cache of encodes and features."),
    "doctor": ("bridgebench.cli.doctor:doctor", "Check this machine and this installation."),
}

WRONG_COMMAND = 2
INTERRUPTED = 130


class _Refusal(click.ClickException):
    """An error of bridgebench as one line on stderr."""

    exit_code = WRONG_COMMAND


class _Commands(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command = vars(importlib.import_module(module))[name]
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from bridgebench.errors import UnknownName

            raise _Refusal(printable(str(UnknownName("command", args[0], _COMMANDS))))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        from bridgebench.cli.streams import replace_unencodable, unwritable_as_line

        replace_unencodable()
        try:
            with unwritable_as_line(status=1):
                return super().invoke(ctx)
        except BridgebenchError as error:
            raise _Refusal(printable(str(error))) from error


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start here:  bridgebench run task=cmnist_to7",
)
@click.version_option(package_name="bridgebench")
def main() -> None:
    """A benchmark of image-to-image bridges.

    A task is run with every combination of method, score models, ODE solver and transform, and
    each combination becomes a row of a leaderboard.
    """
