"""Heart rates and workouts from the XML of an Apple Health export, in one pass over its bytes.

It uses no XML parser: iOS 16 writes a document type that parsers reject, files have gigabytes, and what is never
parsed as XML cannot expand an entity or fetch anything.
"""

import re
from html import unescape
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.clock import EARLIEST, LATEST, possible_offset
from hrkeras.workouts.readers import apple_weather
from hrkeras.workouts.readers.apple_heart_rate import MAX_NAME, Collector, HeartRates, source_name
from hrkeras.workouts.readers.apple_person import Person
from hrkeras.workouts.readers.source import ReadLog

CHUNK = 4 << 20  # bytes
MAX_ELEMENT = 32 << 20  # bytes; up to iOS 12 a day's run with its route inside had 15 MB
MAX_PATH = 1000  # bytes; unescaping fails with a numeric entity of over 4,300 digits
MAX_WORKOUTS = 50_000  # ten a day for thirteen years
MAX_AT_ONCE = 20  # workouts; several apps may record one run
ROOT, CLOSE = b"<HealthData", b"</Workout>"
PER_MINUTE = {b"count/min": 1.0, b"count/s": 60.0}
PAUSES = {
    b"HKWorkoutEventTypePause": True,
    b"HKWorkoutEventTypeMotionPaused": True,
    b"HKWorkoutEventTypeResume": False,
    b"HKWorkoutEventTypeMotionResumed": False,
}

DATE = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}"
NUMBER = rb"-?\d{1,9}(?:\.\d{0,25})?(?:[eE][+-]?\d{1,2})?"
# A record of another type, whose type comes first as Apple writes it, fails at once: this is what makes it fast.
HEART_RATE = re.compile(
    rb'<Record\s(?!type="(?!HKQuantityTypeIdentifierHeartRate"))'
    rb'(?=[^<]*?type="HKQuantityTypeIdentifierHeartRate")'
    rb'(?=[^<]*startDate="(' + DATE + rb')")'
    rb'(?=[^<]*unit="(count/(?:min|s))")'
    rb'(?=[^<]*value="(\d{1,6}(?:\.\d{0,25})?)")'
    rb'(?=(?:[^"<]*"[^"<]*"\s|[^<]*?\s)sourceName="([^"<]{0,%(name)d})[^"<]*"'  # the second attribute, as Apple writes it
    rb'(?:\ssourceVersion="[^"<]*")?(?:\sdevice="[^,"<]*, name:([^,"<]{0,%(name)d}))?|)' % {b"name": MAX_NAME}
)
LOCATION = re.compile(
    rb'<Location\s(?=[^<]*date="(' + DATE + rb')")'
    rb'(?=[^<]*latitude="(' + NUMBER + rb')")(?=[^<]*longitude="(' + NUMBER + rb')")'
    rb'(?=[^<]*altitude="(' + NUMBER + rb')"|)(?=[^<]*speed="(' + NUMBER + rb')"|)'
)
WORKOUT = re.compile(rb"<Workout\s[^<]*")
CLOSE_OR_NEXT = re.compile(CLOSE + rb"|<Workout\s")
DETAIL = re.compile(rb"<(MetadataEntry|WorkoutEvent|FileReference)\s([^<]*)")
ATTRIBUTE = re.compile(rb'(?<!\w)(\w++)\s*+=\s*+"([^"<]*)"')  # linear in time on any input
ACTIVITY = re.compile(rb"HKWorkoutActivityType(\w{1,64})")

# Weights of the 25 digits of "2020-07-05 20:06:26 +0800" in year, month, day, second of the day and s of the offset.
WEIGHTS = np.zeros((25, 5), np.float32)  # which hold whole numbers up to 16 million exactly
WEIGHTS[0:4, 0] = 1000, 100, 10, 1
WEIGHTS[5:7, 1] = WEIGHTS[8:10, 2] = 10, 1
WEIGHTS[[11, 12, 14, 15, 17, 18], 3] = 36000, 3600, 600, 60, 10, 1
WEIGHTS[21:25, 4] = 36000, 3600, 600, 60


class Stream(Protocol):
    """Where the XML is read from."""

    def read(self, size: int, /) -> bytes: ...


