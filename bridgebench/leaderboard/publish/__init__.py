"""The folder of published boards, and what a branch may change in it."""
