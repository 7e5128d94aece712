"""Errors that tell a person what is wrong and how to go on."""


class InputError(Exception):
    """Input that a person gave cannot be used; the message says where, why and how to go on.

    Example:
        >>> import hrkeras
        >>> try:
        ...     hrkeras.read("nowhere.gpx")
        ... except hrkeras.InputError as error:
        ...     print(error)
        nowhere.gpx: no such file or folder; check the path.
    """


class InvalidWorkoutError(ValueError):
    """One workout cannot be used; the message is the reason, short enough to count by."""
