"""Heart rate of runs that have none, and the copies of their files."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hrkeras.athlete import zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import athlete_update, filled_copies, time_in_zones, timeline
from hrkeras.personal.estimation import estimation, estimation_text
from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.readers import tracks
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import formats, synthetic
from hrkeras.workouts.writers import copies

SILENT = (2, 13)  # of the runs


@pytest.fixture(scope="module")
def simulated():
    return list(synthetic.simulate(1, 14, seed=8, flawed=0, faulty=0))


def part(track, seconds):
    """The first seconds of a simulated run."""
    until = track.clock <= track.clock[0] + seconds
    columns = ("clock", "latitude", "longitude", "speed", "altitude", "heart_rate")
    return replace(track, **{name: getattr(track, name)[until] for name in columns})


@pytest.fixture(scope="module")
def mine(simulated, tmp_path_factory):
    """One person's runs, two of which have no heart rate, as files and as an export."""
    folder = tmp_path_factory.mktemp("mine")
    runs = [replace(each, heart_rate=0 * each.heart_rate) if number in SILENT else each for number, each in enumerate(simulated)]
    formats.write_gpx_folder(runs, folder / "runs")
    formats.write_gpx_folder(simulated, folder / "whole")
    formats.write_apple_health(runs, folder / "export.zip")
    return folder


@pytest.fixture(scope="module")
def found(mine):
    return estimation.estimate([mine / "runs"])


