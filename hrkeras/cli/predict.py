"""`hrkeras predict`: the heart rate of one run."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.one_run import History, Run, Workout, open_run
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import (
    AthleteFile,
    Backend,
    Json,
    Model,
    NoCache,
    Person,
    check_one_known,
    json_line,
    load_model_and_state,
    warn,
)


def predict(
    run: Run,
    output: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="The CSV to write: a row every 10 s, with the 80 % prediction interval as low and high. Default: RUN.csv.",
            show_default=False,
        ),
    ] = None,
    model: Model = None,
    athlete: AthleteFile = None,
    history: History = None,
    workout: Workout = None,
    person: Person = None,
    plot: Plot = None,
    force: Force = False,
    no_cache: NoCache = False,
    json: Json = False,
    backend: Backend = None,
) -> None:
    """Predict the heart rate of a run from its speed and altitude, and from earlier runs if there are any."""
    output = output or defaults.use("--output", Path(f"{run.resolve().name.partition('.')[0] or 'run'}.csv"))
    check_one_known(athlete, history)
    inputs = (run, model, athlete, *(history or []))
    outputs.check(inputs, [(output, kinds.PREDICTION), (plot, kinds.PNG)], force)
    loaded, state = load_model_and_state(model, athlete, backend)
    from hrkeras.personal import prediction, prediction_text
    from hrkeras.utils.files import atomic_write

    one = open_run(run, workout, person, athlete, history, no_cache, state, loaded)
    predicted = prediction.predict(one.workout, state, loaded)
    with atomic_write(output) as part:
        predicted.to_csv(part)
    if plot:
        from hrkeras.personal import person_plots
        from hrkeras.utils import plotting
        from hrkeras.workouts import clock

        when = clock.moment(predicted.start, predicted.utc_offset)
        plotting.save(person_plots.run(predicted, f"Run of {when}"), plot)
    if json:
        written = {"output": str(output), "picture": str(plot) if plot else None}
        print(json_line(prediction_text.as_dict(predicted) | one.about | written))
        return
    print("\n".join(prediction_text.lines(predicted)))
    warn(predicted.warnings)
    print("\n".join([*one.lines, f"Written: {output}"]))
    if plot:
        print(f"Picture: {plot}")
