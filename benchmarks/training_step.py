"""How long a training step takes beside a plain PyTorch model of the same size, on each backend.

python benchmarks/training_step.py

A step is forward, backward and an update by AdamW, for a batch of 16 runs of 500 steps, as `fit` takes it: what `train_on_batch`
does besides, such as copying JAX's arrays into the model's variables, is done once an epoch there. Each backend has a process of
its own, in which the whole model, and then its recurrent layers alone, take turns with the peer. On one thread the time is that
of the processor, which other work on the machine disturbs less.
"""

import argparse
import inspect
import json
import os
import statistics
import subprocess
import sys
import time
from itertools import chain

from hrkeras.utils.presets import PRESETS

BATCH, STEPS = 16, 500
WARM_UP, REPEATS = 2, 7
CHANNELS = 24  # that the layers alone and the peer are given
BACKENDS = ("jax", "tensorflow", "torch")


def recurrent_peer(kind: str):
    """A function that makes the peer of a recurrent model from the same arguments."""

    def make(channels, *, units, num_layers, bidirectional=False, **_):
        import torch

        class Peer(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.projection = torch.nn.Linear(channels, units)
                cell = getattr(torch.nn, kind)
                self.layers = cell(units, units, num_layers, batch_first=True, bidirectional=bidirectional)
                self.out = torch.nn.Linear(units * (1 + bidirectional), 1)

            def forward(self, sequence):
                return self.out(self.layers(self.projection(sequence))[0])[..., 0]

        return Peer()

    return make


def transformer_peer(channels, *, units, num_layers, num_heads, patch=1, window=None, **_):
    """Likewise of a transformer: PyTorch's encoder over patches of steps, each of which sees all, or so many before it."""
    import torch

    class Peer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.projection = torch.nn.Linear(patch * channels, units)
            sizes = {"nhead": num_heads, "dim_feedforward": 2 * units, "dropout": 0.0, "activation": "gelu"}
            layer = torch.nn.TransformerEncoderLayer(units, **sizes, batch_first=True, norm_first=True)
            self.layers = torch.nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
            self.out = torch.nn.Linear(units, patch)
            lag = torch.arange(STEPS)[:, None] - torch.arange(STEPS)[None, :]
            self.hidden = (lag < 0) | (lag >= window) if window else None

        def forward(self, sequence):
            tokens = self.projection(sequence.reshape(len(sequence), -1, patch * sequence.shape[-1]))
            return self.out(self.layers(tokens, mask=self.hidden)).reshape(len(sequence), -1)

    return Peer()


PEERS = {  # by the function of `hrkeras.models`; one without is timed alone
    "gru": recurrent_peer("GRU"),
    "lstm": recurrent_peer("LSTM"),
    "attention": transformer_peer,
    "patchtst": transformer_peer,
}


def sizes(name: str) -> dict:
    """All arguments that make a preset."""
    from hrkeras import models

    return {key: each.default for key, each in inspect.signature(models.preset(name)).parameters.items()}


def peer_step(name: str):
    """A training step of the peer."""
    import torch

    model = PEERS[PRESETS[name][0]](CHANNELS, **sizes(name))
    sequence, target = torch.randn(BATCH, STEPS, CHANNELS), torch.randn(BATCH, STEPS)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)

    def step():
        optimizer.zero_grad()
        torch.nn.functional.huber_loss(model(sequence), target).backward()
        optimizer.step()

    return step


def whole(name: str):
    """The whole model, with all that is around its layers but the correction by known heart rate; a batch and its target."""
    import keras
    import numpy as np

    from hrkeras import models
    from hrkeras.models import losses, saving
    from hrkeras.models.frame import UNCONDITIONED

    model = models.preset(name)()
    model = keras.Model(model.input, model.get_layer(UNCONDITIONED).output)
    model.compile(keras.optimizers.AdamW(1e-3), loss=losses.MaskedHuber())
    random = np.random.default_rng(0)
    shapes = {name: [n or (BATCH, STEPS)[i] for i, n in enumerate(shape)] for name, shape in saving.INPUTS.items()}
    inputs = {name: random.uniform(1, 3, shape).astype("float32") for name, shape in shapes.items()}
    inputs["time"] = np.tile(10 * np.arange(STEPS, dtype="float32"), (BATCH, 1))
    inputs["valid"] = np.ones((BATCH, STEPS), "float32")
    target = random.uniform(100, 180, (BATCH, STEPS)).astype("float32")
    return model, inputs, target


