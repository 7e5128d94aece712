"""Writes athlete_vectors.json: three simulated runs of one person, what the state says before each and what it is after.

python examples/make_athlete_vectors.py
"""

import json
import re
from pathlib import Path

import numpy as np

from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import default
from hrkeras.personal import athlete_update
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.simulation import synthetic

PATH = Path(__file__).with_name("athlete_vectors.json")
STEPS = (60, 90, 45)
EVERY = 9  # steps; of these one is written of what is said before a run
ABOUT = (
    "Three runs one after the other. start: s since 1970-01-01 UTC; speed: m/s, altitude: m, heart_rate: beats/min (null: not "
    f"measured), every 10 s. before: what is predicted, expected of every {EVERY}th step. after: the state; variances are the "
    "diagonals of the covariances. Single precision: compare to 0.001."
)


def plain(values):
    """Nested lists of six digits, null for NaN."""
    if isinstance(values, np.ndarray | list):
        return [plain(each) for each in values]
    return None if np.isnan(values) else float(f"{values:.7g}")


def vectors() -> dict:
    athlete, runs = AthleteState(default()), []
    for run, steps in zip(athlete_update.usable(synthetic.read(athletes=1, runs=8, seed=8)), STEPS, strict=False):
        columns = [np.round(values[:steps].astype(float), 2) for values in run.grid]
        columns[2][steps // 3 : steps // 2] = np.nan
        grid = Grid(*(each.astype(np.float32) for each in columns))
        known = athlete.predict(run.start, grid)
        assert athlete.update(run.start, grid) == "added"
        runs.append(
            {
                "start": run.start,
                **{name: plain(values) for name, values in zip(Grid._fields, columns, strict=True)},
                "before": {
                    "expected": plain(known.expected[::EVERY]),
                    **{name: plain(getattr(known, name)) for name in ("course", "course_share", "history")},
                },
                "after": {
                    "weights": plain(athlete.weights),
                    "variances": plain(np.diagonal(athlete.covariance, axis1=1, axis2=2)),
                    "misses": plain(athlete.residuals),
                    "record": plain(athlete.records[-1]),
                },
            }
        )
    return {"about": ABOUT, "population": athlete.population.as_dict(), "runs": runs}


if __name__ == "__main__":
    text = re.sub(r"\n +(?=[-\d]|null)", " ", json.dumps(vectors(), indent=1))  # numbers of a list in one line
    PATH.write_text(text + "\n", encoding="utf-8", newline="\n")
