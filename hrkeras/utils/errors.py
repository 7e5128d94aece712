"""Errors that say what is wrong and how to go on."""


class InputError(Exception):
    """Input that a person gave cannot be used; the message says where, why and how to go on.

    Args:
        message: one sentence or several.
        argument: name of the argument that the advice at the end of the message is about, if any. The command line adds
            the name of its option, which the message does not mention.

    Example:
        >>> import hrkeras
        >>> try:
        ...     hrkeras.read("nowhere.gpx")
        ... except hrkeras.InputError as error:
        ...     print(error)
        nowhere.gpx: no such file or folder; check the path.
    """

    def __init__(self, message: str, argument: str | None = None):
        super().__init__(message)
        self.argument = argument


class InvalidWorkoutError(ValueError):
    """One workout cannot be used; the message is the reason, short enough to count by."""
