"""Tasks: the schema of a task file, the tasks that ship, and finding one by name or path."""
