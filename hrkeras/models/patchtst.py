"""PatchTST, a transformer over patches of steps."""

import keras
from keras import layers

from hrkeras.datasets.windows import WINDOW
from hrkeras.layers import Patches, Steps
from hrkeras.models.frame import Statistics, model
from hrkeras.models.transformer import encoded, projected


def patchtst(
    *,
    units: int = 64,
    num_layers: int = 3,
    num_heads: int = 4,
    patch: int = 10,
    dropout: float = 0.0,
    history: bool = True,
    course: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """A transformer whose tokens are patches of steps; each patch sees the patches before and after it.

    Nie et al., "A Time Series is Worth 64 Words", ICLR 2023. Unlike there, the channels of a patch make one token, since one
    of them is to be predicted from the others; a patch is turned back into its steps; a learnt bias for each distance, as far
    as a window of training reaches, stands for positions, so that it serves longer runs; layers are normalised before, by
    step, so that padding does not count. There is no RevIN (Kim et al., ICLR 2022): it takes out of a run the level of
    speed, which is what heart rate follows. The other arguments and the result are those of `gru`, but that each step
    sees later ones, so such a model needs the whole run and cannot be used live.

    Args:
        units: width of each layer.
        num_layers: how many.
        num_heads: of the attention, which `units` are divided among.
        patch: steps of a patch.
        dropout: share of what each layer adds that is dropped in training.
    """

    def body(sequence, given, context):
        patches, any_valid = Patches(patch, name="patches")(sequence, given["valid"])
        tokens = encoded(
            projected(patches, context, units),
            num_layers=num_layers,
            num_heads=num_heads,
            window=max(1, WINDOW // patch),
            dropout=dropout,
            causal=False,
            valid=any_valid,
        )
        tokens = layers.Dense(patch * max(1, units // 4), name="of_steps")(tokens)
        return Steps(patch, name="steps")(tokens, sequence)

    return model(body, name="patchtst", history=history, course=course, statistics=statistics)
