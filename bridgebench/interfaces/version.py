"""The version of the interfaces in this package."""

API_VERSION = 1
"""A plugin module says for which version it was written: `api = 1`."""
