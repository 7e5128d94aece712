"""What the first minutes of a run tell of the day, and the probabilities of crossing a limit, in words and for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from hrkeras.personal import pace
from hrkeras.personal.prediction_warnings import NO_RUNNER
from hrkeras.personal.today import live_run
from hrkeras.personal.today.live_run import LiveRun, Today
from hrkeras.utils.errors import InputError
from hrkeras.utils.text import signed_limit, table
from hrkeras.workouts import clock
from hrkeras.workouts.grid import STEP, Grid

FIRST, FIRST_WATCHED = 6, 2  # minutes, before which nothing is said of the day, or of a limit
TOO_SHORT = "The run lasts less than {} minutes, after which something can first be said; give a longer one."
MINUTE = round(60 / STEP)  # steps
AHEAD = (1, 3, 5)  # minutes
WIDEST = 0.5  # of the pace, between the limits of a difference in pace that says something
NO_HEART_RATE = (
    "The run has no heart rate, or too seldom one that a heart can have, so there is nothing to follow; give a run with heart "
    "rate, or see what it may have been with `hrkeras predict`."
)
SHOWN, MOST_ROWS = 5, 20  # minutes between two rows of a table, or more in one of more rows


class Judged(NamedTuple):
    """What could be told of the day minute by minute, and what came.

    Attributes:
        start: of the run, s since 1970-01-01 UTC; NaN where it is unknown.
        utc_offset: s that local time is ahead of UTC; NaN where the source does not tell.
        earlier_runs: how many are known of the person.
        minutes: what was told after each minute from the sixth to the one asked for.
        heart_rate: measured in the last minute of these, beats/min; NaN if it was not.
        expected: likewise, what was expected.
        speed: m/s, mean so far while it moved.
        after: mean difference in the half hour that followed, beats/min; NaN if less than five minutes of it were measured.
        minutes_after: how many minutes of that half hour were measured.
    """

    start: float
    utc_offset: float
    earlier_runs: int
    minutes: list[Today]
    heart_rate: float
    expected: float
    speed: float
    after: float
    minutes_after: int


def looked_at(minutes: int) -> int:
    """How many steps of a run `judge` looks at after some minutes: these, and those of the half hour that followed."""
    return minutes * MINUTE + live_run.AHEAD


def judge(run: LiveRun, start: float, utc_offset: float, grid: Grid, minutes: int) -> Judged:
    """Follows a recorded run for some minutes.

    Raises:
        InputError: if it is shorter, or too little of its heart rate was measured.
    """
    steps = minutes * MINUTE
    if len(grid.speed) < steps:
        whole = len(grid.speed) // MINUTE
        if whole < FIRST:
            raise InputError(TOO_SHORT.format(FIRST))
        raise InputError(
            f"The run has {whole} whole minutes, so nothing can be said after {minutes}; give fewer minutes, {FIRST} at least.",
            "after",
        )
    if not np.isfinite(grid.heart_rate).any():
        raise InputError(NO_HEART_RATE)
    first = Grid(*(column[:steps] for column in grid))
    speed = live_run.moving_speed(first.speed)
    if speed < 1000 / pace.SLOWEST:
        raise InputError(
            f"In its first {minutes} minutes the run stands, or is slower than {pace.text(1000 / pace.SLOWEST)}, "
            f"{NO_RUNNER}; give more minutes, or the run from where it begins.",
            "after",
        )
    expected, _ = live_run.unconditioned(run.athlete, run.athlete.predict(run.start, grid))
    told = [
        live.today()
        for live in live_run.followed(run, first, MINUTE)
        if live.minutes >= FIRST and (live.measured_steps >= live_run.FEWEST or live.minutes == minutes)
    ]
    after = (grid.heart_rate - expected)[steps : looked_at(minutes)]
    came = float(np.nanmean(after)) if np.isfinite(after).sum() >= 5 * MINUTE else float("nan")
    last = slice(steps - MINUTE, steps)
    rates = grid.heart_rate[last]
    now = float(np.nanmean(rates)) if np.isfinite(rates).any() else float("nan")
    return Judged(
        start,
        utc_offset,
        run.athlete.count,
        told,
        now,
        float(expected[last].mean()),
        speed,
        came,
        int(np.isfinite(after).sum()) // MINUTE,
    )


def lines(judged: Judged) -> list[str]:
    """What `hrkeras today` prints."""
    last = judged.minutes[-1]
    value, low, high = last.beats
    now = f"is {judged.heart_rate:.0f}" if np.isfinite(judged.heart_rate) else "was not measured"
    beats = round(value)
    unit = "beat/min" if abs(beats) == 1 else "beats/min"
    how = f"{abs(beats)} {unit} {'higher' if beats > 0 else 'lower'} than" if beats else "as"
    text = [
        f"Run of {clock.moment(judged.start, judged.utc_offset)}, after {last.minutes:.0f} min at {pace.text(judged.speed)}: "
        f"heart rate {now} in the last minute, where {judged.expected:.0f} was expected.",
        f"By all of these minutes, it is {how} expected today at the same effort "
        f"({signed_limit(low)} to {signed_limit(high)} four times in five, for the next half hour).",
    ]
    seconds, least, most = last.seconds
    if np.isfinite(last.seconds).all() and beats and round(seconds) and most - least <= WIDEST * 1000 / judged.speed:
        which = "faster" if seconds > 0 else "slower"
        text.append(f"It is as on a usual day at a pace {abs(seconds):.0f} s/km {which} ({_pace(least)} to {_pace(most)}).")
    if not judged.earlier_runs:
        text.append("No earlier run is known, so this is how you differ from people in general, and today may be like any day.")
    elif last.is_certain:
        since = next(each.minutes for each in judged.minutes if each.is_certain and np.sign(each.beats[0]) == np.sign(value))
        text.append(f"That is hardly chance: it could first be told after {since:.0f} min. Why it is so, the runs do not say.")
    elif beats:
        text.append("That may be chance: days differ by as much without a reason that could be told from here.")
    if np.isfinite(judged.after):
        later = round(judged.after)
        off = f"{abs(later)} {'higher' if later > 0 else 'lower'} than expected" if later else "as expected"
        text.append(f"In the next {judged.minutes_after} measured minutes, heart rate was {off} on average.")
    return text


def _pace(seconds: float) -> str:
    return f"{abs(seconds):.{0 if round(seconds) else 1}f} {'faster' if seconds > 0 else 'slower'}"


def as_dict(judged: Judged) -> dict[str, Any]:
    """For programs: beats/min, and s/km that a faster pace would have to make up for."""
    names = ("value", "low", "high")
    return {
        "start": clock.iso(judged.start, judged.utc_offset),
        "earlier_runs": judged.earlier_runs,
        "heart_rate": round(judged.heart_rate, 1),
        "expected": round(judged.expected, 1),
        "pace": pace.text(judged.speed),
        "minutes": [
            {
                "minute": round(each.minutes),
                "beats": {name: round(float(value), 1) for name, value in zip(names, each.beats, strict=True)},
                "seconds_per_km": {name: round(float(value), 1) for name, value in zip(names, each.seconds, strict=True)},
                "certain": each.is_certain,
            }
            for each in judged.minutes
        ],
        "half_hour_after": round(judged.after, 1),
        "minutes_after": judged.minutes_after,
    }


class Watched(NamedTuple):
    """A minute of a run that a limit was watched in.

    Attributes:
        minute: into the run.
        heart_rate: at its end, beats/min; NaN where it was not measured.
        above: whether heart rate was above the limit at some time in this minute.
        crossing: probability that the limit is crossed within each of `AHEAD` minutes; 1 where heart rate is above it.
    """

    minute: int
    heart_rate: float
    above: bool
    crossing: tuple[float, ...]


def watch(run: LiveRun, grid: Grid, limit: float, done: Callable[[], object] = lambda: None) -> list[Watched]:
    """Follows a recorded run with a limit in beats/min, from the end of its second minute on, and calls `done` after each minute.

    Raises:
        InputError: if it is shorter than two minutes or has no heart rate.
    """
    if len(grid.speed) < FIRST_WATCHED * MINUTE:
        raise InputError(TOO_SHORT.format(FIRST_WATCHED))
    if not np.isfinite(grid.heart_rate).any():
        raise InputError(NO_HEART_RATE)
    watched = list[Watched]()
    for live in live_run.followed(run, grid, MINUTE):
        if live.minutes >= FIRST_WATCHED and live.minutes == round(live.minutes):
            minute = round(live.minutes)
            rates = grid.heart_rate[(minute - 1) * MINUTE if watched else 0 : minute * MINUTE]
            rate = float(rates[-1])
            crossing = (1.0,) * len(AHEAD) if rate > limit else live.crossings(limit, AHEAD)
            watched.append(Watched(minute, rate, bool((rates > limit).any()), crossing))
        done()
    return watched


def watch_lines(watched: Sequence[Watched], limit: float) -> list[str]:
    """What `hrkeras guard` prints."""
    over = next((each for each in watched if each.above), None)
    before = [each for each in watched if over is None or each.minute < over.minute]
    likely = [each.minute for each in before if round(100 * each.crossing[-1]) >= 50]
    every = SHOWN * -(-len(watched) // (SHOWN * MOST_ROWS)) if len(watched) > 2 * SHOWN else 1
    rows = []
    for each in watched:
        if each.minute % every == 0 or each.minute in likely[:1]:
            rate = f"{each.heart_rate:.0f}" if np.isfinite(each.heart_rate) else "-"
            above = each.heart_rate > limit
            rows.append((f"{each.minute}", rate, *("above" if above else f"{100 * value:.0f} %" for value in each.crossing)))
    text = [f"Probability that heart rate goes above {limit:g} beats/min if the run goes on as in the last five minutes:"]
    text.append(table(("minute", "heart rate", *(f"in {minutes} min" for minutes in AHEAD)), rows, left=()))
    if any(rate == "-" for _, rate, *_ in rows):
        text.append("-: not measured then; before the first heart rate, the probability is by what was known before the run.")
    if over is None:
        missing = sum(not np.isfinite(each.heart_rate) for each in watched)
        if missing == len(watched):
            return [*text, "It was not measured at the end of any minute, so whether it was above is not known."]
        but = f", but at the end of {missing} of {len(watched)} it was not measured" if missing else ""
        return [*text, f"Heart rate was not above {limit:g} beats/min in any minute{but}.", *_foreseen(likely, before)]
    said = f"Heart rate was first above {limit:g} beats/min in minute {over.minute}."
    return [*text, said, *(_foreseen(likely, before, " before that") if before else [])]


def _foreseen(likely: Sequence[int], minutes: Sequence[Watched], which: str = "") -> list[str]:
    """At how many of some minutes, and when first, a crossing within the next five was likely, in a sentence."""
    all_of = "the one minute" if len(minutes) == 1 else f"all {len(minutes)} minutes"
    some = f"{len(likely)} of the {len(minutes)} minutes" if len(likely) < len(minutes) else all_of
    first = f", first at minute {likely[0]}" if len(minutes) > 1 and likely else ""
    was = f"50 % or more at {some}{which}{first}" if likely else f"below 50 % at {all_of}{which}"
    return [f"The probability of going above it in the next {AHEAD[-1]} minutes was {was}."]


def watch_dict(watched: Sequence[Watched], limit: float, earlier_runs: int) -> dict[str, Any]:
    """For programs: how many runs are known of the person, and probabilities from 0 to 1 by minutes ahead."""
    return {
        "limit": limit,
        "earlier_runs": earlier_runs,
        "minutes": [
            {
                "minute": each.minute,
                "heart_rate": round(each.heart_rate, 1),
                "above": each.above,
                "crossing": {f"{ahead}": round(value, 3) for ahead, value in zip(AHEAD, each.crossing, strict=True)},
            }
            for each in watched
        ],
    }
