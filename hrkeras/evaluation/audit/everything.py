"""A whole audit: every check of a dataset, and of a model under a protocol."""

from collections.abc import Iterator
from itertools import chain

import keras

from hrkeras.datasets.runs import Runs
from hrkeras.evaluation.audit import data as audit_data
from hrkeras.evaluation.audit import model as audit_model
from hrkeras.evaluation.audit.check import Check
from hrkeras.models import saving


def checks(
    runs: Runs, data: str, model: keras.Model | None = None, protocol: str | None = None, split: str = "test"
) -> Iterator[Check]:
    """Checks for whatever makes a score too good.

    Args:
        runs: all splits.
        data: name of the dataset.
        model: checked as well, if given.
        protocol: under which the model is checked; all if not given.
        split: of the runs that the model is checked with.
    """
    of_model: Iterator[Check] = iter(())
    if model:
        of_model = audit_model.checks(model, runs, data, protocol, population=saving.population(model), split=split)
    return chain(of_model, audit_data.checks(runs, data))
