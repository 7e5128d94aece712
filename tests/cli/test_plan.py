"""`hrkeras plan` as a person runs it: on a course without times, with what is known of them and with nothing."""

import json
import re

import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app


def run(*arguments, code=0):
    result = CliRunner().invoke(app, ["plan", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else " ".join(result.stderr.replace("│", " ").split())


@pytest.fixture(scope="module")
def course(folder, tmp_path_factory):
    """One of the runs as a planning site would write it: a track without times and heart rate."""
    text = sorted((folder / "runs").rglob("*.gpx"))[0].read_text()
    path = tmp_path_factory.mktemp("course") / "course.gpx"
    path.write_text(re.sub(r"<time>.*?</time>|<extensions>.*?</extensions>", "", text, flags=re.DOTALL))
    return path


def test_a_course_with_earlier_runs(folder, course, tmp_path):
    table, picture = tmp_path / "table.csv", tmp_path / "plan.png"
    known = ("--history", folder / "runs", "--output", table, "--plot", picture)
    said = run(course, "--pace", "6:00", "--limit", 150, *known)
    assert re.search(r"^Course: \d+\.\d km, \d+ m of climb\. At 6:00 /km on average \(even pace\) it takes ", said)
    assert re.search(r"^At 6:00 /km expect \d+ on average \(\d+-\d+\), highest \d+ at km \d+\.\d\.$", said, re.MULTILINE)
    assert "Known of the person: 8 earlier runs, the last of " in said
    rows = table.read_text().splitlines()
    assert rows[0] == "km,length_m,seconds,seconds_per_km,climb_m,heart_rate,low,high"
    assert len(re.findall(r"^ *[\d.]+  +6:00 ", said, re.MULTILINE)) == len(rows) - 1
    assert picture.stat().st_size > 10_000
    assert f"Written: {table}\nPicture: {picture}\n" in said
    latitude = re.search(r'lat="(-?\d+\.\d{3})', course.read_text())[1]
    assert latitude not in said + table.read_text()


def test_for_programs(folder, course):
    found = json.loads(run(course, "--heart-rate", 150, "--history", folder / "runs", "--even", "effort", "--json"))
    assert found["heart_rate"]["mean_after_5_min"] == pytest.approx(150, abs=1)
    assert found["heart_rate"]["mean"] < found["heart_rate"]["mean_after_5_min"]
    assert (found["even"], found["earlier_runs"]) == ("effort", 8)
    assert "under_limit" not in found
    assert (found["used"], found["not_used"]) == (8, {})
    later = json.loads(run(course, "--pace", "6:00", "--start", "2031-01-02T09:30+01:00", "--json"))
    assert (later["start"], later["earlier_runs"]) == ("2031-01-02T08:30Z", 0)
    assert "used" not in later


def test_nothing_known(course):
    said = run(course, "--limit", 160)
    assert "That is the fastest that is expected to stay under 160." in said
    assert "Nothing is known of the person, so this is a wide guess." in said


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ((), 2, "give one of --pace and --heart-rate, or --limit alone"),
        (("--pace", "6:00", "--heart-rate", 150), 2, "give one of --pace and --heart-rate"),
        (
            ("--pace", "6:00", "--start", "tomorrow"),
            2,
            "expected a time from 1990 to 2100",
        ),
        (("--pace", "6:00", "--start", "9999-12-31T23:59-14:00"), 2, "expected a time from 1990 to 2100"),
        (("--pace", "6:00", "--start", "0001-01-01"), 2, "expected a time from 1990 to 2100"),
        (("--pace", "6:00", "--athlete", "me.json", "--history", "."), 2, "give one of them"),
        (("--pace", "6"), 1, "Expected a pace of minutes and seconds a kilometre from 2:00 to 30:00"),
        (("--heart-rate", 500), 2, "less than or equal to 220"),
        (("--heart-rate", 70), 1, "too low for this course"),
    ],
)
def test_refused(course, arguments, code, reason):
    assert reason in run(course, *arguments, code=code)


def test_a_start_before_what_is_known_takes_the_runs_before_it(folder, course, tmp_path):
    assert CliRunner().invoke(app, ["update", str(tmp_path / "me.json"), str(folder / "runs")]).exit_code == 0
    early = ("--pace", "6:00", "--start", "2001-01-01T09:00")
    assert "can only be predicted from earlier runs" in run(course, *early, "--athlete", tmp_path / "me.json", code=1)
    assert "Used 0 of 8 recordings. Not used: 8 x later than this run." in run(course, *early, "--history", folder / "runs")


def test_real_courses(real_data):
    for name in ("garmin_connect_1.gpx", "no_heart_rate_1.gpx", "garmin_1.tcx", "coros_fit_2.fit"):
        assert "Course: " in run(real_data / "tracks" / name, "--pace", "6:00", "--limit", 170)
