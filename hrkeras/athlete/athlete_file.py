"""Save an athlete's state in a small, readable JSON file, and load one without trusting its content."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from hrkeras.athlete import facts, history
from hrkeras.athlete.interval import PredictionInterval
from hrkeras.athlete.kalman import PACES, AthleteState
from hrkeras.athlete.population import HUGE, PERSON, SIZE, STATES, from_dict
from hrkeras.athlete.shrinkage import Network, Shrinkage
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write
from hrkeras.workouts.clock import LATEST, date, possible_offset

VERSION = 4
BEFORE = 3  # without `PERSON`, whose place its lists end before
MAX_BYTES = 10 << 20  # a full file has 0.2 MB
MAX_COUNT = 1_000_000  # runs
MAX_SOURCE = 500  # characters
OFFSET = "utc_offset_of_last_run"  # s; not there where it is not known
ABOUT = (
    "What the runs of one person tell hrkeras of how their heart rate follows effort: sums and dates, no positions. "
    "hrkeras update adds runs; hrkeras predict --athlete reads it."
)
ANEW = "give the file that `hrkeras update` has written, or make a new one from all runs: `hrkeras update NEW.json RUNS`"


def save(athlete: AthleteState, path: Path) -> None:
    """Writes a state to a temporary file and renames it, so that a killed command leaves the old file or none.

    All numbers are written in full precision: a loaded state continues exactly like the saved one.

    Raises:
        InputError: if the state could not be loaded again; the old file is then kept.
    """
    content = {
        "about": ABOUT,
        "version": VERSION,
        "runs": athlete.count,
        "first_run_remembered": f"{date(athlete.starts[0])} UTC" if athlete.count else None,
        "last_run": f"{date(athlete.starts[-1])} UTC" if athlete.count else None,
        "population": athlete.population.as_dict(),
        "states": STATES,
        "weights": athlete.weights.tolist(),
        "covariance": [[row[: place + 1].tolist() for place, row in enumerate(rows)] for rows in athlete.covariance],
        "misses": athlete.residuals.tolist(),
        "starts": athlete.starts.tolist(),
        "ends": athlete.ends.tolist(),
        "record": history.RECORD,
        "records": [[value if np.isfinite(value) else None for value in row] for row in athlete.records.tolist()],
        "band": _plain(athlete.interval),
        "network": {
            "name": athlete.network.name,
            "trust": asdict(athlete.network.shrinkage),
            "band": _plain(athlete.network.interval),
        },
    } | ({"told": facts.as_dict(athlete)} if athlete.told else {})
    if np.isfinite(athlete.utc_offset):
        content[OFFSET] = athlete.utc_offset
    with atomic_write(path) as part:
        part.write_text(_text(content) + "\n", encoding="utf-8", newline="\n")
        try:
            _athlete(_read(part))
        except ValueError as error:
            raise InputError(
                f"{path}: not written, since what was learnt could not be read again ({str(error)[:200]}); leave out the runs or "
                "the model that it was learnt from."
            ) from None


def _plain(interval: PredictionInterval) -> dict[str, list[float]]:
    return {field.name: getattr(interval, field.name).tolist() for field in fields(PredictionInterval)}


def _text(value, indent: str = "") -> str:
    """JSON with one line for each entry and for each innermost list."""
    deeper = f"{indent} "
    if isinstance(value, dict):
        lines = [f"{deeper}{json.dumps(name)}: {_text(item, deeper)}" for name, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, list) for item in value):
        lines = [f"{deeper}{_text(item, deeper)}" for item in value]
    else:
        return json.dumps(value, allow_nan=False)
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([begin, ",\n".join(lines), f"{indent}{end}"])


def load(path: Path) -> AthleteState:
    """Reads a state that `save` has written.

    Raises:
        InputError: if the file is missing or is not a valid state; every value is checked before it is used.
    """
    try:
        return _athlete(_read(path))
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; make it from the person's runs: `hrkeras update {quote(str(path))} RUNS`."
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path.") from None
    except RecursionError:
        reason = "found lists nested too deeply"
    except ValueError as error:
        reason = str(error)[:200]
    raise InputError(f"{path}: expected the .json file of an athlete, but {reason}; {ANEW}.")


def _read(path: Path) -> dict[str, Any]:
    if path.exists() and not path.is_file():
        raise ValueError("found no regular file")
    with open(path, "rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"found more than {MAX_BYTES >> 20} MB, where it has less than one")
    try:
        values = json.loads(content.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ValueError("found a file that is not text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"found invalid or incomplete JSON ({error})") from None
    if not isinstance(values, dict) or "version" not in values or "weights" not in values:
        raise ValueError("found JSON without what it must have (version, weights)")
    return values


def _no_number(name: str):
    raise ValueError(f"found {name}, which is not a number")


def _athlete(values: dict[str, Any]) -> AthleteState:
    current = (values.get("states"), values.get("record")) == ([*STATES], [*history.RECORD])
    version = values["version"]
    if not current or version not in (BEFORE, VERSION) or isinstance(version, bool):
        raise ValueError(f"found one of another version of hrkeras (this one reads version {VERSION} with its own states)")
    count, states = values.get("runs"), SIZE if version == VERSION else len(STATES)
    if type(count) is not int or not 0 <= count <= MAX_COUNT:
        raise ValueError("its number of runs is invalid")
    named = values.get("population")
    source = named.get("source", "") if isinstance(named, dict) else None
    if not isinstance(source, str) or len(source) > MAX_SOURCE or not source.isprintable():
        raise ValueError("its population is damaged")
    kept, population = min(count, history.KEPT), from_dict(named)  # type: ignore[arg-type]
    athlete = AthleteState(
        population,
        weights=_array(values, "weights", (len(PACES), states)),
        covariance=_covariance(values.get("covariance"), states),
        residuals=_array(values, "misses", AthleteState(population).residuals.shape),
        starts=_array(values, "starts", (kept,)),
        ends=_array(values, "ends", (kept,)),
        records=_array(values, "records", (kept, len(history.RECORD)), unknown=True),
        count=count,
        interval=_interval(values.get("band")),
        network=_network(values.get("network")),
        told=facts.from_dict(values.get("told", {})),
        utc_offset=possible_offset(float(_array(values, OFFSET, ()))) if OFFSET in values else np.nan,
    )
    if version == BEFORE:  # nothing of the person goes with these weights
        athlete.weights = np.hstack([athlete.weights, np.tile(population.person, (len(PACES), 1))])
        athlete.covariance = np.pad(athlete.covariance, ((0, 0), (0, len(PERSON)), (0, len(PERSON))))
        athlete.covariance[:, range(states, SIZE), range(states, SIZE)] = population.person_prior
    moments = np.stack([athlete.starts, athlete.ends], axis=1).ravel()  # no run begins before the previous one ended
    if (np.diff(moments) < 0).any() or (athlete.starts >= athlete.ends).any() or not ((moments >= 0) & (moments < LATEST)).all():
        raise ValueError("its runs are not one after the other")
    if (athlete.residuals[1] < 0).any():
        raise ValueError("its residuals are damaged")
    return athlete


def _network(values) -> Network:
    if not isinstance(values, dict) or not isinstance(values.get("trust"), dict) or not isinstance(values.get("name"), str):
        raise ValueError("its network is damaged")
    shrinkage = Shrinkage(*(float(_array(values["trust"], field.name, ())) for field in fields(Shrinkage)))
    if not shrinkage.squares > 0:
        raise ValueError("its trust is damaged")
    return Network(values["name"][:MAX_SOURCE], shrinkage, _interval(values.get("band")))


def _interval(values) -> PredictionInterval:
    if not isinstance(values, dict):
        raise ValueError("its prediction interval is damaged")
    interval = PredictionInterval(
        *(_array(values, field.name, getattr(PredictionInterval(), field.name).shape) for field in fields(PredictionInterval))
    )
    if (
        not (interval.hours >= 0).all()
        or not interval.hours.sum() > 0
        or not ((interval.tails > 0) & (interval.tails < 0.5)).all()
    ):
        raise ValueError("its prediction interval is damaged")
    return interval


def _covariance(triangles, size: int) -> np.ndarray:
    """Symmetric matrices of this size from their lower triangles."""
    if not isinstance(triangles, list) or len(triangles) != len(PACES):
        raise ValueError("its covariance is damaged")
    whole = np.zeros((len(PACES), size, size))
    for matrix, rows in zip(whole, triangles, strict=True):
        if not isinstance(rows, list) or len(rows) != size:
            raise ValueError("its covariance is damaged")
        for place, row in enumerate(rows):
            matrix[place, : place + 1] = matrix[: place + 1, place] = _array({"covariance": row}, "covariance", (place + 1,))
    values = np.linalg.eigvalsh(whole)
    if not (np.diagonal(whole, axis1=1, axis2=2) > 0).all() or (values[:, 0] < -1e-9 * values[:, -1]).any():
        raise ValueError("its covariance is invalid")
    return whole


def _array(entries: dict[str, Any], name: str, shape: tuple[int, ...], unknown: bool = False) -> np.ndarray:
    """Nested lists of finite numbers, or also of nulls if `unknown`, as an array of the given shape."""
    values = [entries.get(name)]
    for size in shape:
        if not all(isinstance(value, list) and len(value) == size for value in values):
            raise ValueError(f"its {name} are not of the shape {' x '.join(map(str, shape))}")
        values = [value for part in values for value in part]  # type: ignore[union-attr]
    if not all(type(value) in (int, float) or (unknown and value is None) for value in values):
        raise ValueError(f"its {name} are not all numbers")
    if not all(value is None or -HUGE < value < HUGE for value in values):
        raise ValueError(f"its {name} are too big")
    return np.array([np.nan if value is None else value for value in values], np.float64).reshape(shape)
