"""Heart rate in place of what a failing sensor recorded, and the copies of files with it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hrkeras
from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import athlete_update, filled_copies
from hrkeras.personal.repair import repair, repair_text, residuals
from hrkeras.personal.repair.repair_files import repair_files
from hrkeras.utils.errors import InputError
from hrkeras.workouts import quality
from hrkeras.workouts.readers import tracks
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.sensor import detection
from hrkeras.workouts.simulation import formats, synthetic

KINDS = {6: "slow start", 7: "flat line", 8: "cadence lock", 9: "dropout", 10: "spikes"}  # of the runs by their number


def failing(track, kind):
    """A simulated run whose sensor fails, and the points at which it does."""
    time, rate = track.clock - track.clock[0], track.heart_rate.copy()
    begin, end = {"slow start": (0, 150), "spikes": (600, 606)}.get(kind, (900, 1200))
    wrong = (time >= begin) & (time < end)
    values = {"slow start": 75, "flat line": rate[wrong][0], "dropout": 0, "spikes": 228}
    rate[wrong] = values.get(kind, 181 + np.arange(wrong.sum()) % 3)
    return replace(track, heart_rate=rate), wrong


@pytest.fixture(scope="module")
def simulated():
    steady = {"interval": 1, "stops": 0.0, "maximum": 185.0, "habit": 0.6, "climb": 4.0}
    return list(synthetic.simulate(1, 12, seed=12, flawed=0, faulty=0, **steady))


@pytest.fixture(scope="module")
def failed(simulated):
    """Runs by their number with the points where the sensor fails."""
    return {number: failing(simulated[number], kind) for number, kind in KINDS.items()}


@pytest.fixture(scope="module")
def mine(simulated, failed, tmp_path_factory):
    """One person's runs as files."""
    folder = tmp_path_factory.mktemp("mine")
    formats.write_gpx_folder([failed[number][0] if number in failed else each for number, each in enumerate(simulated)], folder)
    return folder


@pytest.fixture(scope="module")
def found(mine):
    return repair_files([mine])


def by_start(repairs, track):
    return next(each for each in repairs.runs if each.run.start == track.clock[0])


