"""The file of a board: its columns, its rows, and one schema for reading, writing and checking."""
