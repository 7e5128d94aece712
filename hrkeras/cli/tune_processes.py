"""The processes of `hrkeras tune --workers`: KerasTuner's chief and workers, each the same command."""

import socket
import subprocess
import time
from collections.abc import Callable

from hrkeras.tuning import roles
from hrkeras.utils import children
from hrkeras.utils.errors import InputError

CHIEF, LOOPBACK = "chief", "127.0.0.1"
RESTARTS = 3  # of a process that is killed, so that one that is killed at once is not started for ever


def run(arguments: list[str], workers: int, say: Callable[[str], object]) -> None:
    """Starts a chief and its workers and waits until they find no more to do.

    One that is killed is started again and goes on; without one that ended with an error, which it has told, the others do.

    Args:
        arguments: of `hrkeras`.
        workers: how many.
        say: told in a sentence of each process that ended too early.

    Raises:
        InputError: if the chief or all workers have ended so; the others are ended then.
    """
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    environment = children.environment() | {roles.HOST: LOOPBACK, roles.PORT: str(port)}
    running: dict[str, subprocess.Popen] = {}

    def start(name: str) -> None:
        running[name] = subprocess.Popen(
            children.command("hrkeras.cli.tune_worker", *arguments),
            env=environment | {roles.ID: name},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which ends them
        )

    restarts = dict.fromkeys([CHIEF, *(f"worker-{number}" for number in range(1, workers + 1))], RESTARTS)
    try:
        for name in restarts:
            start(name)
        while all(process.poll() != 0 for process in running.values()):
            for name, process in list(running.items()):
                if process.returncode is None:
                    continue
                process.communicate()
                if process.returncode < 0 and restarts[name]:
                    restarts[name] -= 1
                    say(f"The process {name} was killed by signal {-process.returncode}; it is started again.")
                    start(name)
                    continue
                del running[name]
                ended = f"The process {name} of the search ended with code {process.returncode}"
                if name == CHIEF or running.keys() == {CHIEF}:
                    raise InputError(
                        f"{ended}; if it said why, it stands above. The same command goes on from the last finished epochs."
                    )
                say(f"{ended}; the others go on.")
            time.sleep(0.2)
    finally:
        for process in running.values():
            process.kill()  # nothing is lost: the chief has kept all that has ended
            process.communicate()