class TestEstimate:
    def test_runs_without_heart_rate_from_the_others(self, found, simulated):
        assert [each.run.start for each in found.estimates] == [simulated[number].clock[0] for number in SILENT]
        assert found.measured == 12
        assert [each.prediction.earlier_runs for each in found.estimates] == [10, 12]  # the first of them partly from later ones
        for each, number in zip(found.estimates, SILENT, strict=True):
            track = simulated[number]
            told = np.array([each.at(clock) for clock in track.clock])
            assert np.abs(told - track.truth).mean() < 15
            assert (each.prediction.low < each.prediction.heart_rate).all()
            assert each.seconds.sum() == len(each.prediction.heart_rate) * 10
            assert (each.within[0] <= each.seconds).all()
            assert (each.seconds <= each.within[1]).all()

    def test_says_from_which_runs_in_a_sentence(self, found):
        before = (
            "Each is estimated from the person's runs with heart rate before it (10 to 12 runs), but at least from the first 10."
        )
        assert before in estimation_text.lines(found)
        for each, which in zip(
            found.estimates, ("first 10 runs with heart rate", "12 runs with heart rate before it"), strict=True
        ):
            one = replace(found, estimates=[each])
            assert f"It is estimated from the person's {which}." in estimation_text.lines(one)

    def test_estimates_between_steps_and_nowhere_else(self, found):
        each = found.estimates[0]
        start, rates = each.run.start, each.prediction.heart_rate
        assert each.at(start - 1) == each.at(start + each.run.duration + 1) == each.at(float("nan")) == 0
        assert each.at(start) == round(float(rates[0]))
        assert each.at(start + 15) == round(float(rates[1]))
        assert each.at(start + 20) == round(float(rates[1] + rates[2]) / 2)

    def test_an_export_gives_the_same(self, mine, found):
        export = estimation.estimate([mine / "export.zip"])
        for one, other in zip(export.estimates, found.estimates, strict=True):
            assert np.abs(one.prediction.heart_rate - other.prediction.heart_rate).mean() < 1.5

    def test_from_a_state_that_knows_later_runs(self, mine, simulated):
        athlete = AthleteState()
        athlete_update.learn_from(athlete, tracks.read(mine / "whole"))
        source = sorted((mine / "runs").iterdir())[SILENT[0]]
        (each,) = estimation.estimate([source], athlete).estimates
        assert each.prediction.start == each.run.start == simulated[SILENT[0]].clock[0]
        assert each.prediction.earlier_runs == 14
        with pytest.raises(InputError, match="learnt from this very run"):
            estimation.estimate([sorted((mine / "whole").iterdir())[0]], athlete, everything=True)

    def test_the_limits_of_the_filters_hold(self, simulated, tmp_path):
        run = simulated[0]
        runs = {
            "whole": run,
            "short": part(run, 47),
            "slow": replace(run, clock=run.clock[0] + (run.clock - run.clock[0]) * 9 * 3600 / (run.clock[-1] - run.clock[0])),
            "fast": replace(run, clock=run.clock[0] + (run.clock - run.clock[0]) / 3, speed=0 * run.speed),
        }
        for name, each in runs.items():
            formats.write_gpx_folder([replace(each, heart_rate=0 * each.heart_rate)], tmp_path / name)
        found = estimation.estimate([tmp_path / name for name in runs])
        assert [each.prediction.minutes for each in found.estimates] == [
            pytest.approx((run.clock[-1] - run.clock[0]) / 60, abs=0.2)
        ]
        assert sum(found.skipped.values()) == 3
        assert found.skipped["duration or sampling unreasonable"] == 1
        assert found.skipped["values out of range, or no runner's speed"] == 1
        said = "\n".join(estimation_text.lines(found))
        assert "Used 1 of 4 recordings. Not used: " in said
        assert "1 x duration or sampling unreasonable" in said
        for name in ("short", "slow", "fast"):
            with pytest.raises(InputError, match="found no run that can be estimated: 1 x "):
                estimation.estimate([tmp_path / name])

    def test_what_was_used_of_a_history_is_said_apart(self, simulated, mine, tmp_path):
        track = simulated[SILENT[1]]
        measured = np.where(np.arange(len(track.clock)) < 20, track.truth, 0)
        formats.write_gpx_folder([replace(track, heart_rate=measured)], tmp_path / "run")
        shutil.copytree(mine / "runs", tmp_path / "history")
        (tmp_path / "history" / "damaged.gpx").write_text("<gpx>")
        found = estimation.estimate([tmp_path / "run"], histories=[tmp_path / "history"])
        said = estimation_text.lines(found)
        assert "Used the one recording." in said
        (history,) = (line for line in said if line.startswith("Of the history: used 12 of 15 recordings. Not used: "))
        assert "2 x heart rate incomplete" in history
        assert "damaged.gpx" in history
        partly = "heart rate was measured at less than half of the points, and the numbers above are estimated throughout"
        kept = "A copy keeps what was measured where it lies in the prediction interval on average."
        assert any(line == f"In 1 run {partly}. {kept}" for line in said)
        told = estimation_text.as_dict(found)
        assert (told["history"]["used"], told["partly_measured"], told["used"], told["not_used"]) == (12, 1, 1, {})
        (path,) = filled_copies.write(found.estimates, tmp_path / "copies")
        (copy,) = tracks.read(path)
        np.testing.assert_array_equal(copy.heart_rate[:20], np.round(track.truth[:20]))
        formats.write_gpx_folder([replace(track, heart_rate=np.minimum(measured * 1.6, 230))], tmp_path / "wrong")
        found = estimation.estimate([tmp_path / "wrong"], histories=[tmp_path / "history"])
        assert any(", and replaces it in 1 run (2019-" in line for line in estimation_text.lines(found))
        (wrong,) = found.estimates
        (copy,) = tracks.read(*filled_copies.write([wrong], tmp_path / "replaced"))
        assert copy.heart_rate[:20].tolist() == [wrong.at(clock) for clock in track.clock[:20]]
        everything = estimation.estimate([tmp_path / "run"], everything=True)
        assert (everything.partly, everything.history) == (0, None)

    def test_a_run_of_unknown_date(self, simulated, mine, tmp_path):
        track = simulated[SILENT[1]]
        undated = replace(track, clock=track.clock - track.clock[0] + 40, heart_rate=0 * track.heart_rate)
        source = tmp_path / "undated"
        formats.write_gpx_folder([undated], source)
        (each,) = estimation.estimate([source], histories=[mine / "runs"]).estimates
        assert np.isnan(each.run.start)
        assert each.prediction.earlier_runs == 12
        told = np.array([each.at(clock) for clock in undated.clock])
        assert np.abs(told - track.truth).mean() < 15
        (path,) = filled_copies.write([each], tmp_path / "copies")
        (read_again,) = tracks.read(path)
        assert read_again.estimated
        np.testing.assert_array_equal(read_again.heart_rate, told)
        both = estimation.estimate([mine / "runs", source])
        assert np.isnan(both.estimates[-1].run.start)
        text = "\n".join(estimation_text.lines(both))
        assert "unknown date" in text
        assert "Of unknown date, so estimated from all that is known: 1 run." in text
        assert estimation_text.as_dict(both)["runs"][-1]["start"] is None

    def test_a_timeline_says_the_same(self, found, mine):
        written = timeline.write(tracks.read(mine / "runs"))
        for each, prediction in zip(found.estimates, written.unheard, strict=True):
            assert prediction.start == each.prediction.start
            assert prediction.earlier_runs == each.prediction.earlier_runs
            for one, other in ((prediction.heart_rate, each.prediction.heart_rate), (prediction.low, each.prediction.low)):
                np.testing.assert_array_equal(one, other)
        own = zones.estimate(written.athlete)
        assert (own.maximum, own.threshold) == (found.zones.maximum, found.zones.threshold)

    def test_a_timeline_of_someone_whose_file_knows_more_says_what_the_file_says(self, mine):
        athlete, source = AthleteState(), mine / "runs"
        athlete_update.learn_from(athlete, tracks.read(mine / "whole"))
        expected = estimation.estimate([source], copy.deepcopy(athlete))
        written = timeline.write(tracks.read(source), known=athlete)
        assert written.athlete is athlete
        assert [each.found.earlier_runs for each in written.entries] == list(range(12))
        for each, prediction in zip(expected.estimates, written.unheard, strict=True):
            np.testing.assert_array_equal(prediction.heart_rate, each.prediction.heart_rate)

    def test_of_a_stranger(self, mine):
        alone = estimation.estimate([sorted((mine / "runs").iterdir())[SILENT[0]]])
        (each,) = alone.estimates
        assert each.prediction.earlier_runs == 0
        assert any("Nothing is known of the person" in line for line in estimation_text.lines(alone))

    def test_everything_is_estimated_from_what_was_before(self, mine):
        found = estimation.estimate([mine / "whole"], everything=True)
        assert [each.prediction.earlier_runs for each in found.estimates] == list(range(14))
        assert found.measured == 0

    def test_nothing_that_can_be_estimated(self, mine, tmp_path):
        text = sorted((mine / "runs").iterdir())[SILENT[0]].read_text()
        (tmp_path / "a.gpx").write_text(text.replace('lat="', 'lat="north '))
        with pytest.raises(InputError, match="no run that can be estimated: 1 x no speed and no positions"):
            estimation.estimate([tmp_path / "a.gpx"])
        (tmp_path / "b.gpx").write_text((tmp_path / "a.gpx").read_text())
        with pytest.raises(InputError, match=r"a\.gpx and 1 more: found no run .*; look at what there is with `hrkeras inspect`"):
            estimation.estimate([tmp_path / "a.gpx", tmp_path / "b.gpx"])
        said = estimation_text.lines(estimation.estimate([mine / "whole"]))
        assert said == [
            "Nothing to estimate: 14 runs, all with heart rate. --all estimates these too.",
            "Used all 14 recordings.",
        ]
        text = sorted((mine / "whole").iterdir())[0].read_text().replace("2019-", "2018-")
        (tmp_path / "c.gpx").write_text("</trkpt>".join(text.split("</trkpt>")[:30]) + "</trkpt></trkseg></trk></gpx>")
        said = estimation_text.lines(estimation.estimate([mine / "whole", tmp_path / "c.gpx"]))
        assert said[0] == "Nothing to estimate: 15 runs, all with heart rate. --all estimates 14 of these too."
        assert (
            estimation_text.lines(estimation.estimate([tmp_path / "c.gpx"]))[0] == "Nothing to estimate: 1 run, with heart rate."
        )

    def test_two_files_of_one_name_are_refused_before_a_copy_is_written(self, mine, tmp_path):
        paths = [sorted((mine / "runs").iterdir())[number] for number in SILENT]
        for folder, path in zip("ab", paths, strict=True):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "run.gpx").write_bytes(path.read_bytes())
        (tmp_path / "a" / "before.gpx").write_bytes(paths[1].read_bytes().replace(b"2019", b"2018"))
        found = estimation.estimate([tmp_path / "a", tmp_path / "b"])
        with pytest.raises(
            InputError, match=r"run\.gpx: two of the files given have this name; give them one after the other, with"
        ):
            filled_copies.write(found.estimates, tmp_path / "out")
        assert not list(tmp_path.glob("out/*"))

    def test_no_altitude_is_said(self, mine, tmp_path):
        text = sorted((mine / "runs").iterdir())[SILENT[0]].read_text()
        (tmp_path / "a.gpx").write_text(text.replace("ele>", "elevation>"))
        found = estimation.estimate([tmp_path / "a.gpx"])
        assert "Without altitude, so taken as flat: 1 run." in estimation_text.lines(found)