class Entry(NamedTuple):
    """A `<Workout>` element; times are s since 1970-01-01 UTC."""

    where: str
    sport: str  # Apple's name of the activity in lower-case words
    indoor: bool
    source: str  # what recorded it, as `apple_heart_rate.source_name` writes it; empty if unknown
    start: float
    end: float
    pauses: list[tuple[float, float]]
    routes: list[str]  # paths as the export writes them, each once
    utc_offset: float  # s that the export's clock is ahead of UTC
    temperature: float  # degrees Celsius of the weather; NaN if unknown
    humidity: float  # %, likewise
    points: np.ndarray  # of an inline route in order of time, (5, n): time, latitude, longitude, altitude, speed

    @property
    def is_run_outdoors(self) -> bool:
        """Whether it is a run that has a route."""
        return self.sport == "running" and not self.indoor and bool(self.routes or self.points.size)


class Content(NamedTuple):
    """An export's workouts in the order of the XML, all its heart rates, and what it tells about the person."""

    entries: list[Entry]
    heart_rates: HeartRates
    person: dict[str, Any]


def scan(stream: Stream, log: ReadLog, where: str, chunk: int = CHUNK) -> Content:
    """Reads the XML of an export to its end.

    Args:
        stream: the XML's bytes.
        log: receives every `<Workout>` that is not among the entries.
        where: the export's name, for messages.
        chunk: bytes to read at a time; affects only speed and memory.
    """
    entries: list[Entry] = []
    heart_rates, person = Collector(), Person()
    text, inside = _skip_to_root(stream, chunk), True
    done = 0  # text[:done] is the beginning of a workout whose end is still to come
    while inside:
        data = stream.read(chunk)
        text, inside = text + data, bool(data)
        end = max(text.rfind(b"<"), done) if data else len(text)  # all tags before it are whole
        if matches := HEART_RATE.findall(text, done, end):
            dates, units, values, *names = zip(*matches, strict=True)
            rates = np.array(values, "S32").astype(np.float64) * list(map(PER_MINUTE.__getitem__, units))
            heart_rates.add(seconds(dates), rates, zip(*names, strict=True))
        person.add(text, done, end)
        keep, at = end, 0
        while opening := WORKOUT.search(text, at, end):
            at = close = opening.end()
            if not opening[0].rstrip().endswith(b"/>"):
                closing = CLOSE_OR_NEXT.search(text, max(at, done), end)
                if not closing:
                    keep = opening.start()
                    break
                if closing[0] != CLOSE:
                    log.skip("workout without an end", where)
                    continue
                close = closing.start()
            if len(entries) == MAX_WORKOUTS:
                log.skip(f"beyond the first {MAX_WORKOUTS:,} workouts", where)
                continue
            try:
                entries.append(_entry(opening[0], text[at:close], where))
            except InvalidWorkoutError as error:
                log.skip(str(error), where)
        if not data and (keep < end or not text.rstrip().endswith(b"</HealthData>")):
            log.skip("file ends in the middle of an element", where)
        if len(text) - keep > MAX_ELEMENT:
            log.skip(f"element of over {MAX_ELEMENT >> 20} MB", where)
            keep = end = len(text)
        text, done = text[keep:], end - keep
    return Content(_not_crowded(entries, log), heart_rates.collected(), person.facts())


def _skip_to_root(stream: Stream, chunk: int) -> bytes:
    """Skips the document type, whatever it declares; returns what was read from the root element on."""
    text = b""
    while (root := text.find(ROOT)) < 0:
        data = stream.read(chunk)
        if not data:
            return b""
        text = text[1 - len(ROOT) :] + data
    return text[root:]


