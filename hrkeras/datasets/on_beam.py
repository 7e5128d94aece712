"""Build a dataset of Endomondo files on Apache Beam, with the functions that build it without Beam.

Grids travel apart from the few numbers that tell duplicates, order and split. Those are grouped by person and then brought
together once, some 200 bytes a run, so that no process holds the grids of a person or more than one file of the dataset.
"""

import json
import shlex
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions, TypeOptions
from tensorflow_datasets.core.utils.shard_utils import ShardConfig

from hrkeras.datasets import records, shards
from hrkeras.datasets.base import Summary, metadata
from hrkeras.utils import children
from hrkeras.utils.errors import InputError
from hrkeras.workouts import duplicates, prepare, quality, splits
from hrkeras.workouts.funnel import Funnel
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.readers import endomondo
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.tables import packed, unpacked

RUNNER = "FnApiRunner"  # Beam's own processes; its DirectRunner would first try to download another
SUMMARY, TALLIES = "summary", "tallies"  # outputs beside the main ones


class Job(NamedTuple):
    """What is built: the files to read, the dataset's folder and name, the rule of its split, and limits of all kinds."""

    sources: list[Path]
    folder: Path
    dataset: str
    config: str
    limits: quality.Limits
    shard_config: ShardConfig
    most: int | None


@dataclass
class Tally:
    """What was counted in a part of the sources: its lines, those that are no workouts, and what the filters took.

    `error` says why its file cannot be read, if it cannot.
    """

    number: int
    path: Path
    lines: int = 0
    skipped: list[tuple[str, int]] = field(default_factory=list)
    funnel: Funnel = field(default_factory=Funnel)
    error: str = ""


def options(text: str) -> PipelineOptions:
    """Beam's options, as on a command line.

    Raises:
        InputError: if a quotation mark is not closed.
    """
    try:
        return PipelineOptions(shlex.split(text))
    except ValueError as error:
        raise InputError(f"Beam's options {text!r} cannot be read ({error}); close what is opened.") from None


