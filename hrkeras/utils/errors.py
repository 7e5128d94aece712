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


def expect(value: object, kinds: type | tuple[type, ...], argument: str) -> None:
    """Raises a `TypeError` that says what an argument is expected to be, unless it is of one of these types."""
    if not isinstance(value, kinds):
        names = " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
        raise TypeError(f"{argument}: expected {names}, found {type(value).__name__}")


class InvalidWorkoutError(ValueError):
    """One workout cannot be used; the message is the reason, short enough to count by."""
