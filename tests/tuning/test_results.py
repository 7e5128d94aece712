"""What is said of a search, worked out by hand."""

import csv
import io

import keras_tuner
import pytest
from PIL import Image

from hrkeras.tuning import picture, results
from hrkeras.utils.errors import InputError


def trial(number, errors, **values):
    """A trial whose trainings end with these validation errors, each after a worse epoch and before another."""
    hp = keras_tuner.HyperParameters()
    hp.values = values
    trained = [
        results.Trained(
            seed,
            [{"epoch": n + 1, "mae": error - 1 + n, "val_mae": error + worse} for n, worse in enumerate((4.0, 0.0, 1.0))],
            [9.0, 2.0, 1.0],
        )
        for seed, error in enumerate(errors)
    ]
    return results.Trial(number, hp, 3, trained)


@pytest.mark.parametrize("log", ["epoch\n1", "epoch,val_mae", "epoch,val_mae\n1,abc", ""])
def test_a_damaged_log_is_named(log, tmp_path):
    (tmp_path / "epochs.csv").write_text(log)
    with pytest.raises(InputError, match="expected the log of a training, found a damaged one"):
        results.Trained.read(0, tmp_path)


@pytest.mark.parametrize(
    ("kept", "seconds"),
    [('{"1": 3.5}', [3.5]), (None, []), ("", []), ("[3.5]", []), ('{"1": "long", "2": 3.5, "3": null}', [3.5])],
)
def test_a_log_is_read_whether_its_seconds_are_known_or_not(kept, seconds, tmp_path):
    (tmp_path / "epochs.csv").write_text("epoch,val_mae\n1,2")
    if kept is not None:
        (tmp_path / results.SECONDS).write_text(kept)
    assert results.Trained.read(0, tmp_path) == (0, [{"epoch": 1, "val_mae": 2}], seconds)


def test_unknown_seconds_are_left_blank():
    one = BEST._replace(trained=[each._replace(seconds=[]) for each in BEST.trained])
    assert [cell.strip() for cell in results.table([one]).splitlines()[2].split("|")][5] == ""
    assert {row["seconds_per_epoch"] for row in csv.DictReader(io.StringIO(results.as_csv([one])))} == {""}


BEST, NEXT = trial("1", [7.0, 7.2, 7.1], batch_size=16), trial("2", [7.3, 7.4, 7.5], batch_size=32)
LAST, FAILED = trial("0", [7.0, 9.0, 8.0], batch_size=8), trial("3", [], batch_size=64)._replace(reason="MemoryError: 1|2")


def test_a_difference_is_paired_by_seed():
    found = results.difference(BEST, NEXT)
    assert found.mean == pytest.approx(0.3)
    # differences 0.3, 0.2, 0.4: standard deviation 0.1, over the square root of 3, times the t of 2 degrees of freedom
    assert (found.low, found.high) == pytest.approx((0.3 - 4.303 * 0.1 / 3**0.5, 0.3 + 4.303 * 0.1 / 3**0.5))
    assert found.differs
    assert not results.difference(BEST, LAST).differs


def test_the_sentence_says_whether_the_best_can_be_told_from_the_next():
    assert results.sentence([BEST, NEXT]) == (
        "Best: batch size 16, validation MAE 7.10 beats/min; next: batch size 32, 7.40. It is distinguishable from the next with "
        "3 seeds: the difference, paired by seed, is 0.30 beats/min, 95 % interval 0.05 to 0.55."
    )
    assert "It is not distinguishable from the next with 3 seeds" in results.sentence([BEST, LAST])
    assert "there is no other" in results.sentence([BEST, FAILED])
    one, two = (trial("0", [error], units=units) for error, units in ((7.0, 4), (7.1, 8)))
    assert "One seed cannot tell" in results.sentence([one, two])


def test_the_table():
    lines = results.table([BEST, NEXT, LAST, FAILED]).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]
    assert len({len(line) for line in lines}) == 1
    assert rows == [
        ["batch size", "validation MAE", "training MAE", "best epoch", "s/epoch", "worse by (95 %)"],
        ["16", "7.10 ± 0.10", "7.10 ± 0.10", "2.0 of 3", "2.0", ""],
        ["32", "7.40 ± 0.10", "7.40 ± 0.10", "2.0 of 3", "2.0", "+0.30 (+0.05 to +0.55)"],
        ["8", "8.00 ± 1.00", "8.00 ± 1.00", "2.0 of 3", "2.0", "[+0.90 (-1.34 to +3.14)]"],
        ["64", "failed: MemoryError: 1/2", "", "", "", ""],
    ]


def test_the_csv_has_a_row_a_training():
    found = list(csv.DictReader(io.StringIO(results.as_csv([BEST, FAILED]))))
    assert [row["val_mae"] for row in found] == ["7.0", "7.2", "7.1", ""]
    assert found[1] == {
        "trial": "1",
        "batch_size": "16",
        "seed": "1",
        "epochs": "3",
        "best_epoch": "2",
        "mae": "7.2",
        "val_mae": "7.2",
        "seconds_per_epoch": "2.0",
        "failed": "",
    }
    assert found[3]["failed"] == "MemoryError: 1|2"


def test_the_picture_of_many_trials(tmp_path):
    trials = [trial(str(number), [7 + number / 10, 7.2 + number / 10], units=number) for number in range(12)]
    path = picture.curves([*trials, FAILED], tmp_path / "curves.png")
    with Image.open(path) as image:
        assert image.width > 800
