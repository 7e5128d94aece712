"""Sports and names from the table of a service's export."""

import io

import pytest

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers.activity_table import ActivityTable, Listed

STRAVA = """Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Filename,Distance
11,"Jan 1, 2020",Morning Run,Run,"with, commas
and lines",activities/101.gpx,7
12,"Jan 2, 2020",Lunch Ride,Ride,,activities/102.fit.gz,11
13,"Jan 3, 2020",Sunday,Workout,,activities\\103.tcx.gz,12
14,"Jan 4, 2020",Manual,Yoga,,,12
"""
GERMAN = """\ufeffAktivitäts-ID;Datum der Aktivität;Name der Aktivität;Aktivitätsart;Dateiname
11;01.01.2020;Lauf am Morgen;Lauf;activities/101.gpx
12;02.01.2020;Radfahrt am Mittag;Radfahrt;activities/102.fit.gz
"""
JAPANESE = """アクティビティ ID,アクティビティ日,アクティビティ名,アクティビティタイプ,ファイル名
11,2020/01/01,朝のランニング,ランニング,activities/101.gpx
12,2020/01/02,午後のライド,ライド,activities/102.fit.gz
"""
NUMBERS = "Activity ID,Activity Type\n101,Run\n102,Ride\n"


def table(text):
    return ActivityTable(io.BytesIO(text.encode()))


@pytest.mark.parametrize(
    ("text", "run", "ride"),
    [
        (STRAVA, ("Run", "Morning Run"), ("Ride", "Lunch Ride")),
        (GERMAN, ("Lauf", "Lauf am Morgen"), ("Radfahrt", "Radfahrt am Mittag")),
        (JAPANESE, ("ランニング", "朝のランニング"), ("ライド", "午後のライド")),
        (NUMBERS, ("Run", ""), ("Ride", "")),
    ],
)
def test_columns_are_told_by_what_is_in_them(text, run, ride):
    found = table(text)
    assert found.find("activities/101.gpx") == run
    assert found.find("Activities/102.FIT.gz") == ride
    assert found.find("activities/7.gpx") == Listed()


def test_a_files_number_is_no_activitys_number():
    found = table(STRAVA)
    assert found.find("activities/11.gpx") == Listed()
    assert found.find("activities/103.tcx.gz") == ("Workout", "Sunday")


@pytest.mark.parametrize("text", ["", "\n", "a,b,c\n", "a\n1,2,3\n\n4", "\0\n\0"])
def test_a_poor_table_says_nothing(text):
    assert table(text).find("activities/1.gpx") == Listed()


def test_a_table_that_would_not_fit_into_memory_is_refused():
    with pytest.raises(InvalidWorkoutError, match="table of activities of over 5,000,000 cells"):
        table("a\n" + "," * 5_000 + "\n" + "1\n" * 1_000)


def test_what_is_no_table_is_refused():
    with pytest.raises(InvalidWorkoutError, match="table of activities that cannot be read"):
        table("a,b\n" + "x" * 200_000)
