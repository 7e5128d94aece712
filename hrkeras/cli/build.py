"""`hrkeras build`: from a source to a dataset."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.shared import DataDir, Limit, Seed, progress

Config = Annotated[
    Literal["by_time", "by_user"],
    typer.Option(help="How runs are split: by_time splits each person's runs by date, by_user puts each person in one split."),
]
Source = Annotated[Path, typer.Argument(exists=True, help="The file or folder to read.", show_default=False)]
Sources = Annotated[list[Path], typer.Argument(exists=True, help="The file to read, or several.", show_default=False)]
BeamOptions = Annotated[
    str | None,
    typer.Option(
        metavar="OPTIONS",
        help="Build on Apache Beam with its options, such as '--runner FlinkRunner --flink_master HOST:8081'; see "
        "docs/how-to/beyond_one_machine.md.",
        show_default=False,
    ),
]

app = typer.Typer(help="Build a dataset from the runs that pass the quality filters.", no_args_is_help=True)


@app.command()
def endomondo(
    source: Sources,
    config: Config = "by_time",
    data_dir: DataDir = None,
    limit: Limit = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Number of processes that read and write. Default: one for each core, at most 16."),
    ] = None,
    beam_options: BeamOptions = None,
) -> None:
    """Build from Endomondo workouts: endomondoHR.json, plain or gzipped, in one file or several."""
    from hrkeras.utils.processes import cores

    if processes and beam_options is not None:
        raise typer.BadParameter("Beam's own options say how many workers it has; leave this out", param_hint="--processes")
    _build("endomondo", source, config, data_dir, limit, processes=processes or cores(), beam_options=beam_options)


@app.command(name="apple_watch")
def apple_watch(source: Source, config: Config = "by_time", data_dir: DataDir = None, limit: Limit = None) -> None:
    """Build from an Apple Health export: export.zip, its folder or its XML."""
    _build("apple_watch", [source], config, data_dir, limit)


@app.command()
def tracks(source: Source, config: Config = "by_time", data_dir: DataDir = None, limit: Limit = None) -> None:
    """Build from GPX, TCX and FIT files: a folder with a sub-folder for each person, or a zip of one person's files, such as a
    bulk export from Strava or Garmin.
    """
    _build("tracks", [source], config, data_dir, limit)


@app.command()
def synthetic(
    athletes: Annotated[int, typer.Option(min=1, max=100_000, help="Number of athletes.")] = 8,
    runs: Annotated[int, typer.Option(min=1, max=10_000, help="Workouts per athlete.")] = 60,
    seed: Seed = 0,
    config: Config = "by_time",
    data_dir: DataDir = None,
    limit: Limit = None,
) -> None:
    """Build from simulated athletes, whose physiology is known."""
    _build("synthetic", [], config, data_dir, limit, athletes=athletes, runs=runs, seed=seed)


def _build(kind: str, sources: list[Path], config: str, data_dir: Path | None, limit: list[str] | None, **kwargs) -> None:
    from hrkeras.datasets import build
    from hrkeras.workouts.quality import Limits

    versions = build.folder(kind, config, data_dir).parent
    outputs.check(sources, [(versions.parent, None), (versions, kinds.DATASET)], force=None)
    limits = Limits().override(limit or [])
    with (
        progress(build.size(kind, sources), f"Reading {', '.join(source.name for source in sources) or kind}", "B") as reading,
        progress(None, "Writing", " windows") as writing,
    ):
        kwargs |= {"limits": limits, "on_bytes": reading.update, "on_windows": writing.update}
        builder = build.build(kind, sources, config, data_dir, **kwargs)
    print(builder.funnel)
    counts = ", ".join(f"{count:,} {name}" for name, count in builder.info.metadata["runs"].items())
    people = builder.info.metadata["people"]
    print(f"\n{people} {'person' if people == 1 else 'people'}; runs: {counts}")
    print(f"Dataset, funnel.json and funnel.png: {builder.data_dir}")
    name = kind if config == "by_time" else f"{kind}/{config}"
    print(f"Next: hrkeras train --data {name}{defaults.in_folder(data_dir)}")
