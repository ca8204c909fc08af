"""Isolation: a plugin may not harm its siblings, the process or what the core keeps."""
