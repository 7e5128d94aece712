"""Fixtures: one person's simulated runs, and files of them."""

from pathlib import Path

import pytest

from hrkeras.workouts.simulation import formats, synthetic, track


@pytest.fixture(scope="session")
def simulated() -> list[track.Track]:
    return list(synthetic.simulate(1, 8, seed=8, flawed=0, faulty=0))


@pytest.fixture(scope="session")
def folder(simulated, tmp_path_factory) -> Path:
    """The runs as GPX files and as an export; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("mine")
    formats.write_gpx_folder(simulated, folder / "runs")
    formats.write_apple_health(simulated, folder / "export.zip")
    return folder
