"""Chief and workers of a search in several processes, by KerasTuner's messages over gRPC."""

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import grpc
from keras_tuner.engine.trial import Trial
from keras_tuner.src import protos
from keras_tuner.src.distribute import oracle_chief, oracle_client

from hrkeras.tuning import roles
from hrkeras.utils.errors import InputError

WAIT = 300.0  # s that a worker waits for its chief
BEAT = 10.0  # s between two signs of life of a worker
REASON = "reason-bin"  # under which a worker sends why a trial failed; KerasTuner's message has no place for it
# a chief that was started again is found soon, and asked again what it could not answer
CLIENT = {
    "grpc.max_reconnect_backoff_ms": 5000,
    "grpc.service_config": json.dumps(
        {
            "methodConfig": [
                {
                    "name": [{}],
                    "retryPolicy": {
                        "maxAttempts": 5,
                        "initialBackoff": "1s",
                        "maxBackoff": "5s",
                        "backoffMultiplier": 2,
                        "retryableStatusCodes": ["UNAVAILABLE"],
                    },
                }
            ]
        }
    ),
}
SERVER = {"grpc.so_reuseport": 0}  # else two chiefs could share a port


def address() -> str:
    """Where the chief is, as KerasTuner's environment variables say."""
    return f"{os.environ[roles.HOST]}:{os.environ[roles.PORT]}"


class Client(oracle_client.OracleClient):
    """The oracle of a worker, which asks the chief's."""

    def __init__(self, oracle):
        super().__init__(oracle)
        oracle_client.TIMEOUT = WAIT
        self.stub = protos.get_service_grpc().OracleStub(grpc.insecure_channel(address(), list(CLIENT.items())))

    def end_trial(self, trial):
        self.stub.EndTrial(
            protos.get_service().EndTrialRequest(trial=trial.to_proto()),
            metadata=[(REASON, (trial.message or "").encode())],
            wait_for_ready=True,
            timeout=WAIT,
        )

    @contextmanager
    def alive(self, trial_id: str) -> Iterator[None]:
        """Context in which the chief is shown that this process is alive and at work on a trial."""
        over = threading.Event()

        def beat():
            while not over.wait(BEAT):
                with suppress(grpc.RpcError):
                    self.get_trial(trial_id)

        threading.Thread(target=beat, daemon=True).start()
        try:
            yield
        finally:
            over.set()


class _Servicer(oracle_chief.OracleServicer):
    def EndTrial(self, request, context):  # noqa: N802 (KerasTuner's name)
        trial = Trial.from_proto(request.trial)
        trial.message = dict(context.invocation_metadata()).get(REASON, b"").decode()
        self.oracle.end_trial(trial)
        return protos.get_service().EndTrialResponse()


def serve(oracle) -> grpc.Server:
    """Serves an oracle to workers until there is nothing left to try and all that are alive know.

    Returns:
        The server, which still tells workers that come late, as long as it is kept.

    Raises:
        InputError: if the address is not this machine's, or the port is in use.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=1), options=list(SERVER.items()))  # the oracle answers one at a time
    protos.get_service_grpc().add_OracleServicer_to_server(_Servicer(oracle), server)
    try:
        server.add_insecure_port(address())
    except RuntimeError:
        raise InputError(
            f"The chief cannot listen at {address()}; set {roles.HOST} to an address of this machine and {roles.PORT} to a free "
            "port."
        ) from None
    server.start()
    was_alone = True
    while not (oracle.over and oracle.is_alone()):
        if oracle.is_alone() and not was_alone:
            oracle.say("No worker is left and the search is not over; start one with the same command, and it goes on.")
        was_alone = oracle.is_alone()
        time.sleep(0.5)
    return server
