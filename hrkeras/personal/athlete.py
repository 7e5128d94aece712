"""A person's recorded runs, and the prediction of a run from those that ended before it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Literal

from hrkeras.athlete import facts, kalman
from hrkeras.evaluation import predictor
from hrkeras.personal import facts_text, prediction
from hrkeras.personal.athlete_update import learn, usable
from hrkeras.personal.people import one_person
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.update_text import taken_text
from hrkeras.utils.errors import InputError, expect
from hrkeras.workouts import prepare
from hrkeras.workouts.clock import is_date, moment
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model


class Athlete:
    """A person and their recorded runs.

    The athlete's state is computed when a run is predicted, from the runs that had ended before it began; so that run, and
    later ones, may be among them. Make it with `from_workouts`.

    Attributes:
        runs: those that can be learnt from, ordered by when they ended.
        taken: number of workouts that were left out, by reason.
        told: self-reported facts, from `tell`.

    Example:
        >>> import hrkeras
        >>> hrkeras.Athlete.from_workouts(hrkeras.read("runs"))
        Athlete of 12 runs, the last of 2019-12-13 18:33 UTC
    """

    def __init__(self, runs: Iterable[prepare.PreparedRun], taken: Counter[str] | None = None) -> None:
        self.runs = sorted(runs, key=lambda run: run.end)
        self.taken = Counter[str](taken)
        self.told = facts.Facts()
        self._states: dict[str, tuple[int, kalman.AthleteState]] = {}  # by model, how many runs it has learnt from, and the state

    @classmethod
    def from_workouts(cls, workouts: Iterable[Workout]) -> Athlete:
        """Makes an athlete from one person's workouts.

        Args:
            workouts: one person's, from `read` or made from arrays, in any order; duplicates, and anything but runs with heart
                rate and a date, are left out and counted.

        Raises:
            InputError: if they belong to several people.
        """
        workouts = list(workouts)
        for workout in workouts:
            expect(workout, Workout, "workouts")
        taken = Counter[str]()
        return cls(one_person(usable(workouts, taken), "the workouts"), taken)

    def tell(
        self,
        *,
        max_heart_rate: float | None = None,
        age: float | None = None,
        sex: Literal["female", "male"] | None = None,
        resting_heart_rate: float | None = None,
        easy: tuple[float, float] | None = None,
    ) -> None:
        """Takes into account what the person knows of themselves; all of it is optional, and what is not given stays as it was.

        It helps most before there are runs. What an Apple Health export tells is in `log.person` of what `read` returns.

        Args:
            max_heart_rate: beats/min.
            age: years; it stands in for the maximum heart rate where that is not known.
            sex: counts together with the age.
            resting_heart_rate: beats/min.
            easy: speed of an easy run on the flat in m/s, and heart rate then in beats/min.

        Raises:
            InputError: if a value is not plausible, or with what was told before cannot be true.

        Example:
            >>> import hrkeras
            >>> me = hrkeras.Athlete([])
            >>> me.tell(max_heart_rate=190, easy=(1000 / 360, 145))  # 6:00 /km
            >>> run = hrkeras.read("runs")[0]
            >>> prediction = hrkeras.predict(None, run, athlete=me)
        """
        given = facts.Facts(max_heart_rate, age, sex, resting_heart_rate, easy)
        told = replace(self.told, **dict(given.items()))
        facts.check(told)
        self.told = told
        self._states.clear()

    def forget(self, *names: Literal["max_heart_rate", "age", "sex", "resting_heart_rate", "easy"]) -> None:
        """Takes back what was given to `tell`; with the age goes the sex.

        Raises:
            InputError: if one of them was not given.

        Example:
            >>> import hrkeras
            >>> me = hrkeras.Athlete([])
            >>> me.tell(max_heart_rate=190, age=41)
            >>> me.forget("max_heart_rate")
            >>> me
            Athlete of 0 runs; self-reported: age 41
        """
        there = dict(self.told.items())
        if unknown := [name for name in names if name not in there]:
            raise InputError(f"Expected facts that were given, found {unknown[0]}; there are: {', '.join(there) or 'none'}.")
        gone = {*names, *(["sex"] if "age" in names else [])}
        self.told = facts.Facts(**{name: value for name, value in there.items() if name not in gone})
        self._states.clear()

    def state(self, model: Model | str | None = None, before: float = inf) -> kalman.AthleteState:
        """The athlete's state after the runs that had ended at a given time.

        Args:
            model: as `predict` takes it; the state starts from its population and learns how far it helps.
            before: s since 1970-01-01 UTC.
        """
        chosen = None if model is None else predictor.of(model)
        count, name = bisect_right(self.runs, before, key=lambda run: run.end), chosen.fingerprint if chosen else ""
        learnt, state = self._states.get(name, (inf, None))
        if state is None or learnt > count:  # what was learnt cannot be forgotten
            learnt, state = 0, kalman.AthleteState(predictor.population(chosen))
            facts.tell(state, self.told)
        learn(state, self.runs[int(learnt) : count], model=chosen)
        self._states[name] = count, state
        return state

    def __repr__(self) -> str:
        last = f", the last of {moment(self.runs[-1].start, self.runs[-1].utc_offset)}" if self.runs else ""
        left_out = f"; left out: {taken_text(self.taken)}" if self.taken.total() else ""
        values = ", ".join(facts_text.described(self.told))
        told = f"; self-reported: {values}" if values else ""
        return f"Athlete of {len(self.runs):,} run{'' if len(self.runs) == 1 else 's'}{last}{left_out}{told}"


def predict(model: Model | str | None, workout: Workout, athlete: Athlete | None = None) -> Prediction:
    """Predicts the heart rate of a run every 10 s from its speed and altitude and the person's earlier runs.

    Args:
        model: "base" for the base model, which comes with the package and is run without Keras; a model from `train` or `load`;
            the name of an .onnx file that was exported from one; or None to predict from the athlete's state alone.
        workout: the run to predict. Its own heart rate is not used, nor are runs that had not ended when it began. A run of
            unknown date is taken to follow the person's last run by a day.
        athlete: the person; someone without earlier runs if not given.

    Returns:
        `heart_rate` in beats/min with its `interval`, each of shape `(steps,)`; `to_frame()` has them with the run's speed and
        altitude.

    Raises:
        InputError: if the workout has no speed or no sensible duration.

    Example:
        >>> import hrkeras
        >>> workouts = hrkeras.read("runs")
        >>> me = hrkeras.Athlete.from_workouts(workouts)
        >>> prediction = hrkeras.predict("base", workouts[-1], athlete=me)
        >>> low, high = prediction.interval
        >>> bool((low < prediction.heart_rate).all()), len(prediction.to_frame()) == len(high)
        (True, True)
    """
    expect(workout, Workout, "workout")
    if athlete is not None:
        expect(athlete, Athlete, "athlete")
    chosen = None if model is None else predictor.of(model)
    state = athlete.state(chosen, workout.start if is_date(workout.start) else inf) if athlete else None
    return prediction.predict(workout, state, chosen)
