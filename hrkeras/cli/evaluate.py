"""`hrkeras evaluate`: a model's error beside its baselines."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Backend, Data, DataDir, Json, Protocol, fitting, json_line, progress, start, warn
from hrkeras.cli.terminal import note


def evaluate(
    model: Annotated[
        Path | None,
        typer.Argument(help="A .keras model, or base. Default: the only file in this folder, else base.", show_default=False),
    ] = None,
    data: Data = None,
    protocol: Protocol = "profile",
    split: Annotated[Literal["test", "validation"], typer.Option(help="The split to score.")] = "test",
    beside: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Another forecaster to score under the protocol forecast: chronos=PLACE, tirex=PLACE or timesfm=PLACE, a folder "
            "or a name on the Hugging Face hub; fracast; or timegpt. Repeatable; see docs/how-to/foundation.md.",
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LICENCE",
            help="A licence that you have read and accept, for a forecaster whose weights are not free for every use, such as "
            "timesfm, which names it if it is missing. Repeatable.",
        ),
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Let --beside timegpt send its data to TimeGPT.")] = False,
    output: Annotated[Path | None, typer.Option(file_okay=False, help="Folder for plots. Default: none are drawn.")] = None,
    force: Force = False,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Score a model on runs that it was not trained on, beside baselines on the same steps."""
    model = defaults.model(model, "MODEL")
    outputs.check([model], [(output, kinds.PICTURES)], force)
    start(backend)
    from dataclasses import asdict

    from hrkeras.datasets.runs import load
    from hrkeras.evaluation import attention_lags, evaluation_plots
    from hrkeras.evaluation import evaluate as evaluation
    from hrkeras.evaluation.audit import everything
    from hrkeras.models.load import load as load_model
    from hrkeras.workouts.grid import STEP

    others = _others(beside or [], protocol, send, accept or [])
    loaded = load_model(model)
    data = fitting(data or defaults.data_of(model, loaded, data_dir), protocol)
    runs = load(data, data_dir)
    checks = []
    with progress(None, "Auditing", "check") as bar:
        for check in everything.checks(runs, data, loaded, protocol, split):
            checks.append(check)
            bar.update()
    failed = [check for check in checks if check.passed is False]
    with progress(None, "Predicting", "run") as bar:
        result = evaluation.evaluate(
            loaded,
            runs,
            protocol,
            split=split,
            name=f"{model.stem} (fails the audit)" if failed else model.stem,
            on_batch=bar.update,
            beside=others,
        )
    if as_json:
        cases = [{"case": scored.case.name, "rows": [asdict(row) for row in scored.rows]} for scored in result.cases]
        audited = [check.as_dict() for check in checks]
        about = {"protocol": protocol, "data": data, "split": split, "audit": audited, "cases": cases}
        intervals = [asdict(interval) for interval in result.intervals]
        print(json_line(about | {"intervals": intervals, "months": result.months, "warnings": result.warnings}))
    else:
        _print(result, data, split, checks)
    warn(result.warnings)
    if output:  # the scores are out, should there be no place for the pictures
        pictures = evaluation_plots.evaluation(result, STEP, output)
        by_lag = attention_lags.attention_by_lag(loaded, result.windows, **result.cases[0].case.known(result.windows))
        if len(by_lag):
            pictures.append(evaluation_plots.attention(by_lag, STEP, output / "attention.png"))
        if not as_json:
            print("\nPictures: " + ", ".join(map(str, pictures)))
    elif not as_json:
        print("\nAdd --output FOLDER for plots of the best, median and worst run and of the error over time.")
    if failed:
        typer.secho("The audit fails, so these scores mean nothing.", err=True, fg="red")
        raise typer.Exit(1)


def _others(wanted: list[str], protocol: str, send: bool, accepted: list[str]) -> dict:
    """The other forecasters, by the names under which they were asked for."""
    from tqdm import tqdm

    from hrkeras.evaluation.foundation import chronos, fracast, timegpt, timesfm, tirex
    from hrkeras.evaluation.protocols import PROTOCOLS

    if wanted and not PROTOCOLS[protocol].rest:
        raise typer.BadParameter(
            f"other models forecast a run from its first ten minutes, which needs --protocol forecast, found {protocol}",
            param_hint="--beside",
        )
    if send and "timegpt" not in wanted:
        raise typer.BadParameter("it needs --beside timegpt; nothing else is sent anywhere", param_hint="--send")
    if "timegpt" in wanted and not send:
        note("Without --send nothing is sent to TimeGPT.")
    loaders = {"chronos": chronos.load, "tirex": tirex.load, "timesfm": timesfm.load}
    forecasters = {}
    for name in wanted:
        kind, _, place = name.partition("=")
        if kind == "timesfm" and timesfm.LICENCE not in accepted:
            raise typer.BadParameter(
                f"the weights of TimesFM 3 may be used under {timesfm.LICENCE} alone, not commercially and not in production; "
                f"read it, and add --accept {timesfm.LICENCE}",
                param_hint="--beside",
            )
        if name == "timegpt":
            forecasters[name] = timegpt.forecaster(lambda text: tqdm.write(text, file=sys.stderr), send)
        elif name == "fracast":
            forecasters[name] = fracast.load()
        elif kind in loaders and place:
            forecasters[name] = loaders[kind](place)
        else:
            places = ", ".join(f"{each}=PLACE" for each in loaders)
            raise typer.BadParameter(f"expected {places}, fracast or timegpt, found {name}", param_hint="--beside")
    return forecasters


def _print(result, data: str, split: str, checks) -> None:
    print(f"Protocol {result.protocol.name}: {result.protocol.meaning}")
    print(f"Data {data}, {split} split.")
    for check in checks:
        if not check.passed:
            print(f"Audit, {check}")
    failed = sum(check.passed is False for check in checks)
    print(f"Audit under this protocol: {failed or 'none'} of {len(checks)} checks failed.")
    print(f"\n{result.tables()}")
