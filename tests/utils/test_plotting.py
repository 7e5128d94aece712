"""Pictures: that each is drawn, of odd data too, and that nothing half drawn is left."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from hrkeras.datasets import funnel_plot
from hrkeras.datasets.windows import Run
from hrkeras.evaluation import evaluate, evaluation_plots, scores
from hrkeras.evaluation.protocols import PROTOCOLS
from hrkeras.personal import person_plots
from hrkeras.personal.prediction import Prediction
from hrkeras.training import epoch_plot
from hrkeras.utils import plotting
from hrkeras.workouts.funnel import Funnel
from hrkeras.workouts.grid import Grid


def run(steps=400, *, measured=True, hilly=True, number=0) -> Run:
    random = np.random.default_rng(number)
    altitude = random.normal(size=steps).cumsum() if hilly else np.zeros(steps)
    heart_rate = random.normal(150, 5, steps) if measured else np.full(steps, np.nan)
    grid = Grid(*(np.float32(each) for each in (random.uniform(0, 4, steps), altitude, heart_rate)))
    return Run(number, 0, 0.0, grid, np.array([number]))


def is_picture(path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5_000


def evaluated(runs, predicted) -> evaluate.Evaluation:
    profile = PROTOCOLS["profile"]
    case = evaluate.CaseResult(profile.cases[0], [], {"mine": predicted}, [np.isfinite(each.grid.heart_rate) for each in runs])
    return evaluate.Evaluation(profile, runs, [case], {}, None)


def labels(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize("steps", [1, 2, 400, 3000])
@pytest.mark.parametrize(("measured", "hilly"), [(True, True), (False, False)])
def test_prediction(drawn, tmp_path, steps, measured, hilly):
    whole = run(steps, measured=measured, hilly=hilly)
    middle = np.full(steps, 150.0)
    found = Prediction(0.0, whole.grid, middle, middle - 9, middle + 9, 3, hilly, [])
    path = plotting.save(person_plots.run(found, "Run of today"), tmp_path / "new" / "run.png")
    assert is_picture(path)
    axes = drawn[0].axes
    assert axes[0].get_title(loc="left") == "Run of today"
    assert labels(axes[0]) == ["10 to 90 %", *(["measured"] if measured else []), "predicted"]
    assert [each.get_ylabel() for each in axes[1:]] == ["speed (km/h)", "altitude (m)"][: 1 + (hilly and steps > 1)]
    assert axes[0].get_xlim() == (0, steps / 6)
    assert [each.name for each in path.parent.iterdir()] == ["run.png"]


def test_evaluation_chooses_best_median_and_worst(drawn, tmp_path):
    runs = [run(number=number, measured=number != 4) for number in range(6)]
    errors = [3, 1, 9, 5, 0, 7]
    predicted = [each.grid.heart_rate + error for each, error in zip(runs, errors, strict=True)]
    paths = evaluation_plots.evaluation(evaluated(runs, predicted), 10.0, tmp_path)
    assert [path.name for path in paths] == ["runs.png", "error_by_minute.png"]
    assert all(map(is_picture, paths))
    titles = [axes.get_title(loc="left") for axes in drawn[0].axes]
    assert [title for title in titles if title] == [
        "Best of 5 runs: error 1.0 beats/min",
        "Median of 5 runs: error 5.0 beats/min",
        "Worst of 5 runs: error 9.0 beats/min",
    ]
    above, below = drawn[1].axes
    np.testing.assert_allclose(above.lines[0].get_ydata()[:60], np.mean([3, 1, 9, 5, 7]), rtol=1e-5)
    assert [bar.get_height() for bar in below.patches][:70] == [5] * 67 + [0] * 3
    assert below.get_xlim()[1] == 67


def test_evaluation_of_one_run(tmp_path):
    one = run(7)
    assert len(evaluation_plots.evaluation(evaluated([one], [one.grid.heart_rate]), 10.0, tmp_path)) == 2


@pytest.mark.parametrize("count", [1, 14])
def test_epochs_marks_the_best(drawn, tmp_path, count):
    log = [{"epoch": number + 1, "mae": 9.0 - number, "val_mae": abs(number - 3) + 7.5} for number in range(count)]
    assert is_picture(epoch_plot.epochs(log, tmp_path / "epochs.png"))
    (axes,) = drawn[0].axes
    best = "10.50 beats/min, epoch 1" if count == 1 else "7.50 beats/min, epoch 4"
    assert axes.get_title(loc="left") == f"Best validation error: {best}"
    assert labels(axes) == ["training", "validation"]


def test_earlier_runs(drawn, tmp_path):
    def rows_of(errors):
        return [scores.Score("", mae, mae, mae, (mae - 1, mae + 1), 5, 50) for mae in errors]

    rows = [(count, *rows_of((12 - place, 13 - place))) for place, count in enumerate((0, 1, 5))]
    assert is_picture(evaluation_plots.earlier_runs(rows, rows_of([11])[0], tmp_path / "a.png"))
    assert is_picture(evaluation_plots.earlier_runs(rows, None, tmp_path / "b.png"))
    (axes,) = drawn[0].axes
    assert labels(axes) == ["athlete's state alone", "model", "model without history"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "1", "5"]
    assert axes.lines[1].get_ydata().tolist() == [12, 11, 10]


def test_attention(drawn, tmp_path):
    by_lag = np.array([[[0.4, 0.3, 0.3], [0.2, 0.2, 0.6]], [[0.0, 0.0, 1.0], [0.6, 0.2, 0.2]]])
    assert is_picture(evaluation_plots.attention(by_lag, 10.0, tmp_path / "attention.png"))
    panels = drawn[0].axes
    titles = [axes.get_title(loc="left") for axes in panels]
    assert [title.rpartition(" the ")[2] for title in titles] == ["last 10 s", "last 20 s"]
    np.testing.assert_allclose(panels[0].lines[2].get_xydata(), [[0, 30], [10, 25], [20, 45]])
    assert labels(panels[0]) == ["each head", "mean of the heads"]


def test_funnel(drawn, tmp_path):
    full = Funnel(workouts=7300)
    full.taken.update(sport=1221, duplicate=85)
    for found in (full, Funnel()):
        assert is_picture(funnel_plot.funnel(found, tmp_path / "funnel.png"))
    (axes,) = drawn[0].axes
    assert axes.get_title(loc="left") == "5,994 of 7,300 workouts pass the filters"
    texts = [text.get_text() for text in axes.texts]
    assert (texts[0], texts[1], texts[-1]) == ("7,300", "6,079  (−1,221)", "5,994  (−85)")


def test_a_picture_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "epochs.png"
    path.write_text("old")

    def fails(self, part, **_):
        part.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fails)
    with pytest.raises(OSError, match="No space left"):
        epoch_plot.epochs([{"epoch": 1, "mae": 1.0, "val_mae": 1.0}], path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_limits_hold_all_and_span_the_least():
    assert plotting.limits(np.array([0.0, 100.0]), 30.0) == pytest.approx((-5, 105))
    assert plotting.limits(np.array([0.5, np.nan, 0.7]), 30.0) == pytest.approx((-14.4, 15.6))


def test_a_label_is_where_nothing_is_drawn():
    for at, side in (([], (0, 1)), ([(0.5, 0.55)], (0, -1)), ([(0.5, 0.55), (0.5, 0.45)], (1, 0))):
        _, axes = plotting.new_figure(size=(5, 4))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.plot(*zip(*at, (0.9, 0.9), strict=True), "o")
        plotting.label_points(axes, [(0.5, 0.5)], ["16 Jun 2025"], 1)
        (label,) = axes.texts
        assert label.get_position() == (plotting.AROUND * side[0], plotting.AROUND * side[1])
    axes.plot([0.4, 0.5, 0.6] * 3, np.repeat([0.45, 0.5, 0.55], 3), "o")
    plotting.label_points(axes, [(0.5, 0.5)], ["17 Jun 2025"], 1)  # would be read as one of the others'
    assert list(axes.texts) == [label]
    axes.fill_between([0.5, 1.0], 0.0, 1.0)
    axes.plot([0.0, 1.0], [0.58, 0.58], "-")
    assert plotting._covered(axes, label.get_window_extent()) == 1
