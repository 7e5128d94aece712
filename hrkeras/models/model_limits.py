"""Limit the memory of a model to what its file holds and what a run can need."""

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import keras

from hrkeras.datasets.windows import BATCH, WHOLE
from hrkeras.models.frame import INPUTS
from hrkeras.models.model_file import MAX_SIZE
from hrkeras.utils.errors import InputError

SEED = 2  # numbers of a generator's state, which may be in no file
MAX_NUMBERS = BATCH * WHOLE * MAX_SIZE  # of a tensor between layers


@contextmanager
def only_variables_of(shapes: Collection[tuple[int, ...]]) -> Iterator[None]:
    """Context in which Keras makes variables of these shapes only, and at most twice as many numbers.

    Twice, since Keras makes nested layers again.

    Raises:
        InputError: if another variable is requested.
    """
    allowed = set(shapes)
    left = 2 * sum(map(math.prod, shapes))

    def checked(self, initializer, shape=None, *args, **kwargs):
        nonlocal left
        wanted = tuple(shape or ())
        if math.prod(wanted) > SEED:
            left -= math.prod(wanted)
            if wanted not in allowed or left < 0:
                raise InputError(f"a layer needs weights of shape {wanted}, which the file does not hold.")
        super(keras.Variable, self).__init__(initializer, shape, *args, **kwargs)

    keras.Variable.__init__ = checked
    try:
        yield
    finally:
        del keras.Variable.__init__


def check_tensors(model: keras.Model) -> None:
    """Follows the shapes of the longest batch through a model, without computing anything.

    Raises:
        InputError: if a tensor between its layers would have more numbers than `MAX_NUMBERS`.
    """
    sizes = [BATCH, WHOLE]
    shapes = {name: (*sizes[: shape.count(None)], *shape[shape.count(None) :]) for name, shape in INPUTS.items()}
    _follow(model, {name: keras.KerasTensor(shapes[name], "float32") for name in model.input})


def _follow(model: keras.Model, inputs):
    """The outputs of a model, as shapes."""
    return model._run_through_graph(inputs, operation_fn=_checked)


def _checked(operation) -> Callable:
    """From the inputs of an operation to its outputs, as shapes."""

    def follow(*args, **kwargs):
        if isinstance(operation, keras.Model):
            return _follow(operation, args[0])
        outputs = operation.compute_output_spec(*args, **kwargs)
        for tensor in keras.tree.flatten(outputs):
            count = math.prod(tensor.shape)
            if count > MAX_NUMBERS:
                raise InputError(
                    f"its layer {operation.name[:50]!a} gives {count:,} numbers for {BATCH} runs of {WHOLE} steps, more than "
                    f"{MAX_NUMBERS:,}."
                )
        return outputs

    return follow
