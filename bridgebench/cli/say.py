"""Lines for a person, in which nothing reaches the terminal but what can be seen.

A name of a file or a text of a plugin may hold control sequences, and a line break could pass for
another message.
"""

from __future__ import annotations

import click

from bridgebench.files.printable import printable


def say(line: str, *, err: bool = False) -> None:
    """Print one line, on standard error if `err`."""
    click.echo(printable(line), err=err)


def say_lines(text: str) -> None:
    """Print a text of several lines."""
    for line in text.split("\n"):
        say(line)
