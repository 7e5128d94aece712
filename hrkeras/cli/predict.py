"""`hrkeras predict`: the heart rate of one run."""

from math import isnan
from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.one_run import History, Run, Workout
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import AthleteFile, Backend, Model, NoCache, check_one_known, load_model_and_state, reader, reading, warn


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
    plot: Plot = None,
    force: Force = False,
    no_cache: NoCache = False,
    backend: Backend = None,
) -> None:
    """Predict the heart rate of a run from its speed and altitude, and from earlier runs if there are any."""
    output = output or defaults.use("--output", Path(f"{run.resolve().name.partition('.')[0] or 'run'}.csv"))
    check_one_known(athlete, history)
    inputs = (run, model, athlete, *(history or []))
    outputs.check(inputs, [(output, kinds.PREDICTION), (plot, kinds.PNG)], force)
    loaded, state = load_model_and_state(model, athlete, backend)
    from hrkeras.personal import athlete_update, prediction, run_choice, update_text, usage
    from hrkeras.utils.files import atomic_write
    from hrkeras.workouts import clock
    from hrkeras.workouts.readers import tracks

    default = None if workout or tracks.is_track(run) else "latest"
    histories = history or []
    with reading((run, *histories)) as bar:
        chosen, others, log = run_choice.load_run(run, workout or default, histories, bar.update, reader(no_cache))
    if default:
        defaults.use("--workout", default)
    learnt = athlete_update.learn_from(state, [] if athlete else others, chosen.start, loaded, log.person)
    predicted = prediction.predict(chosen, state, loaded)
    when = clock.moment(predicted.start, predicted.utc_offset)
    with atomic_write(output) as part:
        predicted.to_csv(part)
    print(
        f"Run of {when}, {predicted.minutes:.0f} min: "
        f"predicted mean {predicted.heart_rate.mean():.0f}, highest {predicted.heart_rate.max():.0f} beats/min, "
        f"heart rate within {(predicted.high - predicted.low).mean() / 2:.0f} of the prediction four times in five."
    )
    if predicted.error is not None and predicted.inside is not None:
        inside = f"{100 * predicted.inside:.0f} % of it in the prediction interval (10 to 90 %)"
        measured, expected = predicted.means or (0.0, 0.0)
        print(
            f"Measured mean {measured:.0f}, where {expected:.0f} is predicted: mean absolute error {predicted.error:.1f} "
            f"beats/min, {inside}."
        )
    print(f"Predicted by {predicted.by}.")
    warn(predicted.warnings)
    print(update_text.known_text(state, learnt.exported))
    if isnan(predicted.start):
        taken = ": it was taken as the day after the last known run" if state.count else ""
        print(f"The run's date is unknown, since its clock was not set{taken}.")
    if not predicted.has_altitude:
        print("The run has no altitude: it was taken as flat.")
    left_out = len(others) if athlete else 0
    if others or log.skipped or learnt.exported:
        print("\n".join(usage.of_update(learnt, log, 1, left_out)))
    print(f"Written: {output}")
    if plot:
        from hrkeras.personal import person_plots
        from hrkeras.utils import plotting

        plotting.save(person_plots.run(predicted, f"Run of {when}"), plot)
        print(f"Picture: {plot}")
