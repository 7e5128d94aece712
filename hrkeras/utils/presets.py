"""Names and sizes of the models, apart from `models`, which needs Keras, so that the command line can list them quickly."""

from typing import TYPE_CHECKING, Any, Literal

PRESETS: dict[str, tuple[str, dict[str, Any]]] = {  # name: function of `hrkeras.models` and its arguments
    "gru": ("gru", {}),
    "gru_large": ("gru", {"units": 128, "num_layers": 4}),
    "lstm": ("lstm", {}),
    "lstm_large": ("lstm", {"units": 256, "num_layers": 5}),
    "lstm_bidirectional": ("lstm", {"units": 128, "num_layers": 4, "bidirectional": True}),
    "lstm_embedding": ("lstm", {"person_units": 16}),
    "attention": ("attention", {}),
    "patchtst": ("patchtst", {}),
    "patchtst_large": ("patchtst", {"units": 256, "num_layers": 6}),
    "lag_llama": ("lag_llama", {}),
    "multitask": ("multitask", {}),
}
LEARNING_RATE = 3e-3  # peak
BASE = {"units": 64, "num_layers": 2, "dropout": 0.15}  # the LSTM that comes with the package, see `recipes/base.py`
BASE_EPOCHS = 16
Precision = Literal["float32", "mixed_bfloat16"]  # of a training, as Keras names them; float16 would need a scaled loss
# deep recurrent models diverge at first with that rate
LOWER = dict.fromkeys(("gru_large", "lstm_large", "lstm_bidirectional"), 1e-3)


def learning_rate(name: str) -> float:
    """The peak learning rate of a preset."""
    return LOWER.get(name, LEARNING_RATE)


if TYPE_CHECKING:
    Preset = str
    Architecture = str
else:
    Preset = Literal[*PRESETS]  # from which the command line makes its choices
    Architecture = Literal[*{function: None for function, _ in PRESETS.values()}]
