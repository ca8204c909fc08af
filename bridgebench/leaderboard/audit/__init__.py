"""Whether a board can be trusted: checks of a file, and rows computed again."""
