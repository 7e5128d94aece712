"""The processes of `hrkeras tune --workers`: KerasTuner's chief and workers, each the same command."""

import socket
import subprocess
import time

from hrkeras.tuning import roles
from hrkeras.utils import children
from hrkeras.utils.errors import InputError

LOOPBACK = "127.0.0.1"


def run(arguments: list[str], workers: int) -> None:
    """Starts a chief and its workers and waits until the workers find no more to do.

    Args:
        arguments: of `hrkeras`.
        workers: how many.

    Raises:
        InputError: if one of them fails; the others are ended then.
    """
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    environment = children.environment() | {roles.HOST: LOOPBACK, roles.PORT: str(port)}
    running: dict[str, subprocess.Popen] = {}
    try:
        for name in ("chief", *(f"worker-{number}" for number in range(1, workers + 1))):
            running[name] = subprocess.Popen(
                children.command("hrkeras.cli.tune_worker", *arguments),
                env=environment | {roles.ID: name},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C reaches this process alone, which ends them
            )
        while any(process.poll() is None for name, process in running.items() if name != "chief"):
            _check(running)
            time.sleep(0.2)
        _check(running)
    finally:
        for process in running.values():
            process.kill()  # nothing is lost: the chief has kept all that has ended
            process.communicate()


def _check(running: dict[str, subprocess.Popen]) -> None:
    for name, process in running.items():
        if process.returncode:
            raise InputError(
                f"The process {name} of the search ended with code {process.returncode}; if it said why, it stands above. The "
                "same command goes on from the last finished epochs."
            )
