"""One process of `hrkeras tune --workers`, which ends when the process that started it does."""

import os
import sys
import threading


def end_with_starter() -> None:
    """Waits until the other end of the standard input is closed, and ends this process then."""
    os.read(sys.stdin.fileno(), 1)  # sys.stdin.read would hold a lock that the end wants
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_starter, daemon=True).start()
    from hrkeras.cli.main import app

    app(prog_name="hrkeras")
