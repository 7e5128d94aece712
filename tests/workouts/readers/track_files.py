"""Small FIT, GPX and TCX files that the tests build."""

import struct

from hrkeras.workouts.readers import tracks
from hrkeras.workouts.readers.fit_messages import FIT_EPOCH

NOON = 1_600_000_000  # 2020-09-13T12:26:40Z
TIME = "2020-09-13T12:26:{:02d}Z"
SECRET = 12.345678  # a latitude that no message may tell

# Field numbers, base types and scales are those of Garmin's FIT profile, version 21.
ENUM, UINT8, UINT16, SINT32, UINT32 = (0x00, "B"), (0x02, "B"), (0x84, "H"), (0x85, "i"), (0x86, "I")
RECORD = {253: UINT32, 0: SINT32, 1: SINT32, 2: UINT16, 3: UINT8, 5: UINT32, 6: UINT16}
SESSION = {2: UINT32, 5: ENUM, 6: ENUM}
RUNNING, SWIMMING = 1, 5
GENERIC, TRAIL, LAP_SWIMMING = 0, 3, 17


def checksum(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return struct.pack("<H", crc)


def message(number, fields, *rows, order="<", developer=b""):
    """A definition of a message and the messages; `developer`: the bytes of one developer field of each message."""
    definition = struct.pack(order + "BBHB", 0, order == ">", number, len(fields))
    for field, (base, code) in fields.items():
        definition += struct.pack("BBB", field, struct.calcsize(code), base)
    if developer:
        definition += struct.pack("BBBB", 1, 3, len(developer), 0)
    codes = order + "".join(code for _, code in fields.values())
    return (
        (b"\x60" if developer else b"\x40") + definition + b"".join(b"\0" + struct.pack(codes, *row) + developer for row in rows)
    )


def fit_file(*messages, kind=4):
    body = b"".join([message(0, {0: ENUM}, [kind]), *messages])
    head = struct.pack("<BBHI4s", 14, 0x10, 2100, len(body), b".FIT")
    data = head + checksum(head) + body
    return data + checksum(data)


def semicircles(degrees):
    return round(degrees * 2**31 / 180)


def record(second, *, speed=3000, heart_rate=150, altitude=(100 + 500) * 5, distance=0):
    clock = NOON - FIT_EPOCH + second
    return clock, semicircles(SECRET), semicircles(-1.5), altitude, heart_rate, distance, speed


def run(count=5, start=0):
    return message(20, RECORD, *(record(start + second) for second in range(count)))


def session(sport=RUNNING, sub_sport=GENERIC, start=0):
    return message(18, SESSION, [NOON - FIT_EPOCH + start, sport, sub_sport])


def gpx_file(count=5, inside="", time=TIME):
    points = "".join(
        f'<trkpt lat="{SECRET}" lon="{second / 1e4}"><time>{time.format(second)}</time></trkpt>' for second in range(count)
    )
    return f"<gpx><trk>{inside}<trkseg>{points}</trkseg></trk></gpx>".encode()


def tcx_file(*activities):
    return (
        '\ufeff<TrainingCenterDatabase xmlns:ns3="x"><Activities>'
        + "".join(activities)
        + "</Activities></TrainingCenterDatabase>"
    ).encode()


def activity(sport, *laps):
    return f"<Activity Sport='{sport}'><Id>1</Id>{''.join(laps)}<Creator><Name>w</Name></Creator></Activity>"


def lap(*points):
    return (
        "<Lap StartTime='x'><DistanceMeters>9</DistanceMeters><AverageHeartRateBpm><Value>99</Value>"
        f"</AverageHeartRateBpm><Track>{''.join(points)}</Track></Lap>"
    )


def trackpoint(second, inside=""):
    return f"<Trackpoint><Time>{TIME.format(second)}</Time>{inside}</Trackpoint>"


def read_file(folder, name, data, **kwargs):
    path = folder / name
    path.write_bytes(data)
    return list(tracks.read(path, **kwargs))


WHOLE = {
    "fit": fit_file(session(), run(8)),
    "gpx": gpx_file(8),
    "tcx": tcx_file(activity("Running", lap(*(trackpoint(second) for second in range(8))))),
}
