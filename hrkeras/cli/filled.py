"""What `hrkeras estimate` and `hrkeras repair` share: copies of files, pictures beside them, and what was written."""

from collections.abc import Callable, Iterable, Sequence
from math import isnan
from pathlib import Path
from typing import Any

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.shared import progress

NAMED = 3  # files that are named one by one


def check(inputs: Iterable[Path | None], output: Path | None, plot: bool, force: bool) -> None:
    """Refuses pictures without copies, and copies where they may not go."""
    if plot and not output:
        raise typer.BadParameter("pictures lie beside the copies; give a folder with --output", param_hint="--plot")
    outputs.check_copies(inputs, output, force)


class Written:
    """Copies with a heart rate in them.

    Args:
        filled: the runs, as `filled_copies.write` takes them.
        output: where the copies go; nothing is written if it is None.
        inputs: paths that are never overwritten.
        draw: draws a run; no pictures if not given.
        force: see `filled_copies.write`.

    Attributes:
        paths: of the copies, then of the pictures.
        log: of the files that cannot be copied.
    """

    def __init__(
        self,
        filled: Sequence,
        output: Path | None,
        inputs: Iterable[Path | None],
        draw: Callable[[Any], Any] | None = None,
        force: bool = False,
    ) -> None:
        from hrkeras.personal import filled_copies
        from hrkeras.workouts.readers.source import ReadLog

        self.paths, self.log, self._output = list[Path](), ReadLog(), output
        if not output or not filled:
            return
        pictures = _pictures(filled, output) if draw else {}
        outputs.check(inputs, [(path, kinds.PNG) for path in pictures], force)
        with progress(None, "Writing", "file") as bar:
            self.paths += filled_copies.write(filled, output, force, bar.update, self.log)
        if draw and pictures:
            from hrkeras.utils import plotting

            with progress(len(pictures), "Drawing", "run") as bar:
                for path, run in pictures.items():
                    self.paths.append(plotting.save(draw(run), path))
                    bar.update()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"written": [str(path) for path in self.paths], "not_copied": dict(self.log.skipped)}

    def lines(self) -> list[str]:
        """For people; empty if there was nothing to write."""
        text = []
        for reason, number in self.log.skipped.items():
            places = self.log.examples[reason]
            text.append(f"Not copied: {number:,} x {reason} ({', '.join(places)}{', ...' if number > len(places) else ''})")
        if len(self.paths) > NAMED:
            text.append(f"Written: {len(self.paths):,} files in {self._output}")
        elif self.paths:
            text.append(f"Written: {', '.join(map(str, self.paths))}")
        return text


def _pictures(filled: Sequence, output: Path) -> dict[Path, Any]:
    """The runs, by the path of their picture: beside a single copy under its name, in a folder under their dates."""
    from hrkeras.workouts import clock
    from hrkeras.workouts.readers import tracks

    def name(run) -> str:
        return Path(run.where).name if isnan(run.start) else clock.date(run.start, run.utc_offset)

    if tracks.is_track(output):
        return {output.with_suffix(".png"): each for each in filled}
    return {output / f"{name(each.run).replace(' ', '_').replace(':', '')}.png": each for each in filled}
