"""A few hundred damaged files of each kind, always the same ones; `make fuzz` reads many more."""

import random

import limits
import pytest
from mutation import mutate
from targets import targets

INPUTS, SECONDS = 200, 60.0  # a machine may be busy


@pytest.mark.parametrize("name", targets(None))
def test_only_our_own_errors_come_out(name, tmp_path):
    target, chance = targets(tmp_path)[name](), random.Random(name)
    for seed in target.seeds:
        target.read(_written(target, seed, tmp_path))
    for number in range(int(INPUTS * target.share)):
        data = mutate(chance.choice(target.seeds), chance)
        try:
            limits.read(target, data, tmp_path / "damaged", SECONDS)
        except BaseException as error:
            error.add_note(f"Input {number} of {name}: {data[:3000]!r}")
            raise


def _written(target, seed, folder):
    path = folder / f"whole{target.suffix}"
    path.write_bytes(target.pack(seed))
    return path
