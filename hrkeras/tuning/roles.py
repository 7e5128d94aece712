"""What part a process plays in a search, as KerasTuner's environment variables say."""

import os

ID, HOST, PORT = VARIABLES = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")


def is_worker() -> bool:
    """Whether this process gets its trials from a chief elsewhere."""
    return HOST in os.environ and not is_chief()


def is_chief() -> bool:
    """Whether this process gives trials to workers, and trains none."""
    return HOST in os.environ and "chief" in os.environ[ID]
