"""A run while it goes on: how today differs from what was expected, and whether a limit will be crossed."""
