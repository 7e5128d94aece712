"""Errors that tell a person what is wrong and how to go on."""


class InputError(Exception):
    """Input that a person gave cannot be used; the message says where, why and how to go on."""


class InvalidWorkoutError(ValueError):
    """One workout cannot be used; the message is the reason, short enough to count by."""
