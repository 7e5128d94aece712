"""The funnel of the filters."""

import pickle

from test_quality import LIMITS, good

from hrkeras.workouts import quality
from hrkeras.workouts.funnel import UNNAMED, Funnel
from hrkeras.workouts.readers.source import ReadLog


def test_funnel_names_the_sports_left_out():
    funnel = Funnel()
    for sport in ["cycling", "walking", "running", "cycling", ""]:
        taken = quality.taken_by(good(sport=sport), LIMITS)
        funnel.count(pickle.loads(pickle.dumps(taken)))  # as from another process
    assert funnel.other_sports == {"cycling": 2, "walking": 1, UNNAMED: 1}
    assert "other sports left out: 2 cycling, 1 walking, 1 unnamed" in str(funnel)
    assert funnel.as_dict()["other_sports"] == {"cycling": 2, "walking": 1, "unnamed": 1}
    assert funnel.as_dict()["taken"]["sport"] == 4
    assert "other sports" not in str(Funnel())


def test_funnel_adds_up():
    funnel = Funnel(workouts=10)
    funnel.taken.update({"sport": 3, quality.DUPLICATE: 2})
    funnel.unreadable["line is broken"] += 4
    funnel.examples["line is broken"] = ["x.json:7"]
    assert funnel.left == 5
    assert [left for _, _, left in funnel.steps()] == [10, 7, 7, 7, 7, 7, 7, 7, 7, 5]
    assert funnel.as_dict()["taken"]["sport"] == 3
    assert "4 x line is broken (first: x.json:7)" in str(funnel)


def test_what_is_passed_over_in_workouts_that_were_read_is_no_unreadable_workout():
    log = ReadLog()
    log.pass_over("bytes after the end of the FIT file", "a.fit")
    funnel = Funnel(log.skipped, log.passed_over, log.examples, workouts=1)
    assert "not readable" not in str(funnel)
    said = "passed over in workouts that were read: 1\n  1 x bytes after the end of the FIT file (first: a.fit)"
    assert str(funnel).endswith(said)
    found = funnel.as_dict()
    assert (found["unreadable"], found["unreadable_examples"]) == ({}, {})
    assert found["passed_over"] == {"bytes after the end of the FIT file": 1}
