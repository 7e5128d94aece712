"""The weather that an Apple Health export tells of a run, and values that are none."""

import apple_files as files
import numpy as np
import pytest

from hrkeras.workouts.readers import apple_health, apple_weather, cache

ENTRY = '  <MetadataEntry key="HKWeather{name}" value="{value}"/>\n'


@pytest.mark.parametrize(
    ("value", "degrees"),
    [
        ("72 degF", 22.2222),
        ("47.6418 degF", 8.69),
        ("-4 degF", -20.0),
        ("22.5 degC", 22.5),
        ("-3 degC", -3.0),
        ("140 degF", 60.0),
        ("141 degF", np.nan),
        ("999 degC", np.nan),
        ("295 degK", np.nan),
        ("72 F", np.nan),
        ("72", np.nan),
        ("nan degC", np.nan),
        ("1e9 degC", np.nan),
        ("9" * 500 + " degC", np.nan),
        ("２２ degC", np.nan),
        ("", np.nan),
    ],
)
def test_temperatures(value, degrees):
    assert apple_weather.temperature({b"HKWeatherTemperature": value.encode()}) == pytest.approx(degrees, abs=0.01, nan_ok=True)


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        ("6400 %", 64.0),
        ("10000 %", 100.0),
        ("56 %", 56.0),
        ("100 %", 100.0),
        ("0.65 %", np.nan),
        ("10001 %", np.nan),
        ("-5 %", np.nan),
        ("64", np.nan),
        ("9" * 400 + " %", np.nan),
        ("", np.nan),
    ],
)
def test_humidity(value, percent):
    assert apple_weather.humidity({b"HKWeatherHumidity": value.encode()}) == pytest.approx(percent, nan_ok=True)


def test_a_run_tells_its_weather_and_the_cache_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "SETTLED", 0.0)
    weather = ENTRY.format(name="Temperature", value="72 degF") + ENTRY.format(name="Humidity", value="6400 %")
    path = files.zipped(tmp_path, files.health(files.records(), files.workout(weather + files.reference())))
    kept = cache.Cache(tmp_path / "cache")
    for _ in range(2):
        (run,) = apple_health.read(path, cache=kept)
        np.testing.assert_allclose(run.temperature, np.full(len(run), 22.2222), rtol=1e-4)
        assert run.humidity == 64
    assert len(kept.entries()) == 1


def test_a_run_without_weather(tmp_path):
    run = files.read_run(files.zipped(tmp_path, files.health(files.records(), files.workout())))
    assert np.isnan(run.temperature).all()
    assert np.isnan(run.humidity)