def build(job: Job, options: PipelineOptions | None, runner: Any = None) -> Summary:
    """Writes the files of a dataset into a folder that all workers see, as they must the sources.

    Args:
        job: what to build.
        options: Beam's.
        runner: Beam's, or its name; the one in the options, or else `RUNNER`, if not given.

    Raises:
        InputError: if a source cannot be read, no run of it passes the filters, or the pipeline fails.
    """
    options = options or PipelineOptions()
    options.view_as(TypeOptions).pipeline_type_check = False
    report = job.folder / "beam.json"
    try:
        with children.spawning(), beam.Pipeline(runner or options.view_as(StandardOptions).runner or RUNNER, options) as pipeline:
            _stages(pipeline, job, report)
    except (RuntimeError, ValueError, ImportError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise InputError(f"Beam did not build the dataset ({reason}); check its options and the logs of its workers.") from error
    told = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    if "error" in told:
        raise InputError(told["error"], told["argument"])
    counts: dict[str, Any] = {
        name: Counter(told["funnel"].pop(name)) for name in ("unreadable", "passed_over", "taken", "reasons", "other_sports")
    }
    written = [shards.Written(shards.File(*file), count, size) for file, count, size in told["written"]]
    return Summary(Funnel(**counts, **told["funnel"]), told["metadata"], written)


def _stages(pipeline: beam.Pipeline, job: Job, report: Path) -> None:
    read = (
        pipeline
        | "Parts" >> beam.Create(list(enumerate(endomondo.parts(job.sources))))
        | "Distribute" >> beam.Reshuffle()
        | "Read" >> beam.FlatMap(_read, job.limits).with_outputs(TALLIES, main="runs")
    )
    kept = (
        read["runs"]
        | "Facts" >> beam.Map(_facts)
        | "By person" >> beam.GroupByKey()
        | "Without duplicates" >> beam.FlatMap(_without_duplicates)
    )
    once = pipeline | "Once" >> beam.Create([None])
    tallies = beam.pvalue.AsList(read[TALLIES])
    arranged = once | "Arrange" >> beam.FlatMap(_arrange, beam.pvalue.AsList(kept), tallies, job).with_outputs(
        SUMMARY, main="places"
    )
    written = (
        {"runs": read["runs"], "places": arranged["places"]}
        | "By run" >> beam.CoGroupByKey()
        | "Windows" >> beam.FlatMap(_windows)
        | "By file" >> beam.GroupByKey()
        | "Write" >> beam.Map(_write, job.folder, job.dataset)
    )
    summary = beam.pvalue.AsSingleton(arranged[SUMMARY])
    once | "Report" >> beam.Map(_report, summary, beam.pvalue.AsList(written), report)


def _read(numbered: tuple[int, endomondo.Part], limits: quality.Limits):
    """Yields the runs of a part by their places in the order of the sources, and its tally."""
    number, part = numbered
    tally = Tally(number, part.path)
    try:
        for parsed in endomondo.read_part(part, partial(prepare.examine, limits=limits)):
            tally.skipped += parsed.skipped
            tally.lines += parsed.lines
            for outcome in parsed.items:
                tally.funnel.count(outcome if isinstance(outcome, str) else None)
                if isinstance(outcome, prepare.PreparedRun):
                    user, start, grid, content = outcome[:4]
                    yield (number, tally.funnel.workouts), (user, start, outcome.end, content, len(grid.speed), packed(grid))
    except InputError as error:
        tally.error = str(error)
    yield beam.pvalue.TaggedOutput(TALLIES, tally)


def _facts(placed_run):
    place, (user, start, end, content, steps, _) = placed_run
    return user, (place, start, end, content, steps)


def _without_duplicates(facts_of_person):
    """Yields place, person, start and steps of the runs of a person that are kept."""
    person, facts = facts_of_person
    places, starts, ends, contents, steps = zip(*sorted(facts), strict=True)
    for row in np.flatnonzero(duplicates.kept([person] * len(starts), starts, ends, contents)):
        yield places[row], person, starts[row], steps[row]


def _arrange(_, kept, tallies, job: Job):
    """Yields for each window the place of its run, and where it is to be written; and the summary of the dataset."""
    try:
        funnel = _counted(tallies, len(kept), job.sources)
        places, names, starts, steps = zip(*sorted(kept), strict=True) if kept else ((), (), (), ())
        order, users = prepare.arrange(names, np.array(starts), funnel)
        starts, steps = np.array(starts)[order], np.array(steps)[order]
        split = splits.RULES[job.config](users, starts)
    except InputError as error:
        yield beam.pvalue.TaggedOutput(SUMMARY, {"error": str(error), "argument": error.argument})
        return
    for shard in shards.plan(split, steps, job.shard_config, job.most):
        for row, (run, first) in enumerate(zip(shard.runs.tolist(), shard.first_steps.tolist(), strict=True)):
            facts = {"user": int(users[run]), "start": round(starts[run]), "run": run}
            yield places[order[run]], (tuple(shard.file), row, first, facts)
    told = {"funnel": vars(funnel), "metadata": metadata(users, split, job.limits, funnel)}
    yield beam.pvalue.TaggedOutput(SUMMARY, told)


def _counted(tallies: list[Tally], kept: int, sources: list[Path]) -> Funnel:
    log = ReadLog()
    funnel = Funnel(log.skipped, log.passed_over, log.examples)
    lines, workouts = Counter[Path](), Counter[Path]()
    for tally in sorted(tallies, key=lambda tally: tally.number):
        if tally.error:
            raise InputError(tally.error)
        for reason, line in tally.skipped:
            log.skip(reason, f"{tally.path.name}:{lines[tally.path] + line}")
        lines[tally.path] += tally.lines
        workouts[tally.path] += tally.funnel.workouts
        funnel.add(tally.funnel)
    endomondo.check_counts(sources, workouts, log)
    funnel.count_duplicates(funnel.left - kept)
    return funnel


def _windows(grouped):
    """Yields the records of a run's windows by the file that they are written to, with their row in it."""
    _, found = grouped
    for file, row, first, facts in found["places"]:
        ((*_, grid),) = found["runs"]
        yield file, (row, records.of_window(Grid(*unpacked(grid)), first, **facts))


def _write(rows_of_file, folder: Path, dataset: str):
    file, rows = rows_of_file
    with records.writing(shards.File(*file).path(folder, dataset)) as writer:
        for _, record in sorted(rows):
            writer.write(*record)
    return file, writer.count, writer.size


def _report(_, summary: dict[str, Any], written: list, path: Path) -> None:
    path.write_text(json.dumps(summary | {"written": written}), encoding="utf-8")
