"""Finding plugins: hooks, the registry of what they bring, and plugin specs."""
