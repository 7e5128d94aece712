"""The state of one athlete, its file, and what is derived from it."""
