"""What the commands share: options, how a backend is chosen, progress bars."""

import atexit
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from hrkeras.cli import defaults, terminal
from hrkeras.datasets.builders import DATASETS
from hrkeras.evaluation.protocols import ProtocolName
from hrkeras.utils import packaged

AT_END = ExitStack()  # of a command
BACKENDS = ("tensorflow", "jax", "torch")
Backend = Annotated[
    Literal["tensorflow", "jax", "torch"] | None,
    typer.Option(help="Backend of Keras. Default: the variable KERAS_BACKEND, else tensorflow."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(file_okay=False, help="Folder of datasets. Default: the variable TFDS_DATA_DIR, else ~/tensorflow_datasets."),
]
NAMES = f"{', '.join(DATASETS[:-1])} or {DATASETS[-1]}, with /by_user for a split by person"
BuiltData = Annotated[str | None, typer.Option(help=f"Dataset: {NAMES}. Default: the one that is built.", show_default=False)]
Data = Annotated[str | None, typer.Option(help=f"Dataset: {NAMES}. Default: the one of the model.", show_default=False)]
TRAINING, ARCHITECTURE = "Training", "Architecture"  # panels of options
NO_MODEL = "none"
MAX_SEED = 2**32 - 1  # of NumPy
Seed = Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Random seed.")]
TrainingSeed = Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Random seed.", rich_help_panel=TRAINING)]
Protocol = Annotated[
    ProtocolName,
    typer.Option(
        help="What is known of a run: of profile its speed and altitude; live, their past; forecast, also heart rate up to now; "
        "past_only, the past of all three; imputation, all but gaps; by_user, as profile, of people not trained on; later, as "
        "profile, after the last day trained on. See docs/reference/protocols.md."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Augment = Annotated[
    float,
    typer.Option(
        "--augment",
        min=0.0,
        max=10.0,
        help="Strength of data augmentation, 1 being usual; see docs/how-to/finetuning.md.",
        rich_help_panel=TRAINING,
    ),
]
Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit", metavar="NAME=VALUE", help="Change a limit of the quality filters (docs/reference/filters.md). Repeatable."
    ),
]


Model = Annotated[
    Path | None,
    typer.Option(
        metavar="MODEL",
        help="A .keras model, its .onnx export, base (of many people, comes with hrkeras), or none: what the "
        "person's own runs tell, alone. Default: base.",
        show_default=False,
    ),
]
AthleteFile = Annotated[
    Path | None, typer.Option(dir_okay=False, help="The person's file, written by `hrkeras update` from their earlier runs.")
]
RunsOfOne = Annotated[
    Path,
    typer.Argument(
        exists=True, help="One person's runs: an Apple Health export, or a folder or zip of tracks.", show_default=False
    ),
]
Person = Annotated[str | None, typer.Option(help="Name of the person, where there are runs of several.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Read and compute everything anew and keep nothing; see `hrkeras cache`.")
]
Pace = Annotated[
    str | None, typer.Option("--pace", metavar="M:SS", help="Pace per kilometre, such as 5:30. Default: the person's usual one.")
]


def start(backend: str | None = None) -> None:
    """Chooses Keras' backend and quiets it; to be called before anything imports Keras."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    chosen = backend or os.environ.get("KERAS_BACKEND") or "tensorflow"
    if chosen not in BACKENDS:
        raise typer.BadParameter(f"KERAS_BACKEND is {chosen}; expected one of {', '.join(BACKENDS)}.", param_hint="--backend")
    if importlib.util.find_spec(chosen) is None:
        raise typer.BadParameter(
            f"The backend {chosen} is not installed; install it with `pip install 'hrkeras[{chosen}]'` or choose another.",
            param_hint="--backend",
        )
    os.environ["KERAS_BACKEND"] = chosen
    _use_private_temp()
    from hrkeras.utils import keras_settings

    with _quiet_stderr(), keras_settings.starting():
        import tensorflow as tf  # TFDS and TensorBoard need it on every backend

        tf.constant(0)
    tf.get_logger().setLevel("ERROR")  # it counts how often models are compiled, of which a command may have several
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)
    keras_settings.apply()


def _use_private_temp() -> None:
    """Until the end of the command TensorFlow, TFDS and Keras, which leave temporary files, make them where they are removed."""
    from hrkeras.utils import files

    if not Path(tempfile.gettempdir()).name.startswith(files.PREFIX):
        with suppress(OSError):
            AT_END.enter_context(files.private_temp())
            atexit.register(AT_END.close)  # a script, unlike the command, does not close it


def load_model(model: Path | None, backend: str | None):
    """The model that `--model` names, the base if it is not given, as a `Predictor`; None for "none".

    Keras is imported for a .keras file only.
    """
    if str(model) == NO_MODEL:
        return None
    from hrkeras.evaluation import exported, predictor

    if model is None or str(model) == packaged.BASE:
        return exported.base()
    if model.suffix == exported.SUFFIX:
        return exported.load(model)
    defaults.check_model(model)
    start(backend)
    from hrkeras.models import saving

    return predictor.KerasPredictor(saving.load(model), model)


def load_model_and_state(model: Path | None, athlete: Path | None, backend: str | None) -> tuple:
    """The model that `--model` names and the person's state, a new one without a file; see `load_model`.

    The model is None if it was not asked for and the file starts from another population than the base.
    """
    loaded = load_model(model, backend)
    from hrkeras.personal import prediction

    state = prediction.opened(athlete, loaded if model else None)
    if not model and state.population != loaded.population:
        terminal.note(
            f"{athlete} starts from another population than the base model, so that is not used; to use it, make the file anew "
            "from all runs: hrkeras update NEW.json RUNS"
        )
        return None, state
    return loaded, state


def check_one_known(athlete: Path | None, history: list[Path] | None) -> None:
    """Refuses a person's file and a history at once."""
    if athlete and history:
        raise typer.BadParameter("--athlete and --history both say what is known; give one of them", param_hint="--athlete")


def fitting(data: str, protocol: str) -> str:
    """The dataset split as the protocol asks."""
    kind, _, config = data.partition("/")
    if protocol == "by_user" and not config.startswith("without_"):
        if config not in ("", "by_user"):
            raise typer.BadParameter(f"by_user needs {kind}/by_user or {kind}/without_PERSON, found {data}", param_hint="--data")
        return f"{kind}/by_user"
    if protocol == "later" and not config.startswith("until_"):
        raise typer.BadParameter(
            f"later needs the last day of training, such as {kind}/until_2023-01-01, found {data}; train with the same name",
            param_hint="--data",
        )
    return data


@contextmanager
def _quiet_stderr():
    """Drops what native libraries write to stderr while they start; shows it if they fail."""
    sys.stderr.flush()
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def progress(total: int | None, what: str, unit: str):
    """A progress bar on stderr, not drawn where stderr is no terminal; `unit` "B" counts bytes."""
    from tqdm import tqdm

    return tqdm(
        total=total,
        desc=terminal.plain(what),
        unit=unit,
        unit_scale=unit == "B",
        disable=None,
        leave=False,
        dynamic_ncols=True,
        file=sys.stderr,
    )


def reading(sources: Iterable[Path], what: str = "Reading"):
    """A progress bar over the bytes of some sources."""
    from hrkeras.workouts.readers import detect

    return progress(sum(detect.reader(path).size(path) for path in sources), what, "B")


def reader(no_cache: bool):
    """Reads sources as `detect.read` does, on all cores and, unless not wanted, with the cache, which the command then uses."""
    from functools import partial

    from hrkeras.personal import kept as computed
    from hrkeras.utils import processes
    from hrkeras.workouts.readers import cache, detect

    kept, trouble = (None, "") if no_cache else cache.opened()
    if trouble:
        terminal.note(f"Nothing is kept of what is read, since {trouble}; HRKERAS_CACHE_DIR names another folder.")
    AT_END.enter_context(computed.using(kept))
    return partial(detect.read, processes=processes.cores(), cache=kept)


def read_timeline(source: Path, no_cache: bool, person: str | None = None, at: str | None = None, model=None, known=None):
    """A `timeline.Timeline` of the runs of a source; `at` is a pace, `known` the person's state."""
    from hrkeras.personal import pace, timeline
    from hrkeras.workouts.readers.source import ReadLog

    speed = pace.parse(at) if at else None
    with reading([source], f"Reading {source.name}") as bar:
        log = ReadLog(bar.update)
        workouts = list(reader(no_cache)(source, log))
    with progress(None, "Following the runs", "run") as bar:
        return timeline.write(workouts, person, speed, model, bar.update, log, known)


def warn(sentences) -> None:
    """Prints plausibility warnings on stderr."""
    for sentence in sentences:
        typer.secho(f"Warning: {terminal.plain(sentence)}", err=True, fg="yellow")


def epoch_bar(epochs: int, what: str = ""):
    """A Keras callback that draws a bar an epoch, of which there are at most so many; `what` begins it."""
    import keras

    class Bar(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.bar = progress(self.params["steps"], f"{what}epoch {epoch + 1} of at most {epochs}", "batch")

        def on_train_batch_end(self, batch, logs=None):
            self.bar.set_postfix(mae=f"{float((logs or {})['unaided_mae']):.2f}", refresh=False)
            self.bar.update()

        def on_epoch_end(self, epoch, logs=None):
            self.bar.close()

    return Bar()


def epoch_line(say: Callable[[str], None], what: str = ""):
    """A Keras callback that prints the errors of an epoch in a line; `what` begins it."""
    import keras

    def line(epoch, logs):
        errors = f"training MAE {logs['unaided_mae']:.2f}, validation MAE {logs['val_unaided_mae']:.2f}"
        say(f"{what}epoch {epoch + 1}: {errors} beats/min")

    return keras.callbacks.LambdaCallback(on_epoch_end=line)


def json_line(value) -> str:
    """JSON for programs; a number that is not finite becomes null."""
    import json
    import math

    def plain(item):
        if isinstance(item, dict):
            return {key: plain(element) for key, element in item.items()}
        if isinstance(item, list | tuple):
            return [plain(element) for element in item]
        return None if isinstance(item, float) and not math.isfinite(item) else item

    return json.dumps(plain(value), indent=2, ensure_ascii=False)
