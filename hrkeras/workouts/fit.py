"""Read the sessions of a FIT file (Garmin's binary format, written by most watches)."""

from array import array
from io import BytesIO
from math import isnan, nan

import numpy as np

from hrkeras.workouts.point_table import (
    ALTITUDE,
    COLUMNS,
    DISTANCE,
    HEART_RATE,
    LATITUDE,
    LONGITUDE,
    MAX_POINTS,
    SPEED,
    TIME,
    Recording,
    Stream,
)
from hrkeras.workouts.workout import InvalidWorkoutError

MAX_BYTES = 32 << 20  # a day's run recorded every second has 5 MB
FILE_ID, SPORT, SESSION, RECORD, DESCRIPTION = 0, 12, 18, 20, 206  # message numbers of the FIT profile
FIT_EPOCH = 631_065_600  # 1989-12-31 UTC, seconds since 1970
EARLIEST_CLOCK = 0x10000000  # a time below it counts from the device's start
MARK = "estimated_heart_rate"  # the developer's field by which a copy says what of its heart rate was not measured
DEGREES = 180 / 2**31  # per semicircle
FIELDS = {
    "timestamp": TIME,
    "position_lat": LATITUDE,
    "position_long": LONGITUDE,
    "altitude": ALTITUDE,
    "enhanced_altitude": ALTITUDE,
    "speed": SPEED,
    "enhanced_speed": SPEED,
    "heart_rate": HEART_RATE,
    "distance": DISTANCE,
}


def read_sessions(stream: Stream) -> list[Recording]:
    """Reads what was recorded; a multisport file has several sessions.

    A file that is cut off or whose checksum is wrong is refused rather than read up to the damage: half a run would
    pass for a whole one. Fields that apps add on the watch are passed over.

    Args:
        stream: anything with `read(size)` that gives bytes.

    Returns:
        Each session; its sport is sport and sub-sport as the FIT profile names them, with a space between.

    Raises:
        InvalidWorkoutError: if the file is not FIT, damaged or cut off, no recording or without records.
    """
    data = content(stream)
    if not data:
        raise InvalidWorkoutError("empty file")
    if data[8:12] != b".FIT":
        raise InvalidWorkoutError("not FIT")
    sports, sessions, values, estimated = _messages(data)
    if not values:
        raise InvalidWorkoutError("no track points")
    table = np.array(values).reshape(-1, COLUMNS)
    table[table[:, TIME] < EARLIEST_CLOCK, TIME] = nan
    table[:, TIME] += FIT_EPOCH
    table[:, [LATITUDE, LONGITUDE]] *= DEGREES
    if len(sessions) < 2:
        return [Recording(sessions[0][1] if sessions else sports[0] if sports else "", table, estimated)]
    sessions.sort()
    begins = [begin + FIT_EPOCH for begin, _ in sessions[1:]]
    index = np.searchsorted(begins, table[:, TIME], side="right")
    parts = [(sport, table[index == number]) for number, (_, sport) in enumerate(sessions)]
    return [Recording(sport, part, estimated) for sport, part in parts if len(part)]


def content(stream: Stream) -> bytes:
    """All bytes of a FIT file.

    Raises:
        InvalidWorkoutError: if there are more than a recording can have.
    """
    chunks: list[bytes] = []
    left = MAX_BYTES + 1
    while left > 0 and (chunk := stream.read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise InvalidWorkoutError(f"over {MAX_BYTES >> 20} MB")
    return b"".join(chunks)


def _messages(data: bytes) -> tuple[list[str], list[tuple[float, str]], array, bool]:
    """Sports, sessions (their beginning and sport), the values of all records in FIT's units, whether heart rate is ours."""
    import fitdecode

    sports: list[str] = []
    sessions: list[tuple[float, str]] = []
    values, estimated = array("d"), False
    try:
        with fitdecode.FitReader(
            BytesIO(data),
            processor=None,
            check_crc=fitdecode.CrcCheck.RAISE,
            error_handling=fitdecode.ErrorHandling.IGNORE,
        ) as frames:
            for frame in frames:
                if frame.frame_type != fitdecode.FIT_FRAME_DATA:
                    continue
                kind = frame.global_mesg_num
                if kind == RECORD:
                    values.extend(_row(frame.fields))
                    if len(values) > MAX_POINTS * COLUMNS:
                        raise InvalidWorkoutError(f"over {MAX_POINTS:,} points")
                elif kind == SPORT:
                    sports.append(_sport(frame))
                elif kind == SESSION:
                    sessions.append((float(frame.get_value("start_time", fallback=None) or 0), _sport(frame)))
                elif kind == DESCRIPTION:
                    estimated |= frame.get_value("field_name", fallback=None) == MARK
                elif kind == FILE_ID and frame.get_value("type", fallback=None) not in ("activity", None):
                    raise InvalidWorkoutError("FIT, but not of an activity")
    except InvalidWorkoutError:
        raise
    except fitdecode.FitCRCError:
        raise InvalidWorkoutError("FIT whose checksum is wrong") from None
    except fitdecode.FitEOFError:
        raise InvalidWorkoutError("FIT that is cut off") from None
    except Exception:  # fitdecode meets damaged data with errors of many kinds
        raise InvalidWorkoutError("damaged FIT") from None
    return sports, sessions, values, estimated


def _row(fields) -> list[float]:
    row = [nan] * COLUMNS
    for field in fields:
        if field.field_type != "field" or field.field is None:
            continue
        name, value = field.field.name, field.value
        column = FIELDS.get(name)
        if column is not None and isinstance(value, int | float):
            finer = name[:8] == "enhanced" and field.field_def is not None  # without: copied from the plain field
            if finer or isnan(row[column]):
                row[column] = value
    return row


def _sport(frame) -> str:
    said = (frame.get_value(name, fallback=None) for name in ("sport", "sub_sport"))
    return " ".join(str(name) for name in said if name is not None)
