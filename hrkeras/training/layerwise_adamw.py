"""Learning rates by layer: lower ones, and 0 to freeze a layer."""

from collections.abc import Mapping

import keras

from hrkeras.utils.errors import InputError


@keras.saving.register_keras_serializable("hrkeras")
class LayerwiseAdamW(keras.optimizers.AdamW):
    """AdamW whose step is scaled for each layer; Adam undoes a scale of the gradient, so it is the step that is scaled.

    A layer whose scale is 0 stays as it is, to the bit, if weights are not drawn towards 0. It is not marked as frozen: Keras
    does not keep that mark for the layers inside a layer when a model is saved and loaded.

    Args:
        learning_rate: of layers whose scale is 1.
        rates: scales by the beginnings of layers' names, see `rate`.
        **kwargs: as AdamW takes them.
    """

    def __init__(self, learning_rate=1e-3, rates: Mapping[str, float] | None = None, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.rates = dict(rates or {})

    def build(self, variables):
        super().build(variables)
        self._scales = [rate(variable.path, self.rates) for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate * self._scales[self._get_variable_index(variable)])

    def get_config(self):
        return {**super().get_config(), "rates": self.rates}


def rate(name: str, rates: Mapping[str, float]) -> float:
    """The scale for a layer: that of the longest beginning of its name; 1 where none fits.

    Args:
        name: of the layer, or the path of a variable, which begins with it.
        rates: scales by beginnings; "" is the beginning of every name.
    """
    fitting = [beginning for beginning in rates if name.startswith(beginning)]
    return rates[max(fitting, key=len)] if fitting else 1.0


def check(model: keras.Model, rates: Mapping[str, float]) -> None:
    """Checks that scales fit the layers of a model.

    Raises:
        InputError: if a beginning fits no layer that can learn, or if nothing would learn.
    """
    learning = [layer.name for layer in model.layers if layer.trainable_weights]
    names = ", ".join(learning)
    for beginning in rates:
        if not any(name.startswith(beginning) for name in learning):
            raise InputError(f"No layer's name begins with {beginning!r}; the layers that can learn are {names}.")
    if not any(rate(name, rates) for name in learning):
        raise InputError(f"All layers are frozen, so nothing can be learnt; give one a rate above 0: {names}.")
