import numpy as np
import pytest
from apple_files import START, health, read_run, record, records, scan, workout, zipped

from hrkeras.workouts.readers import apple_heart_rate

RING, STRAP = "Ring", "Strap"


def series(value, source, step=5, first=0, last=100, name=""):
    device = f"&lt;&lt;HKDevice: 0x{{:x}}&gt;, name:{name}, model:X, software:1.{{}}&gt;" if name else "&lt;HKDevice&gt;"
    seconds = range(first, last + 1, step)
    return "".join(record(START + each, value, source=source, device=device.format(each, each)) for each in seconds)


def heart_rates(tmp_path, *elements, **about):
    run = read_run(zipped(tmp_path, health(*elements, workout(**about))))
    return run.heart_rate[np.isfinite(run.heart_rate)], run.heart_rate_samples


def test_another_device_changes_nothing(tmp_path):
    one, samples = heart_rates(tmp_path, records())
    for other in (series(80, RING), series(80, RING, first=2), series(80, RING, step=1)):
        for elements in ((records(), other), (other, records())):
            both, both_samples = heart_rates(tmp_path, *elements)
            np.testing.assert_array_equal(both, one)
            assert both_samples == samples == 21


def test_an_indoor_run_has_one_source_as_well(tmp_path):
    run = read_run(zipped(tmp_path, health(records(), series(80, RING, first=2), workout(""))))
    np.testing.assert_allclose(run.heart_rate, 100 + np.arange(0, 101, 5) / 10, atol=1e-4)
    assert run.sport == "indoor running"


@pytest.mark.parametrize(
    "own", ["A's Apple Watch", "A&apos;s Apple\u202fWatch", "A’s  Apple&#160;Watch ", "A&#8217;s apple watch"]
)
def test_a_name_is_the_same_however_it_is_written(tmp_path, own):
    found, _ = heart_rates(tmp_path, records(), series(80, RING, step=1), source=own)
    assert found.min() == 100


def test_the_densest_is_taken_where_the_own_has_none(tmp_path):
    for own in ("Some App", ""):
        found, samples = heart_rates(tmp_path, series(80, RING, step=20), series(150, STRAP), source=own)
        assert set(found) == {150}
        assert samples == 21


def test_the_densest_is_taken_where_the_own_covers_less_than_half_of_its_time(tmp_path):
    found, _ = heart_rates(tmp_path, series(80, RING, last=45), series(150, STRAP), source=RING)
    assert set(found) == {150}
    found, _ = heart_rates(tmp_path, series(80, RING, last=50), series(150, STRAP), source=RING)
    assert set(found) == {80}


def test_an_own_source_that_measures_less_often_is_taken_all_the_same(tmp_path):
    found, samples = heart_rates(tmp_path, series(120, RING, step=50), series(150, STRAP, step=1), source=RING)
    assert set(found) == {120}
    assert samples == 3


def test_sensors_of_one_source_are_told_apart_by_the_device(tmp_path):
    watch, strap = series(90, "Phone", 10, name="Watch"), series(150, "Phone", name="Strap")
    found, samples = heart_rates(tmp_path, watch, strap, series(200, RING, 1), source="Phone")
    assert set(found) == {150}
    assert samples == 21


def test_attributes_in_another_order():
    record_of_ring = f'<Record value="80" sourceName="{RING}" {record(START, 80).split(" ", 2)[2]}'
    content, _ = scan(health(record_of_ring.replace('sourceName="A’s Apple\u00a0Watch"', "")))
    assert content.heart_rates.names[0] == "ring"


def test_one_of_several_at_an_instant_counts_of_each_source():
    same = record(START, 100) + record(START, 110) + record(START, 80, source=RING)
    content, _ = scan(health(record(START + 5, 120), same))
    assert content.heart_rates.value.tolist() == [100, 80, 120]
    assert content.heart_rates.during(START, START + 9, "ring")[1].tolist() == [100, 120]


def test_sources_without_end_share_a_number(monkeypatch):
    monkeypatch.setattr(apple_heart_rate, "MAX_SOURCES", 2)
    content, _ = scan(health(*[record(START + each, 100, source=f"Source {each}") for each in range(5)]))
    assert content.heart_rates.source.tolist() == [0, 1, 2, 2, 2]
    assert content.heart_rates.during(START + 1, START + 4, "source 4")[0].tolist() == [START + 2, START + 3, START + 4]
