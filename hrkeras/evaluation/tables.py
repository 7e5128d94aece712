"""Scores as text."""

from collections.abc import Mapping, Sequence

from hrkeras.evaluation.scores import Coverage, Score

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def table(rows: list[Score]) -> str:
    """Scores as an aligned text table, errors in beats/min; differences in brackets may be chance."""
    width = max(len(row.name) for row in rows)
    titles = f"{'MAE':>6}  {'95 % interval':>14}  {'RMSE':>6}  {'median run':>10}  {'per person':>10}"
    lines = [f"{'':{width}}  {titles}  {'worse by (95 %)':>24}"]
    for row in rows:
        interval = "{:.2f} - {:.2f}".format(*row.mae_interval)
        worse = "" if row.worse_by is None else "{:+.2f} ({:+.2f} to {:+.2f})".format(*row.worse_by)
        worse = worse if row.differs or not worse else f"[{worse}]"
        errors = f"{row.mae:6.2f}  {interval:>14}  {row.rmse:6.2f}  {row.median_run_mae:10.2f}  {row.people_mae:10.2f}"
        lines.append(f"{row.name:{width}}  {errors}  {worse:>24}".rstrip())
    return "\n".join(lines)


def people_table(people: Mapping[int | str, list[Score]]) -> str:
    """Mean absolute error of model and baselines for each person, as an aligned text table."""
    names = [row.name for row in next(iter(people.values()))]
    width = max(len("person"), *(len(str(person)) for person in people))
    lines = [f"{'person':>{width}}  {'runs':>5}  " + "  ".join(f"{letter:>6}" for letter in LETTERS[: len(names)])]
    for person, rows in people.items():
        lines.append(f"{person:>{width}}  {rows[0].runs:5}  " + "  ".join(f"{row.mae:6.2f}" for row in rows))
    return "\n".join(lines) + "\n\n" + "; ".join(f"{letter} {name}" for letter, name in zip(LETTERS, names, strict=False))


def months_table(rows: list[dict]) -> str:
    """Error by months since training, as an aligned text table."""
    lines = [f"{'months since training':>21}  {'runs':>5}  {'history kept up':>15}  {'history ended':>13}"]
    lines += [f"{row['months']:>21}  {row['runs']:5}  {row['kept_up']:15.2f}  {row['frozen']:13.2f}" for row in rows]
    return "\n".join(lines)


def intervals_text(intervals: Sequence[Coverage]) -> str:
    """How often heart rate lay in the prediction intervals (10 to 90 %), a line each."""
    lines = []
    for row in intervals:
        people = ", ".join(f"{100 * share:.0f}" for share in row.people.values())
        text = f"{row.name}: {100 * row.inside:.0f} % of the heart rates lie in it, mean width {row.width:.1f} beats/min"
        lines.append(f"Prediction interval (10 to 90 %), {text}" + (f"; by person {people} %" if len(row.people) > 1 else ""))
    return "\n".join(lines)
