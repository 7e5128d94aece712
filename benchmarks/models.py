"""A row for each model: parameters, test error with and without what is known of the person, time an epoch, beside PyTorch.

    python benchmarks/models.py --data endomondo --output rows --share 0.25 --epochs 4 --backend jax

Every model is trained on the same latest part of each person's training runs, for as many epochs: once with all that is known of
the person, once on speed and altitude alone. The best epoch is chosen on validation. `ensemble` is made of all the others that
the folder holds. What is done is not done again; a killed training goes on. The ratio is that of a training step
(benchmarks/training_step.py), on one thread, to the same recurrent layers in plain PyTorch; the other models have no such peer.
"""

import json
import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import training_step
import typer

from hrkeras.cli.shared import Backend, DataDir, Seed, progress, start
from hrkeras.utils.presets import PRESETS, learning_rate

KINDS = {"": {}, "_bare": {"history": False, "course": False}}
COLUMNS = ("model", "parameters", "MAE", "95 % interval", "median run", "bare: MAE", "median run", "s an epoch", "PyTorch ratio")


def main(
    output: Annotated[Path, typer.Option(help="Folder of the models and rows; made if missing.")],
    data: str = "endomondo",
    models: Annotated[list[str] | None, typer.Option(help="Presets, or ensemble; all if not given.")] = None,
    share: Annotated[float, typer.Option(min=0.001, max=1.0, help="Of each person's training runs, the latest.")] = 1.0,
    epochs: int = 9,
    batch_size: int = 32,
    seed: Seed = 0,
    peer: Annotated[bool, typer.Option(help="Whether to time a training step beside PyTorch.")] = True,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    start(backend)
    from hrkeras.datasets.runs import load
    from hrkeras.datasets.selection import latest
    from hrkeras.training import fit

    known = {"data": data, "share": share}
    asked = known | {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    output.mkdir(parents=True, exist_ok=True)
    test: Any = None
    learnt: Any = None
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    for name in models or (*PRESETS, "ensemble"):
        path = output / f"{name}.json"
        row = json.loads(path.read_text()) if path.exists() else {"asked": asked}
        if row["asked"] != asked:
            raise typer.BadParameter(f"{path} was made with {row['asked']}; give another folder", param_hint="--output")
        for kind, options in KINDS.items():
            if kind in row:
                continue
            if test is None:
                learnt = latest(load(data, data_dir, ("train", "validation")), share)
                test = _Test(latest(load(data, data_dir), share))
            if name == "ensemble":
                model, seconds = _ensemble(output, kind, learnt), None
            else:
                settings = fit.Settings(epochs, batch_size, learning_rate(name), patience=epochs, seed=seed)
                model, seconds = _trained(name, options, learnt, output / f"{name}{kind}", settings, known)
            fit.save(model, output / f"{name}{kind}.keras")
            row[kind] = test.scored(model) | {"parameters": model.count_params(), "seconds": seconds}
            path.write_text(json.dumps(row, indent=1) + "\n")
        if peer and name in PRESETS and PRESETS[name][0] in training_step.PEERS and "ratio" not in row:
            row["ratio"] = _ratio(name)
            path.write_text(json.dumps(row, indent=1) + "\n")
        print(_line(name, row), flush=True)
    if test:
        print(f"\nathlete's state alone: {test.state}")


def _trained(name: str, options: dict, runs, path: Path, settings, known: dict):
    """A preset, trained, and how long an epoch took."""
    import keras

    from hrkeras import models
    from hrkeras.training import fit

    build = models.preset(name, **options)
    times: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.bar = progress(self.params["steps"], f"{path.name}, epoch {epoch + 1}", "batch")
            self.begin = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            self.bar.update()

        def on_epoch_end(self, epoch, logs=None):
            self.bar.close()
            times.append(time.perf_counter() - self.begin)

    model, _ = fit.train(
        lambda statistics: build(statistics=statistics),
        runs,
        path.with_suffix(".training"),
        settings,
        description=known | {"model": name, "options": options},
        resume=True,
        callbacks=[Clock()],
    )
    return model, statistics.median(times) if times else None


def _ensemble(output: Path, kind: str, runs):
    """The ensemble of all presets that are done."""
    from hrkeras import models
    from hrkeras.models import saving
    from hrkeras.training import ensembles

    paths = [path for name in PRESETS if (path := output / f"{name}{kind}.keras").exists()]
    if len(paths) < 2:
        raise typer.BadParameter(f"an ensemble needs two models or more in {output}, found {len(paths)}", param_hint="--models")
    members = [saving.load(path) for path in paths]
    return models.ensemble(members, ensembles.fit(members, runs).weights)


class _Test:
    """The test runs, whose histories are computed once; each model is trusted as its predictions of earlier runs deserve."""

    def __init__(self, runs):
        from hrkeras.evaluation import predict

        self._all, self._population = runs, runs.population()
        self._known = runs.known(self._population)
        self._windows = runs.windows(self._known, "test", predict.WHOLE)
        self._runs = list(self._windows.runs())
        found = self._score(predict.by_run(self._windows.expected[:, :, 0], self._windows))
        self.state = "MAE {mae:.2f}, median run {median_run:.2f}".format(**found)

    def _score(self, predicted) -> dict:
        from hrkeras.evaluation.scores import score

        found = score("", self._runs, predicted)
        return {"mae": found.mae, "interval": found.mae_interval, "median_run": found.median_run_mae}

    def scored(self, model) -> dict:
        """Errors of a model; of `multitask` also the error of speed, m/s, with all heart rate known, and the spread of speed."""
        from hrkeras import models
        from hrkeras.evaluation import predict

        known = predict.known(model, self._all, self._population, alone=self._known)
        windows = self._all.windows(known, "test", predict.WHOLE)
        found = self._score(predict.predict(model, windows))
        if model.name == "multitask":
            speeds = predict.predict(models.speed_model(model), self._windows, heart_rate=self._windows.heart_rate)
            measured = [np.isfinite(run.grid.heart_rate) for run in self._runs]
            pairs = [(run.grid.speed[m], said[m]) for run, said, m in zip(self._runs, speeds, measured, strict=True)]
            truth, said = (np.concatenate(each) for each in zip(*pairs, strict=True))
            found |= {"speed": float(np.abs(truth - said).mean()), "usual_speed": float(np.abs(truth - np.median(truth)).mean())}
        return found


def _ratio(name: str) -> float:
    import keras

    times = training_step.timed(name, keras.backend.backend())
    return times["model"] / times["peer"]


def _line(name: str, row: dict) -> str:
    full, bare = row[""], row["_bare"]
    cells = [name, f"{full['parameters']:,}", f"{full['mae']:.2f}", "{:.2f} - {:.2f}".format(*full["interval"])]
    cells += [f"{full['median_run']:.2f}", f"{bare['mae']:.2f}", f"{bare['median_run']:.2f}"]
    cells += [f"{full['seconds']:.0f}" if full["seconds"] else "", f"{row['ratio']:.2f}" if "ratio" in row else ""]
    speed = f"\n\nspeed: {full['speed']:.3f} m/s off; the median of all {full['usual_speed']:.3f}\n" if "speed" in full else ""
    return f"| {' | '.join(cells)} |{speed}"


if __name__ == "__main__":
    typer.run(main)
