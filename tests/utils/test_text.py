"""Tables in a terminal: columns never run together. Times."""

from hrkeras.utils.text import hours, percent, signed, table


def test_hours_and_minutes_are_rounded():
    assert [hours(seconds) for seconds in (0, 29, 31, 2 * (39 * 60 + 58), 36_000)] == ["0:00", "0:00", "0:01", "1:20", "10:00"]


def test_columns_are_as_wide_as_their_widest_cell():
    rows = [("2026-11-30 21:52", "556 (248-556)", "0 (0-152)"), ("unknown", "7", "1,234,567 (0-9)")]
    assert table(("run", "zone 1", "zone 2"), rows, left=(0, 1)).split("\n") == [
        "run               zone 1                  zone 2",
        "2026-11-30 21:52  556 (248-556)        0 (0-152)",
        "unknown           7              1,234,567 (0-9)",
    ]


def test_percent():
    assert [percent(share) for share in (0, 0.002, 0.005, 0.0051)] == ["0 %", "less than 1 %", "less than 1 %", "1 %"]
    assert [percent(share) for share in (0.344, 1)] == ["34 %", "100 %"]


def test_signed():
    assert [signed(value) for value in (2.6, 0.4, -0.4, -1.2)] == ["+3", "0", "0", "-1"]