def _entry(tag: bytes, body: bytes, where: str) -> Entry:
    attributes = _attributes(tag)
    start, end = attributes.get(b"startDate", b""), attributes.get(b"endDate", b"")
    if not re.fullmatch(DATE, start) or not re.fullmatch(DATE, end):
        raise InvalidWorkoutError("workout without start and end")
    start_clock, end_clock = seconds([start, end]).tolist()
    if not EARLIEST <= start_clock < end_clock <= LATEST:
        raise InvalidWorkoutError("workout that does not end after its start (years 1990 to 2100)")
    activity = ACTIVITY.fullmatch(attributes.get(b"workoutActivityType", b""))
    indoor, dates, begins = False, [], []
    metadata: dict[bytes, bytes] = {}
    routes: dict[str, None] = {}
    for match in DETAIL.finditer(body):
        name, detail = match[1], _attributes(match[2])
        if name == b"FileReference":
            routes[unescape(detail.get(b"path", b"")[:MAX_PATH].decode(errors="replace"))] = None
        elif name == b"MetadataEntry":
            metadata.setdefault(detail.get(b"key", b""), detail.get(b"value", b""))
            indoor |= detail.get(b"key") == b"HKIndoorWorkout" and detail.get(b"value") == b"1"
        elif detail.get(b"type") in PAUSES and re.fullmatch(DATE, detail.get(b"date", b"")):
            dates.append(detail[b"date"])
            begins.append(PAUSES[detail[b"type"]])
    return Entry(
        where=f"{where}: workout {start[:16].decode()}",
        sport=re.sub(r"(?<=[a-z])(?=[A-Z])", " ", activity[1].decode()).lower() if activity else "other",
        indoor=indoor,
        source=source_name(attributes.get(b"sourceName", b"")),
        start=start_clock,
        end=end_clock,
        pauses=_pauses(dates, begins, end_clock),
        routes=list(routes),
        utc_offset=_offset(start),
        temperature=apple_weather.temperature(metadata),
        humidity=apple_weather.humidity(metadata),
        points=_points(body),
    )


def _offset(date: bytes) -> float:
    """s that the zone of a date is ahead of UTC."""
    seconds = 3600.0 * int(date[-4:-2]) + 60.0 * int(date[-2:])
    return possible_offset(-seconds if date[-5:-4] == b"-" else seconds)


def _not_crowded(entries: list[Entry], log: ReadLog) -> list[Entry]:
    """All workouts except those that begin during `MAX_AT_ONCE` others, so that no point is used more often than that."""
    starts, ends = np.array([(entry.start, entry.end) for entry in entries]).reshape(-1, 2).T
    order = np.argsort(starts, kind="stable")
    going_on = np.empty(len(entries), int)
    going_on[order] = np.arange(len(entries)) - np.searchsorted(np.sort(ends), starts[order], side="right")
    for place in np.flatnonzero(going_on >= MAX_AT_ONCE):
        log.skip(f"begins while {MAX_AT_ONCE} other workouts go on", entries[place].where)
    return [entry for entry, concurrent in zip(entries, going_on, strict=True) if concurrent < MAX_AT_ONCE]


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return dict(ATTRIBUTE.findall(tag))


def _pauses(dates: list[bytes], begins: list[bool], end: float) -> list[tuple[float, float]]:
    """Beginnings and ends of the pauses in order; one that is never ended lasts until the workout's end.

    Args:
        dates: of the events; those at one time stay in this order.
        begins: whether each begins a pause; the others end one.
        end: of the workout, s since 1970-01-01 UTC.
    """
    pauses, since = [], None
    events = sorted(zip(seconds(dates).tolist(), begins, strict=True), key=itemgetter(0)) if dates else []
    for time, pause in [*events, (end, False)]:
        if pause and since is None:
            since = time
        elif not pause and since is not None:
            pauses.append((since, time))
            since = None
    return pauses


def _points(body: bytes) -> np.ndarray:
    matches = LOCATION.findall(body)
    if not matches:
        return np.empty((5, 0))
    dates, *columns = zip(*matches, strict=True)
    points = np.stack([seconds(dates), *map(_numbers, columns)])
    return points[:, np.argsort(points[0], kind="stable")]


def _numbers(texts) -> np.ndarray:
    return np.array([text or b"nan" for text in texts], "S42").astype(np.float64)


def seconds(dates) -> np.ndarray:
    """Converts dates like `b"2020-07-05 20:06:26 +0800"` to s since 1970-01-01 UTC."""
    letters = np.array(dates, "S25").view(np.uint8).reshape(-1, 25)
    year, month, day, second, offset = ((letters - np.float32(48)) @ WEIGHTS).T
    months = ((year - 1970) * 12 + month - 1).astype(np.int64).astype("M8[M]")
    days = months.astype("M8[D]").astype(np.int64) + day - 1
    return days * 86400 + second - np.where(letters[:, 20] == ord("-"), -offset, offset)
