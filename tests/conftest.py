"""Fixtures: a folder of real data where there is one, and a small built dataset."""

import os
from pathlib import Path

import quick_xla

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "torch")  # where a training of seconds is not compiled for many more
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers whose threads wait for each other are many times slower
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
if os.environ["KERAS_BACKEND"] == "jax" and "XLA_FLAGS" not in os.environ:  # workers have it from who started them
    os.environ["XLA_FLAGS"] = quick_xla.flags()

import pytest


def pytest_make_parametrize_id(config, val, argname):
    """Bytes are named after their argument: gzip writes the time into them, and two workers must find the same names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory):
    """What commands keep of files goes here, not to the user's folder for caches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HRKERAS_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The optional folder of real data beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no folder of real data beside the checkout")
    return folder


def build_synthetic(folder: Path, **kwargs) -> Path:
    """Builds simulated athletes, by_time and by_user; returns the folder."""
    from hrkeras.datasets import build

    for config in ("by_time", "by_user"):
        build.build("synthetic", None, config, folder, athletes=4, seed=3, **kwargs)
    return folder


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory) -> Path:
    """A folder of datasets with the small one of simulated athletes, built by_time and by_user."""
    return build_synthetic(tmp_path_factory.mktemp("datasets"), runs=12)


@pytest.fixture(scope="session")
def short_runs_dir(tmp_path_factory) -> Path:
    """Like `data_dir`, but no run is longer than the 250 steps that predictions are padded to, which makes them quicker."""
    from hrkeras.workouts.quality import Limits

    return build_synthetic(tmp_path_factory.mktemp("short_runs"), runs=40, limits=Limits(max_duration=2300))


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved, for a look at what they hold; in none may texts cover each other."""
    from matplotlib.figure import Figure
    from overlaps import overlaps

    figures: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *args, **kwargs: (figures.append(figure), save(figure, *args, **kwargs))
    )
    yield figures
    assert [overlaps(figure) for figure in figures] == [[]] * len(figures)
