"""The trained score models."""
