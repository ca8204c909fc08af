"""Boards and comparisons as text, tables and plots."""
