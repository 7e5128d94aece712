"""Heart rate of a run from its speed and altitude, with Keras 3.

What is in `__all__` is the public interface; `Workout` says which units and shapes all of it has. Names are imported when they
are first used, so that `import hrkeras` takes no time and chooses no backend: set `KERAS_BACKEND` before training or loading.

    import hrkeras

    runs = hrkeras.Runs.from_workouts(hrkeras.read("export.zip"))
    model, history = hrkeras.train(hrkeras.models.lstm(units=64), runs)
    print(hrkeras.evaluate(model, runs))
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hrkeras import models as models
    from hrkeras.datasets.runs import Runs as Runs
    from hrkeras.evaluation.evaluate import evaluate as evaluate
    from hrkeras.evaluation.evaluation import Evaluation as Evaluation
    from hrkeras.models.load import load as load
    from hrkeras.personal.athlete import Athlete as Athlete
    from hrkeras.personal.athlete import predict as predict
    from hrkeras.personal.prediction import Prediction as Prediction
    from hrkeras.personal.repair.repair import Repair as Repair
    from hrkeras.personal.repair.repair import repair as repair
    from hrkeras.training.publishing import save_to_hub as save_to_hub
    from hrkeras.training.train import History as History
    from hrkeras.training.train import train as train
    from hrkeras.utils.errors import InputError as InputError
    from hrkeras.workouts.quality import Limits as Limits
    from hrkeras.workouts.readers.read import Workouts as Workouts
    from hrkeras.workouts.readers.read import read as read
    from hrkeras.workouts.workout import Workout as Workout

_MODULES = {  # where each public name is
    "Athlete": "personal.athlete",
    "Evaluation": "evaluation.evaluation",
    "History": "training.train",
    "InputError": "utils.errors",
    "Limits": "workouts.quality",
    "Prediction": "personal.prediction",
    "Repair": "personal.repair.repair",
    "Runs": "datasets.runs",
    "Workout": "workouts.workout",
    "Workouts": "workouts.readers.read",
    "evaluate": "evaluation.evaluate",
    "load": "models.load",
    "predict": "personal.athlete",
    "read": "workouts.readers.read",
    "repair": "personal.repair.repair",
    "save_to_hub": "training.publishing",
    "train": "training.train",
}
__all__ = [*_MODULES, "models"]

if not TYPE_CHECKING:  # which would believe that any name is there

    def __getattr__(name):
        if name == "models":
            return import_module("hrkeras.models")
        if name not in _MODULES:
            raise AttributeError(f"module 'hrkeras' has no attribute {name!r}")
        return getattr(import_module(f"hrkeras.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