class TestCopies:
    def test_are_read_back_with_the_estimate(self, found, mine, tmp_path):
        written = filled_copies.write(found.estimates, tmp_path)
        assert [path.name for path in written] == [sorted(each.name for each in (mine / "runs").iterdir())[n] for n in SILENT]
        for path, each in zip(written, found.estimates, strict=True):
            (read_again,) = tracks.read(path)
            assert read_again.heart_rate.tolist() == [each.at(read_again.start + time) for time in read_again.time]
            assert read_again.estimated

    def test_nothing_is_learnt_from_them(self, found, tmp_path):
        filled_copies.write(found.estimates, tmp_path)
        report = athlete_update.learn_from(AthleteState(), tracks.read(tmp_path))
        assert report.taken == {"heart rate estimated, not measured": 2}
        written = timeline.write(tracks.read(tmp_path))
        assert (len(written.entries), len(written.unheard)) == (0, 2)
        assert estimation.estimate([tmp_path]).measured == 2  # they have one, so they are left alone

    @pytest.mark.parametrize("alone", [False, True])
    def test_of_files_in_a_zip(self, found, mine, tmp_path, alone):
        path = Path(shutil.make_archive(str(tmp_path / "export"), "zip", mine, "runs"))
        same = estimation.estimate([path]).estimates
        for each, other in zip(same, found.estimates, strict=True):
            np.testing.assert_array_equal(each.prediction.heart_rate, other.prediction.heart_rate)
        if alone:
            assert filled_copies.write(same[:1], tmp_path / "a.gpx") == [tmp_path / "a.gpx"]
            return
        written = filled_copies.write(same, tmp_path / "copies")
        expected = filled_copies.write(found.estimates, tmp_path / "expected")
        assert [path.parent for path in written] == [tmp_path / "copies/runs"] * 2
        assert {path.name: path.read_bytes() for path in written} == {path.name: path.read_bytes() for path in expected}

    def test_of_an_export_are_its_routes(self, mine, tmp_path):
        estimates = estimation.estimate([mine / "export.zip"]).estimates
        with pytest.raises(InputError, match="expected a folder, since the routes of an export are to be copied"):
            filled_copies.write(estimates, tmp_path / "a.gpx")
        written = filled_copies.write(estimates, tmp_path)
        assert len(written) == 2
        assert all(path.name.startswith("route_") for path in written)
        assert all(np.isfinite(each.heart_rate).all() for path in written for each in tracks.read(path))

    def test_one_that_cannot_be_made_leaves_the_others(self, found, mine, tmp_path):
        bare = found.estimates[0]
        text = Path(tracks.file_of(bare.run)).read_text().partition("?>")[2]
        wide = tmp_path / "wide" / "a.gpx"
        wide.parent.mkdir()
        wide.write_bytes(text.encode("utf-16-be"))
        (tmp_path / "wide" / "b.gpx").write_text(text)
        silent = estimation.estimate([wide.parent], everything=True).estimates
        both = [replace(silent[0], run=replace(silent[0].run, where=str(wide.parent / name))) for name in ("a.gpx", "b.gpx")]
        log = ReadLog()
        assert filled_copies.write(both, tmp_path / "copies", log=log) == [tmp_path / "copies" / "b.gpx"]
        assert list(log.examples.values()) == [[str(wide)]]
        with pytest.raises(InputError, match="cannot be written, since the file to copy is XML in UTF-16"):
            filled_copies.write(both[:1], tmp_path / "copies")

    def test_of_json_there_are_none(self, tmp_path):
        with pytest.raises(InvalidWorkoutError, match="JSON, which cannot be copied"):
            copies.copy("json", open, tmp_path / "a.json", lambda clock: 0)

    def test_the_files_given_are_never_overwritten(self, found, mine):
        before = {path: path.read_bytes() for path in (mine / "runs").iterdir()}
        for force in (False, True):
            with pytest.raises(InputError, match="is itself one of the files to copy"):
                filled_copies.write(found.estimates, mine / "runs", force=force)
            with pytest.raises(InputError, match="is itself one of the files to copy"):
                filled_copies.write(found.estimates[:1], Path(tracks.file_of(found.estimates[0].run)), force=force)
        assert {path: path.read_bytes() for path in (mine / "runs").iterdir()} == before

    def test_another_file_is_only_when_told_to(self, found, tmp_path):
        (tmp_path / "a.gpx").write_text("mine")
        with pytest.raises(InputError, match="so it stays"):
            filled_copies.write(found.estimates[:1], tmp_path / "a.gpx")
        assert (tmp_path / "a.gpx").read_text() == "mine"
        assert filled_copies.write(found.estimates[:1], tmp_path / "a.gpx", force=True) == [tmp_path / "a.gpx"]

    def test_earlier_copies_are(self, found, tmp_path):
        first = filled_copies.write(found.estimates[:1], tmp_path / "a.gpx")
        assert filled_copies.write(found.estimates[:1], tmp_path / "a.gpx") == first == [tmp_path / "a.gpx"]

    @pytest.mark.parametrize(("name", "count", "said"), [("a.fit", 1, "ending in .gpx"), ("a.gpx", 2, "expected a folder")])
    def test_a_file_is_for_one_of_its_kind(self, found, tmp_path, name, count, said):
        with pytest.raises(InputError, match=said):
            filled_copies.write(found.estimates[:count], tmp_path / name)