def layers_alone(name: str):
    """Likewise the recurrent layers, or attention and feed-forward, alone."""
    import keras
    import numpy as np

    sequence = keras.Input((STEPS, CHANNELS))
    model = keras.Model(sequence, _layers(name, sequence))
    model.compile(keras.optimizers.AdamW(1e-3), loss=keras.losses.Huber())
    random = np.random.default_rng(0)
    inputs, target = (random.normal(size=(BATCH, STEPS, n)).astype("float32") for n in (CHANNELS, 1))
    return model, inputs, target


def _layers(name: str, sequence):
    """What the layers of a model make of a sequence, as one number a step."""
    import keras

    from hrkeras import layers
    from hrkeras.models.frame import recurrent
    from hrkeras.models.transformer import encoded, projected

    function, size = PRESETS[name][0], sizes(name)
    if function in ("gru", "lstm"):
        options = {key: size[key] for key in ("units", "num_layers", "bidirectional", "dropout")}
        body = recurrent({"gru": layers.GRU, "lstm": layers.LSTM}[function], **options)
        return keras.layers.Dense(1)(body(sequence, {"valid": keras.ops.ones_like(sequence[:, :, 0])}, None))
    patch = size.get("patch", 1)
    tokens = projected(keras.layers.Reshape((STEPS // patch, patch * CHANNELS))(sequence), None, size["units"])
    window = size.get("window", STEPS // patch)  # patches see all
    options = {key: size[key] for key in ("num_layers", "num_heads", "dropout")}
    tokens = encoded(tokens, **options, window=window, causal="window" in size)
    return keras.layers.Reshape((STEPS, 1))(keras.layers.Dense(patch)(tokens))


def measure(name: str, threads: int) -> dict:
    """Medians in ms: of the whole model, of its layers alone, of the peer."""
    import torch

    torch.set_num_threads(threads)
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    peer = peer_step(name) if PRESETS[name][0] in PEERS else None
    clock = time.process_time if threads == 1 else time.perf_counter
    times: dict[str, list[float]] = {"model": [], "layers": [], "peer": []}
    fit(*whole(name), clock, times["model"], peer, times["peer"])
    if peer:
        fit(*layers_alone(name), clock, times["layers"], peer, times["peer"])
    return {what: 1e3 * statistics.median(each) for what, each in times.items() if each}


def fit(model, inputs, target, clock, times: list[float], peer, of_peer: list[float]) -> None:
    """Trains a model on one batch again and again, and the peer after each step; adds the seconds of both, without the first."""
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return WARM_UP + REPEATS

        def __getitem__(self, index):
            return inputs, target

    class Turns(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.begin = clock()

        def on_train_batch_end(self, batch, logs=None):
            float((logs or {})["loss"])  # waits until it is there
            ended = clock()
            if peer:
                peer()
            if batch >= WARM_UP:
                times.append(ended - self.begin)
                of_peer.extend([clock() - ended] if peer else [])

    model.fit(Batches(), verbose=0, shuffle=False, callbacks=[Turns()])


def timed(name: str, backend: str, threads: int = 1) -> dict:
    """What `measure` finds on a backend, in a process of its own."""
    environment = os.environ | {"KERAS_BACKEND": backend, "OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    command = [sys.executable, __file__, "--threads", str(threads), "--child", name]
    child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(child.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(PRESETS), help="names of presets; all if none is given")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments.child, arguments.threads)))
        return
    print("| model | backend | plain PyTorch, ms | layers alone, ms | ratio | whole model, ms | ratio |", flush=True)
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in arguments.models:
        for backend in BACKENDS:
            times = timed(name, backend, arguments.threads)
            cells = [*[""] * 3, f"{times['model']:.0f}", ""]
            if peer := times.get("peer"):
                ours = ([f"{times[each]:.0f}", f"{times[each] / peer:.2f}"] for each in ("layers", "model"))
                cells = [f"{peer:.0f}", *chain.from_iterable(ours)]
            print(f"| {' | '.join([f'`{name}`', backend, *cells])} |", flush=True)


if __name__ == "__main__":
    main()
