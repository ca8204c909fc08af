"""`python -m bridgebench` is the command `bridgebench`."""

from bridgebench.cli import main

main(prog_name="bridgebench")