class TestRepair:
    @pytest.mark.parametrize("number", KINDS)
    def test_replaces_the_fault_by_nearly_the_truth(self, found, simulated, failed, number):
        each, (track, wrong) = by_start(found, simulated[number]), failed[number]
        (stretch,) = each.stretches
        assert stretch.kind == KINDS[number]
        inside = (each.run.time >= stretch.begin) & (each.run.time <= stretch.end) & np.isfinite(each.low)
        assert (inside != wrong).sum() <= 8  # the edges
        off = np.abs(each.heart_rate - track.truth)[inside]
        line = np.interp(
            each.run.time[inside],
            each.run.time[~inside & np.isfinite(each.run.heart_rate)],
            each.run.heart_rate[~inside & np.isfinite(each.run.heart_rate)],
        )
        assert off.mean() < 6
        assert off.mean() < np.abs(line - track.truth[inside]).mean() + 1
        assert ((each.low <= track.truth) & (track.truth <= each.high))[inside].mean() >= 0.4
        np.testing.assert_array_equal(each.heart_rate[~inside], each.run.heart_rate[~inside])
        assert np.isnan(each.low[~inside]).all()
        assert stretch.after == pytest.approx(each.heart_rate[inside].mean())
        if KINDS[number] == "dropout":
            assert np.isnan(stretch.before)
        else:
            assert stretch.before == pytest.approx(each.run.heart_rate[inside].mean())
        assert stretch.low < stretch.after < stretch.high

    def test_leaves_runs_without_a_fault(self, found, simulated):
        assert len(found.runs) == len(KINDS)
        assert found.faultless == len(simulated) - len(KINDS)
        assert not found.skipped

    def test_no_faulty_stretch_is_learnt_from(self, mine, found):
        state = AthleteState(found.athlete.population)
        masked = []
        for workout in tracks.read(mine):
            faults = [each for each in found.runs if each.run.start == workout.start]
            rate = workout.heart_rate.copy()
            if faults:
                rate[np.isfinite(faults[0].low)] = np.nan
            masked.append(replace(workout, heart_rate=rate))
        athlete_update.learn_from(state, masked)
        np.testing.assert_allclose(state.weights, found.athlete.weights)

    def test_at_the_clock_of_the_recording(self, found):
        each = found.runs[0]
        stretch, start = each.stretches[0], each.run.start
        assert each.at(start + stretch.begin - 1) == each.at(start + stretch.end + 1) == each.at(float("nan")) == 0
        inside = np.flatnonzero((each.run.time >= stretch.begin) & (each.run.time <= stretch.end))
        assert [each.at(start + time) for time in each.run.time[inside]] == [round(rate) for rate in each.heart_rate[inside]]
        assert each.clocks[0] == (start + stretch.begin, start + stretch.end)

    def test_from_python(self, mine, found):
        repairs = hrkeras.repair(hrkeras.read(mine), model=None)
        assert [each.run.start for each in repairs.runs] == [each.run.start for each in found.runs]
        for each, other in zip(repairs.runs, found.runs, strict=True):
            np.testing.assert_array_equal(each.workout.heart_rate, other.heart_rate)
        assert "spikes at minute 10.0" in repr(repairs.runs[-1])
        with pytest.raises(TypeError, match="workouts"):
            hrkeras.repair([1])

    def test_never_above_the_maximum_that_was_told(self, mine, found):
        from hrkeras.athlete import facts

        state = AthleteState()
        facts.tell(state, facts.Facts(max_heart_rate=150))
        told = repair_files([mine], state)
        tops = [np.nanmax(each.high) for each in told.runs]
        assert max(tops) == 150
        assert max(np.nanmax(each.high) for each in found.runs) > 150

    def test_what_cannot_be_repaired_is_counted(self, simulated, failed):
        run = synthetic.recorded(failed[9][0])
        hardly = np.where(run.time < 0.2 * run.duration, run.heart_rate, np.nan)
        seldom = np.where(np.arange(len(run)) % 40 == 0, synthetic.recorded(simulated[9]).heart_rate, np.nan)
        day = 86_400.0
        others = [
            replace(run, sport="cycling"),
            replace(run, heart_rate=np.full(len(run), np.nan), start=run.start + day),
            replace(run, heart_rate=hardly, start=run.start + 2 * day),
            replace(run, heart_rate=seldom, start=run.start + 3 * day),
            replace(run, heart_rate=np.where(np.arange(len(run)) % 400 == 0, seldom, np.nan), start=run.start + 8 * day),
            replace(run, speed=np.full(len(run), np.nan), start=run.start + 4 * day),
            replace(run, estimated=True, start=run.start + 5 * day),
            replace(run, repaired=True, start=run.start + 6 * day),
            replace(run, heart_rate=500.0 + run.time % 7, start=run.start + 7 * day),
        ]
        repairs = repair.repair([run, *others], None)
        assert (len(repairs.runs), repairs.faultless) == (1, 0)
        assert repairs.skipped == {
            "another sport (cycling)": 1,
            repair.NOTHING + repair.FILLED: 1,
            repair.UNSURE + repair.FILLED: 1,
            repair.UNSURE + repair.REPLACED: 1,
            repair.SELDOM + repair.FILLED: 1,
            repair.SELDOM: 1,
            "no speed and no positions": 1,
            quality.ESTIMATED: 1,
            repair.REPAIRED: 1,
        }

    def test_a_run_without_altitude_or_date_and_nothing_else_of_the_person(self, failed):
        run = synthetic.recorded(failed[9][0])
        alone = replace(run, altitude=np.full(len(run), np.nan), start=np.nan, first_clock=40.0)
        (each,) = repair.repair([alone], None).runs
        wrong = failed[9][1]
        assert np.abs(each.heart_rate - failed[9][0].truth)[wrong].mean() < 8
        assert each.clocks[0][0] == 40 + run.time[wrong][0]


