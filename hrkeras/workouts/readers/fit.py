"""Read the sessions of FIT files (Garmin's binary format, written by most watches)."""

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.clock import possible_offset
from hrkeras.workouts.interpolation import interpolate
from hrkeras.workouts.readers import fit_files, fit_messages, marks
from hrkeras.workouts.readers.fit_heart_rate import HR, HeartRates
from hrkeras.workouts.readers.fit_messages import Definition, Messages
from hrkeras.workouts.readers.fit_records import (
    ESTIMATED,
    HEART_RATE_FIELD,
    RECORD,
    REPAIRED,
    DeveloperField,
    RecordLayout,
    table_of,
)
from hrkeras.workouts.readers.point_table import (
    COLUMNS,
    COURSE,
    HEART_RATE,
    MAX_ACTIVITIES,
    MAX_POINTS,
    TIME,
    Recording,
    Stream,
    without_heart_rate,
)
from hrkeras.workouts.readers.source import read_whole

MAX_BYTES = 32 << 20  # a day's run recorded every second has 5 MB
FILE_ID, SPORT, SESSION, ACTIVITY, HRV, DESCRIPTION = 0, 12, 18, 34, 78, 206  # message numbers of the FIT profile
ACTIVITY_FILE, COURSE_FILE = 4, 6  # types of files
BEHIND = "bytes after the end of the FIT file"
FURTHER = "a further FIT file in it that is cut off or damaged"
TIMESTAMP, LOCAL_TIMESTAMP = 253, 5  # fields of the message of an activity


def read_sessions(stream: Stream) -> list[Recording]:
    """Reads the recorded sessions; a multisport file has several, and several files may be chained in one.

    A file that is cut off or whose checksum is wrong is refused rather than read up to the damage: half a run would
    pass for a whole one. What comes after the last file that can be read is passed over.

    Args:
        stream: anything with `read(size)` that returns bytes.

    Returns:
        The sessions; the sport of each is sport and sub-sport as named in the FIT profile, separated by a space.

    Raises:
        InvalidWorkoutError: if the file is not FIT, is damaged or cut off, is not a recording or has no records.
    """
    contents, passed_over = _contents(stream)
    recorded = [content for content in contents if not content.is_course]
    if not recorded:
        raise InvalidWorkoutError(COURSE)
    rates = np.concatenate([content.rates for content in contents], axis=1)
    rates = rates[:, np.argsort(rates[0], kind="stable")]
    sessions = [session for content in recorded for session in content.recordings(rates)]
    if passed_over:
        sessions[0] = sessions[0]._replace(passed_over=(*sessions[0].passed_over, passed_over))
    return sessions


def read_course(stream: Stream) -> list[np.ndarray]:
    """Reads the points of a course, or of a recording; tables as in `Recording`, errors as in `read_sessions`."""
    return [content.table[:, :COLUMNS] for content in _contents(stream)[0]]


def content(stream: Stream) -> bytes:
    """All bytes of a FIT file.

    Raises:
        InvalidWorkoutError: if there are more than a recording can have.
    """
    return read_whole(stream, MAX_BYTES)


def _contents(stream: Stream) -> tuple[list["_Content"], str]:
    """The content of the chained files with records or heart rates, and what of the rest is passed over, in words."""
    files, rest = fit_files.files(content(stream))
    passed_over = FURTHER if fit_files.SIGNATURE in rest else BEHIND if rest else ""
    contents: list[_Content] = []
    points = 0
    for number, file in enumerate(files):
        try:
            contents.append(_Content(file.body))
        except InvalidWorkoutError:
            if not number:
                raise
            passed_over = FURTHER
            break
        points += len(contents[-1].table)
        if points > MAX_POINTS:
            raise InvalidWorkoutError(f"over {MAX_POINTS:,} points")
    if not points:
        raise InvalidWorkoutError(f"FIT, but {contents[0].kind} without track points" if contents[0].kind else "no track points")
    return [content for content in contents if len(content.table) or content.rates.size], passed_over


