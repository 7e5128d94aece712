"""How much less the first run of simulated people is off by if they tell something of themselves.

    python benchmarks/told_facts.py --athletes 60

They tell their true maximum and resting heart rate, and the heart rate of an easy run, which is what the simulation answers
without noise after 15 to 25 minutes on the flat at the speed that is easy for them, rounded to 5 s/km and to a beat. The
error is that of the athlete's state in their first run, mean over people: from what was measured, with the sensor's faults,
the day's form and unrest in it; and from the heart rate without these, which no model can come closer to on average.
"""

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import typer

from hrkeras.athlete import facts
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import Population, default
from hrkeras.workouts.grid import resample
from hrkeras.workouts.simulation import synthetic

MINUTES = slice(15 * 60, 25 * 60)


def easy(athlete: synthetic.SimulatedAthlete, fitness: float) -> tuple[float, float]:
    """Speed in m/s and heart rate in beats/min of an easy run with a fitness in m/s."""
    speed = 200 / round(200 / (athlete.habit * athlete.threshold))
    seconds = np.full(MINUTES.stop, speed)
    heart_rate = synthetic.respond(athlete, seconds, np.zeros(MINUTES.stop), fitness)[MINUTES].mean()
    return speed, float(round(heart_rate))


def errors(athletes: int, seed: int, population: Population | None = None) -> dict[str, np.ndarray]:
    """Mean absolute error in the first run, by what was told: from the measured heart rate and from that without noise."""
    found: dict[str, list[list[float]]] = {}
    for index, track in enumerate(synthetic.simulate(athletes, 1, seed, flawed=0)):
        person = synthetic.draw_athlete(np.random.default_rng([seed, index]), index)
        grid = resample(synthetic.recorded(track))
        truth = resample(synthetic.recorded(replace(track, heart_rate=track.expected))).heart_rate
        own: dict[str, Any] = {"max_heart_rate": person.maximum, "resting_heart_rate": person.resting}
        own["easy"] = easy(person, track.fitness)
        for names in ((), *((name,) for name in own), tuple(own)):
            athlete = AthleteState(population or default())
            facts.tell(athlete, facts.Facts(**{name: own[name] for name in names}))
            expected = athlete.predict(track.clock[0], grid).expected[:, 0]
            error = [float(np.nanmean(np.abs(expected - rates))) for rates in (grid.heart_rate, truth)]
            found.setdefault(", ".join(names) or "nothing", []).append(error)
    return {name: np.mean(each, axis=0) for name, each in found.items()}


def main(athletes: Annotated[int, typer.Option(help="Number of people.")] = 60, seed: int = 5) -> None:
    print("| told | from the measured | from that without noise | share |\n|---|---|---|---|")
    found = errors(athletes, seed)
    for name, (measured, true) in found.items():
        print(f"| {name} | {measured:.1f} | {true:.1f} | {true / found['nothing'][1]:.2f} |")


if __name__ == "__main__":
    typer.run(main)