class TestTimeInZones:
    def test_measured_and_estimated(self, mine):
        written = timeline.write(tracks.read(mine / "runs"))
        own = zones.estimate(written.athlete)
        everything, recent = time_in_zones.times(written, own), time_in_zones.times(written, own, 1)
        assert (everything.runs, everything.silent) == (12, 2)
        assert 0 < recent.runs + recent.silent < 14
        measured = sum(np.isfinite(each.heart_rate).sum() for each in written.entries)
        assert everything.measured.sum() == 10 * measured
        assert (everything.within[0] <= everything.estimated).all()
        said = "\n".join(time_in_zones.lines(own, recent, everything))
        assert "all: 12 runs" in said
        assert "Every 10 s with heart rate count once, in the zone that holds their mean to the nearest whole number." in said
        (of, _) = time_in_zones.estimated_from(own, written.athlete)
        assert of == "The maximum and the threshold are estimated from 12 runs with heart rate, not from a test."
        many = replace(written.athlete, records=written.athlete.records[-5:])
        assert "estimated from the last 5 of 12 runs with heart rate" in time_in_zones.estimated_from(own, many)[0]
        assert "all: 2 runs estimated" in said
        numbers = time_in_zones.as_dict(own, recent, everything)
        assert numbers["zones_begin"] == own.edges.tolist()
        assert sum(numbers["all"]["minutes"]) == pytest.approx(measured / 6, abs=0.05)
