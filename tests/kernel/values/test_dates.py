"""Dates, times of day and timestamps, case by case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nhip.kernel.time import held
from nhip.kernel.values.clock import parse_time
from nhip.kernel.values.dates import parse_date
from nhip.kernel.values.model import Parsed
from nhip.kernel.values.moments import parse_timestamp

FORM, TIME, PARTIAL = ("date.form", "mended"), ("date.time", "warning"), ("date.partial", "warning")


@pytest.fixture(autouse=True)
def clock():
    with held(datetime(2026, 11, 21, tzinfo=UTC)):
        yield


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("2026-09-02", {}, ("2026-09-02", "", "mended", "")),
        ("13/09/2026", {}, ("2026-09-13", *FORM, "")),
        ("13-9-2026", {}, ("2026-09-13", *FORM, "")),
        ("13.09.2026", {}, ("2026-09-13", *FORM, "")),
        ("13 / 9 / 2026", {}, ("2026-09-13", *FORM, "")),
        ("2/2/2026", {}, ("2026-02-02", *FORM, "")),
        ("03/04/2024", {}, (None, "date.ambiguous", "error", "2024-04-03")),
        ("03/04/2024", {"order": "dmy"}, ("2024-04-03", *FORM, "")),
        ("03/04/2024", {"order": "mdy"}, ("2024-03-04", *FORM, "")),
        ("03/04/2024", {"order": "ymd"}, (None, "date.ambiguous", "error", "2024-04-03")),
        ("02/13/2026", {}, ("2026-02-13", "date.monthFirst", "warning", "")),
        ("02/13/2026", {"order": "dmy"}, (None, "date.impossible", "error", "2026-02-13")),
        ("13/02/2026", {"order": "mdy"}, (None, "date.impossible", "error", "2026-02-13")),
        ("31/02/2024", {}, (None, "date.impossible", "error", "")),
        ("29/02/2023", {}, (None, "date.impossible", "error", "")),
        ("29/02/2024", {}, ("2024-02-29", *FORM, "")),
        ("29/02/1900", {}, (None, "date.impossible", "error", "")),
        ("29/02/2000", {}, ("2000-02-29", *FORM, "")),
        ("2026-13-02", {}, (None, "date.impossible", "error", "2026-02-13")),
        ("2026-02-29", {}, (None, "date.impossible", "error", "")),
        ("1/1/1799", {}, (None, "date.year", "error", "")),
        ("2201-01-01", {}, (None, "date.year", "error", "")),
        ("15-3-19", {}, (None, "date.twoDigitYear", "error", "2019-03-15")),
        ("15/3/75", {}, (None, "date.twoDigitYear", "error", "1975-03-15")),
        ("1/2/31", {}, (None, "date.twoDigitYear", "error", "2031-02-01")),
        ("1/2/32", {}, (None, "date.twoDigitYear", "error", "1932-02-01")),
        ("26-09-02", {"order": "ymd"}, (None, "date.twoDigitYear", "error", "2026-09-02")),
        ("2-Sep-26", {}, (None, "date.twoDigitYear", "error", "2026-09-02")),
        ("2026/09/02", {}, ("2026-09-02", *FORM, "")),
        ("20260902", {}, ("2026-09-02", *FORM, "")),
        ("13092026", {}, ("2026-09-13", *FORM, "")),
        ("03042024", {}, (None, "date.ambiguous", "error", "2024-04-03")),
        ("ngày 2 tháng 9 năm 2026", {}, ("2026-09-02", *FORM, "")),
        ("Ngày 02 tháng 09, 2026", {}, ("2026-09-02", *FORM, "")),
        ("2 tháng chín năm 2026", {}, ("2026-09-02", *FORM, "")),
        ("2 thg 9, 2026", {}, ("2026-09-02", *FORM, "")),
        ("Thứ Tư, 2 tháng 9, 2026", {}, ("2026-09-02", *FORM, "")),
        ("Chủ nhật 13/9/2026", {}, ("2026-09-13", *FORM, "")),
        ("2 Sep 2026", {}, ("2026-09-02", *FORM, "")),
        ("September 2nd, 2026", {}, ("2026-09-02", *FORM, "")),
        ("１３/０９/２０２６", {}, ("2026-09-13", *FORM, "")),
        ("31 tháng 2 năm 2024", {}, (None, "date.impossible", "error", "")),
        ("13/9/2026 07:05", {}, ("2026-09-13", *TIME, "")),
        ("13/9/2026 00:00:00", {}, ("2026-09-13", *FORM, "")),
        ("2026-09-02 00:00:00.000", {}, ("2026-09-02", *FORM, "")),
        ("2026-09-01T17:00:00Z", {}, ("2026-09-02", *FORM, "")),
        ("2/9/2026 07:05", {}, (None, "date.ambiguous", "error", "2026-09-02 07:05:00")),
        ("45901", {}, (None, "date.serial", "error", "2025-09-01")),
        ("45901", {"serial": True}, ("2025-09-01", *FORM, "")),
        ("45901.25", {"serial": True}, ("2025-09-01", *TIME, "")),
        ("44439", {"serial": True, "epoch1904": True}, ("2025-09-01", *FORM, "")),
        ("12345", {}, (None, "date.serial", "error", "")),
        ("2026", {"serial": True}, (None, *PARTIAL, "2026-01-01")),
        ("2026", {"partial": True}, ("2026-01-01", *PARTIAL, "")),
        ("9/2026", {}, (None, *PARTIAL, "2026-09-01")),
        ("2026-09", {}, (None, *PARTIAL, "2026-09-01")),
        ("tháng 9 năm 2026", {}, (None, *PARTIAL, "2026-09-01")),
        ("13/2026", {}, (None, "date.impossible", "error", "")),
        ("00/00/0000", {}, (None, "value.blank", "mended", "")),
        ("0000-00-00", {}, (None, "value.blank", "mended", "")),
        ("-", {}, (None, "value.blank", "mended", "")),
        ("Chưa xác định", {}, (None, "value.blank", "mended", "")),
        ("hôm qua", {}, (None, "date.unreadable", "error", "")),
        ("13/9/2026 và 14/9/2026", {}, (None, "date.unreadable", "error", "")),
    ],
)
def test_dates(text, options, expected):
    parsed = parse_date(text, **options)
    if parsed.rule == "date.ambiguous":
        parsed = parsed._replace(suggestion=parsed.suggestion[: len(expected[3])])
    assert parsed == Parsed(*expected)


def test_excel_counts_a_day_that_never_was():
    """Serial 60 is 29 February 1900 in Excel; 61 is 1 March, and the numbers before 60 are a day earlier than the epoch says."""
    from nhip.kernel.values.dates import serial_date

    assert [serial_date(n, False) for n in (1, 59, 60, 61)] == ["1900-01-01", "1900-02-28", "", "1900-03-01"]
    assert serial_date(0, True) == "1904-01-01"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("07:05:00", ("07:05:00", "", "mended", "")),
        ("07h05", ("07:05:00", "time.form", "mended", "")),
        ("7:05", ("07:05:00", "time.form", "mended", "")),
        ("7h", ("07:00:00", "time.form", "mended", "")),
        ("7g30", ("07:30:00", "time.form", "mended", "")),
        ("7h5'", ("07:05:00", "time.form", "mended", "")),
        ("7.30", ("07:30:00", "time.form", "mended", "")),
        ("7 giờ 5 phút chiều", ("19:05:00", "time.form", "mended", "")),
        ("7 giờ 5 phút 9 giây", ("07:05:09", "time.form", "mended", "")),
        ("7:05 PM", ("19:05:00", "time.form", "mended", "")),
        ("12:00 SA", ("00:00:00", "time.form", "mended", "")),
        ("12:00 CH", ("12:00:00", "time.form", "mended", "")),
        ("1 giờ trưa", ("13:00:00", "time.form", "mended", "")),
        ("12 giờ đêm", ("00:00:00", "time.form", "mended", "")),
        ("11h đêm", ("23:00:00", "time.form", "mended", "")),
        ("24:00", (None, "time.impossible", "error", "00:00:00")),
        ("25:10", (None, "time.impossible", "error", "")),
        ("7:65", (None, "time.impossible", "error", "")),
        ("07:05:09.1234567", ("07:05:09.123456", "time.form", "mended", "")),
        ("sáng", (None, "time.unreadable", "error", "")),
        ("N/A", (None, "value.blank", "mended", "")),
    ],
)
def test_times(text, expected):
    assert parse_time(text) == Parsed(*expected)


def test_times_of_excel():
    assert parse_time("0.5", serial=True).value == "12:00:00"
    assert parse_time("0,295138888888889", serial=True).value == "07:05:00"
    assert parse_time("0.5").rule == "time.unreadable"


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("2026-09-02 07:05:00", {}, ("2026-09-02 07:05:00", "", "mended", "")),
        ("13/9/2026 07:05", {}, ("2026-09-13 07:05:00", "timestamp.form", "mended", "")),
        ("13/9/2026 7h05", {}, ("2026-09-13 07:05:00", "timestamp.form", "mended", "")),
        ("07:05 13/9/2026", {}, ("2026-09-13 07:05:00", "timestamp.form", "mended", "")),
        ("7 giờ 5 phút ngày 2 tháng 9 năm 2026", {}, ("2026-09-02 07:05:00", "timestamp.form", "mended", "")),
        ("13/9/2026 07:05:09 CH", {}, ("2026-09-13 19:05:09", "timestamp.form", "mended", "")),
        ("2026-09-02T07:05", {}, ("2026-09-02 07:05:00", "timestamp.form", "mended", "")),
        ("2026-09-02T00:05:00Z", {}, ("2026-09-02 07:05:00", "timestamp.offset", "mended", "")),
        ("2026-09-02T07:05:00+07:00", {}, ("2026-09-02 07:05:00", "timestamp.form", "mended", "")),
        ("2026-09-02T07:05:00.5-0330", {}, ("2026-09-02 17:35:00.500000", "timestamp.offset", "mended", "")),
        ("Wed, 02 Sep 2026 10:00:00 GMT", {}, ("2026-09-02 17:00:00", "timestamp.offset", "mended", "")),
        ("/Date(1788307200000+0700)/", {}, ("2026-09-02 07:00:00", "timestamp.form", "mended", "")),
        ("02/09/2026 07:05", {}, (None, "date.ambiguous", "error", "2026-09-02 07:05:00")),
        ("02/09/2026 07:05", {"order": "dmy"}, ("2026-09-02 07:05:00", "timestamp.form", "mended", "")),
        ("02/13/2026 07:05", {}, ("2026-02-13 07:05:00", "date.monthFirst", "warning", "")),
        ("13/9/26 07:05", {}, (None, "date.twoDigitYear", "error", "2026-09-13 07:05:00")),
        ("13/9/2026 24:30", {}, (None, "time.impossible", "error", "")),
        ("13/9/2026", {}, ("2026-09-13 00:00:00", "timestamp.dateOnly", "warning", "")),
        ("45901.5", {"serial": True}, ("2025-09-01 12:00:00", "timestamp.form", "mended", "")),
        ("45901.5", {}, (None, "date.serial", "error", "2025-09-01 12:00:00")),
        ("bây giờ", {}, (None, "timestamp.unreadable", "error", "")),
        ("2200-12-31T23:00:00-12:00", {}, (None, "date.year", "error", "")),
    ],
)
def test_timestamps(text, options, expected):
    assert parse_timestamp(text, **options) == Parsed(*expected)
