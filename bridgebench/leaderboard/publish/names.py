"""What may be in the folder of published boards, and under which names.

leaderboard/index.html                the page, made of the boards
leaderboard/TASK/NAME.csv             a board
leaderboard/TASK/verifications.json   who reproduced which of the folder's rows
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bridgebench.leaderboard.audit.verifications import FILE_NAME

FOLDER = "leaderboard"
INDEX = "index.html"

BOARD_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_TASK_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Place:
    """Where a file of the folder of published boards is: a task, and a board or what is verified.

    board  the name of the board, "" for the verifications of the task's boards
    """

    task: str
    board: str


def place_of(path: str) -> Place | None:
    """The place of a path such as `leaderboard/TASK/NAME.csv`, None where nothing may be.

    >>> place_of("leaderboard/cmnist_to7/mine.csv")
    Place(task='cmnist_to7', board='mine')
    >>> place_of("leaderboard/cmnist_to7/mine.CSV"), place_of("leaderboard/mine.csv")
    (None, None)
    """
    match path.split("/"):
        case [folder, task, name] if folder == FOLDER and _TASK_NAME.fullmatch(task):
            if name == FILE_NAME:
                return Place(task, "")
            board = name.removesuffix(".csv")
            if name.endswith(".csv") and BOARD_NAME.fullmatch(board):
                return Place(task, board)
    return None
