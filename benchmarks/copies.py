"""Whether a run stands on both sides of a split: another search than the audit's, by heart rate alone, at every shift.

    python benchmarks/copies.py --data endomondo

The heart rates of each validation and test run, without their slow changes, are correlated with those of all runs of other splits
and of about its length. Beside the pairs that are most alike stand runs that were copied on purpose, cut by a tenth and put on
the grid between its steps: so alike is a recording that was written twice.
"""

import numpy as np
import typer

from hrkeras.cli.shared import DataDir, progress
from hrkeras.evaluation.audit.copies import EXCERPT, LONGER, quick_changes
from hrkeras.evaluation.audit.copies import HEART_RATE as HEARD
from hrkeras.evaluation.audit.copies import SPEED as RUN

SIZE, STEPS = 2048, 1000  # of the transform, and of a run that are looked at
BEGUN = 30  # steps that are left out: heart rate climbs at the beginning of every run
PLANTED = 200


def main(data: str = "endomondo", shown: int = 5, seed: int = 0, data_dir: DataDir = None) -> None:
    from hrkeras.datasets.runs import load

    runs = load(data, data_dir)
    lengths = np.array([len(each.speed) for each in runs.grids])
    waves = [_waves(quick_changes(grid)) if len(grid.speed) >= EXCERPT else None for grid in runs.grids]
    heard = np.flatnonzero([each is not None and bool(each[HEARD].any()) for each in waves])
    spectra = {row: np.fft.rfft(waves[row]).astype(np.complex64) for row in heard}
    random, found, planted = np.random.default_rng(seed), {}, []
    scored = [row for row in heard if runs.split[row] != "train"]
    with progress(len(scored), "Comparing", "run") as bar:
        for row in scored:
            bar.update()
            near = np.maximum(lengths[heard], lengths[row]) <= LONGER * np.minimum(lengths[heard], lengths[row])
            others = heard[near & (runs.split[heard] != runs.split[row])]
            if len(others):
                alike = np.fft.irfft(np.stack([spectra[each][HEARD] for each in others]) * spectra[row][HEARD].conj(), SIZE)
                best, shift = np.unravel_index(alike.argmax(), alike.shape)
                other = int(others[best])
                speed = float(np.fft.irfft(spectra[other][RUN] * spectra[row][RUN].conj(), SIZE)[shift])
                pair = min(row, other), max(row, other)
                found[pair] = float(alike[best, shift]), speed, int(shift + SIZE // 2) % SIZE - SIZE // 2, *pair
    for row in random.choice(scored, min(PLANTED, len(scored)), replace=False):
        grid = runs.grids[row]
        between = np.arange(0.5, len(grid.speed) - 1)[len(grid.speed) // 10 :]
        copy = type(grid)(*(np.interp(between, np.arange(len(each)), each).astype(np.float32) for each in grid))
        if len(between) >= EXCERPT:
            spectrum = np.fft.rfft(_waves(quick_changes(copy))[HEARD])
            planted.append(np.fft.irfft(spectrum * spectra[row][HEARD].conj(), SIZE).max())
    print(f"{len(scored):,} runs against those of other splits; correlation of heart rate, and of speed at that shift:")
    for heart_rate, speed, shift, row, other in sorted(found.values(), reverse=True)[:shown]:
        days = abs(runs.starts[row] - runs.starts[other]) / 86_400
        whose = "one person's" if runs.users[row] == runs.users[other] else "two people's"
        print(f"{heart_rate:.2f}  {speed:5.2f}  shifted by {shift:4} steps, {whose}, {days:,.0f} days apart")
    low, middle = np.quantile(planted, (0.05, 0.5))
    print(f"{len(planted)} copies, heart rate: {middle:.2f} in the middle, above {low:.2f} in 95 %")


def _waves(blocks: np.ndarray) -> np.ndarray:
    """Speed, heart rate and altitude of the steps, mean 0 and length 1 (0 where nothing changes), shape `(3, SIZE)`."""
    values = blocks[:, BEGUN : BEGUN + STEPS]
    values = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.pad(np.where(length > 1, values / np.maximum(length, 1), 0), ((0, 0), (0, SIZE - values.shape[1])))


if __name__ == "__main__":
    typer.run(main)