class TestResidual:
    def test_is_that_of_the_edges_and_less_sure_between(self):
        time = np.arange(0, 1800.0)
        known = np.where((time >= 800) & (time < 1200), np.nan, np.where(time < 800, 4.0, -4.0))
        at = time[800:1200]
        mean, deviation = residuals.around(at, time, known)
        assert mean[0] == pytest.approx(4, abs=0.5)
        assert mean[-1] == pytest.approx(-4, abs=0.5)
        assert abs(mean[199:201].mean()) < 0.3
        assert deviation[0] < 1.6
        assert deviation[200] == deviation.max()
        assert deviation.max() > 2.5 * deviation[0]

    def test_without_anything_known_is_the_prediction(self):
        mean, deviation = residuals.around(np.arange(3600.0, 3610), np.arange(7200.0), np.full(7200, np.nan))
        assert (mean == 0).all()
        np.testing.assert_allclose(deviation, np.sqrt(residuals.LEVEL**2 + residuals.SLOW[0] ** 2 + residuals.QUICK[0] ** 2 + 1))


class TestFiles:
    def test_the_rest_of_a_copy_is_byte_for_byte_the_same(self, found, mine, tmp_path):
        written = filled_copies.write(found.runs, tmp_path)
        assert [path.name for path in written] == [Path(each.run.where).name for each in found.runs]
        for path, each in zip(written, found.runs, strict=True):
            before, after = (place.read_bytes().splitlines() for place in (Path(each.run.where), path))
            changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
            assert b"<desc>Heart rate repaired by hrkeras where the sensor was wrong: " in changed[0][1]
            inside = sum(((each.run.time >= one.begin) & (each.run.time <= one.end)).sum() for one in each.stretches)
            assert len(changed) - 1 <= inside  # a value may be the same
            assert all(
                one.partition(b"<extensions>")[0].partition(b"</trkpt>")[0] == other.partition(b"<extensions>")[0]
                for one, other in changed[1:]
            )

    def test_is_read_back_without_what_was_repaired(self, found, tmp_path):
        for path, each in zip(filled_copies.write(found.runs, tmp_path), found.runs, strict=True):
            log = ReadLog()
            (copy,) = tracks.read(path, log=log)
            assert not copy.estimated
            inside = np.isfinite(each.low)
            assert np.isnan(copy.heart_rate[inside]).all()
            np.testing.assert_array_equal(copy.heart_rate[~inside], each.run.heart_rate[~inside])
            assert list(log.passed_over) == ["heart rate repaired by hrkeras, which counts as not measured"]

    def test_nothing_but_an_earlier_copy_is_overwritten(self, found, mine, tmp_path):
        before = {path: path.read_bytes() for path in mine.iterdir()}
        with pytest.raises(InputError, match="is itself one of the files to copy"):
            filled_copies.write(found.runs, mine, force=True)
        assert {path: path.read_bytes() for path in mine.iterdir()} == before
        (tmp_path / "a.gpx").write_text("mine")
        with pytest.raises(InputError, match="so it stays"):
            filled_copies.write(found.runs[:1], tmp_path / "a.gpx")
        assert (tmp_path / "a.gpx").read_text() == "mine"
        first = filled_copies.write(found.runs[:1], tmp_path / "b.gpx")
        assert filled_copies.write(found.runs[:1], tmp_path / "b.gpx") == first

    def test_sources_that_cannot_be(self, mine, tmp_path, simulated):
        formats.write_apple_health(simulated[:1], tmp_path / "export.zip")
        with pytest.raises(InputError, match="found an Apple Health export, of which this command writes no copies: give"):
            repair_files([tmp_path / "export.zip"])
        (tmp_path / "a.csv").write_text("time,heart_rate\n0,100\n")
        with pytest.raises(InputError, match="none of"):
            repair_files([tmp_path / "a.csv"])
        silent = tmp_path / "silent"
        formats.write_gpx_folder([replace(simulated[0], heart_rate=0 * simulated[0].heart_rate)], silent)
        with pytest.raises(InputError, match="can be repaired: 1 x no heart rate, which `hrkeras estimate`"):
            repair_files([silent])

    def test_the_persons_other_runs_teach(self, mine, found, tmp_path, simulated):
        one = Path(by_start(found, simulated[6]).run.where)
        alone, taught = repair_files([one]), repair_files([one], histories=[mine])
        assert alone.runs[0].prediction.earlier_runs == 1  # what is good of itself
        assert taught.runs[0].prediction.earlier_runs == 10
        assert alone.history is None
        said = [line for line in repair_text.lines(taught) if line.startswith(("Used", "Of the history"))]
        assert said == ["Used the one recording.", f"Of the history: used all {len(simulated)} recordings."]
        told = repair_text.as_dict(taught)
        assert (told["used"], told["not_used"], told["history"]["used"]) == (1, {}, len(simulated))
        assert alone.runs[0].stretches[0].kind == taught.runs[0].stretches[0].kind == "slow start"

    def test_several_folders_are_of_one_person(self, mine, found, tmp_path):
        files = sorted(mine.iterdir())
        for name, part in (("a", files[::2]), ("b", files[1::2])):
            (tmp_path / name).mkdir()
            for file in part:
                shutil.copy(file, tmp_path / name)
        apart = repair_files([tmp_path / "a", tmp_path / "b"])
        assert [run.stretches for run in apart.runs] == [run.stretches for run in found.runs]
        assert {run.source for run in apart.runs} == {tmp_path / "a", tmp_path / "b"}

    def test_what_an_export_tells_counts(self, simulated):
        person = {"age": 46.0, "sex": "male", "resting_heart_rate": 50.0}
        found = repair.repair(map(synthetic.recorded, simulated[:2]), None, person=person)
        assert repair_text.as_dict(found)["facts"] == person
        assert any(line.startswith("Counting age 46 and sex male") for line in repair_text.lines(found))

    def test_in_sentences_and_for_programs(self, found):
        said = "\n".join(repair_text.lines(found))
        assert "Repaired: 5 runs, by the athlete's state alone and the good heart rate around." in said
        assert "Without a fault, so left as they are and not copied: 7 runs." in said
        told = json.loads(json.dumps(repair_text.as_dict(found)))
        assert [each["kind"] for each in told["stretches"]] == list(KINDS.values())
        dropout = told["stretches"][3]
        assert dropout["mean_before"] is None
        assert dropout["begin"] == pytest.approx(900, abs=2)
        assert (told["used"], told["not_used"], told["facts"]) == (12, {}, {})
        assert dropout["mean_low"] < dropout["mean_after"] < dropout["mean_high"]
        only = replace(found, runs=[])
        assert repair_text.lines(only) == [
            "Without a fault, so left as they are and not copied: 7 runs.",
            "Used all 7 recordings.",
        ]


def test_the_heart_rate_of_a_ride_is_right():
    at = np.arange(3000)
    heart_rate = np.where(at < 1200, 82 + 5 * np.sin(at / 100), 165 - 60 * np.exp(-np.maximum(at - 1200, 0) / 40))
    heart_rate += np.random.default_rng(0).normal(0, 2, 3000)
    run = hrkeras.Workout(at, np.where(at < 1200, 6.5, 3.1), 10 * np.sin(at / 500), np.round(heart_rate), start=1.6e9)
    assert [fault.kind for fault in detection.flags(run)] == ["ride"]
    assert repair.repair([run], None).runs == []
