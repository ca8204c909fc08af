"""SDEdit as a method of bridgebench."""