class _Content:
    """The content of one FIT file.

    Attributes:
        table: its points, shape `(n, WIDTH)`: the columns of `point_table`, `ESTIMATED` and `REPAIRED`.
        rates: the heart rates of its `hr` messages, as from `HeartRates.table`.
        kind: type of the file if it is not an activity, else empty.
        utc_offset: s that local time is ahead of UTC; NaN where the file does not tell.
    """

    def __init__(self, body: bytes):
        self.kind, self.utc_offset = "", np.nan
        self._sports: list[tuple[str, str]] = []  # sport and name
        self._sessions: list[tuple[float, str, str]] = []  # beginning, sport and name
        self._described: dict[tuple[int, int], DeveloperField] = {}
        self._unread: set[str] = set()
        messages = Messages(body)
        records = messages.find(RECORD)
        if len(records) > MAX_POINTS:
            raise InvalidWorkoutError(f"over {MAX_POINTS:,} points")
        heart_rates = HeartRates()
        layouts: dict[Definition, RecordLayout] = {}
        first_records = records[np.unique(messages.kind[records], return_index=True)[1]]
        telling = messages.find(FILE_ID, SPORT, SESSION, ACTIVITY, DESCRIPTION, HR), messages.find(HRV)[:1], first_records
        for message in messages.read(np.sort(np.concatenate(telling))):
            definition = message.definition
            if definition.number == RECORD:  # by what is described before its first one
                if definition not in layouts:
                    layouts[definition] = RecordLayout.of(definition, self._described)
            elif definition.number == HR:
                heart_rates.add(message)
            else:
                self._note(definition, message.content)
        if messages.error:
            raise messages.error
        self.table = table_of(messages, records, layouts)
        self.rates = heart_rates.table()
        self._unread.update(*(layout.unread for layout in layouts.values()))
        if heart_rates.unread:
            self._unread.add("hr messages without a time of day")

    def _note(self, definition: Definition, content: bytes) -> None:
        """Collects what a message that is not a point says about the points."""
        number = definition.number
        if number == SPORT:
            self._sports.append((_sport(definition, content, 0, 1), definition.text(content, 3)))
        elif number == SESSION:
            begin = fit_messages.seconds(definition.value(content, 2) or 0)
            self._sessions.append((begin, _sport(definition, content, 5, 6), definition.text(content, 110)))
            if len(self._sessions) > MAX_ACTIVITIES:
                raise InvalidWorkoutError(f"over {MAX_ACTIVITIES:,} activities")
        elif number == ACTIVITY:
            utc, local = (definition.value(content, field) for field in (TIMESTAMP, LOCAL_TIMESTAMP))
            if utc is not None and local is not None:
                self.utc_offset = possible_offset(local - utc)
        elif number == HRV:
            self._unread.add("times between heartbeats")
        elif number == DESCRIPTION:
            developer, field, base = (definition.value(content, place) for place in range(3))
            native = definition.value(content, 15) == HEART_RATE_FIELD and definition.value(content, 14) in (RECORD, None)
            name = "heart_rate" if native else definition.text(content, 3)
            self._described[developer, field] = DeveloperField((base or 0) & 0x1F, name)
        elif number == FILE_ID and (kind := definition.value(content, 0)) not in (None, ACTIVITY_FILE):
            self.kind = f"a {_name('file', kind)} file".replace("_", " ")

    @property
    def is_course(self) -> bool:
        """Whether the points are a course to follow rather than a recording."""
        measured = (self.table[:, HEART_RATE] > 0).any()
        return self.kind == "a course file" and not self._sessions and not measured

    def recordings(self, rates: np.ndarray) -> list[Recording]:
        """Its sessions, with the heart rates of all `hr` messages filled in where a record has none."""
        table = self.table
        if rates.size:
            silent = ~(table[:, HEART_RATE] > 0)
            table[silent, HEART_RATE] = interpolate(table[silent, TIME], *rates)
        sessions = sorted(self._sessions) or [(0.0, *name) for name in self._sports[:1]] or [(0.0, "", "")]
        index = np.searchsorted([begin for begin, _, _ in sessions[1:]], table[:, TIME], side="right")
        order = np.argsort(index, kind="stable")
        parts = np.split(table[order], np.searchsorted(index[order], np.arange(1, len(sessions))))
        recordings = []
        for (_, sport, name), part in zip(sessions, parts, strict=True):
            if len(part):
                estimated = bool((part[:, ESTIMATED] > 0).any())
                remark = marks.take_out(part, part[:, REPAIRED] > 0) or without_heart_rate(part, self._unread)
                recordings.append(Recording(sport, part[:, :COLUMNS], estimated, name, remark, self.utc_offset))
        return recordings


def _sport(definition: Definition, content: bytes, *fields: int) -> str:
    values = zip(("sport", "sub_sport"), (definition.value(content, field) for field in fields), strict=True)
    return " ".join(_name(kind, value) for kind, value in values if value is not None)


def _name(kind: str, value: float) -> str:
    """The FIT profile's name for a value of one of its enumerations, or the number if it has none."""
    from fitdecode.profile import FIELD_TYPES

    return str(FIELD_TYPES[kind].enum.get(value, value))
