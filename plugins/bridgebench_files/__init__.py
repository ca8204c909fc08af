"""Images that people have as files: their own data, and what a model of theirs made."""
