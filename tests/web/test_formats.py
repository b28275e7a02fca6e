"""Numbers and dates as people in Vietnam write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.kernel.time import held
from nhip.web import formats
from nhip.web.i18n import speaking

MOMENT = datetime(2026, 9, 2, 7, 5, tzinfo=UTC)


def test_names_in_messages_stand_in_code_letters() -> None:
    assert formats.ticked("`ma` nay <b> phải `có`") == "<code>ma</code> nay &lt;b&gt; phải <code>có</code>"
    assert formats.ticked("dấu ` lẻ") == "dấu ` lẻ"


@pytest.mark.parametrize(
    ("text", "vi", "en"),
    [
        (lambda: formats.number(1234567.891, 2), "1.234.567,89", "1,234,567.89"),
        (lambda: formats.number(1234567), "1.234.567", "1,234,567"),
        (lambda: formats.number(0.5), "0,5", "0.5"),
        (lambda: formats.number(-1234), "-1.234", "-1,234"),
        (lambda: formats.number(None), "—", "—"),
        (lambda: formats.percent(0.873), "87\u202f%", "87%"),
        (lambda: formats.size(1536), "1,5\u00a0KB", "1.5\u00a0KB"),
        (lambda: formats.size(10 * 1024**3), "10\u00a0GB", "10\u00a0GB"),
        (lambda: formats.size(7), "7\u00a0B", "7\u00a0B"),
        (lambda: formats.date_(date(2026, 9, 2)), "02/09/2026", "2 Sep 2026"),
        (lambda: formats.date_(datetime(2026, 9, 1, 18, tzinfo=UTC)), "02/09/2026", "2 Sep 2026"),
        (lambda: formats.time_(MOMENT), "14:05", "14:05"),
        (lambda: formats.datetime_(MOMENT), "14:05\u00a002/09/2026", "2 Sep 2026, 14:05"),
        (lambda: formats.duration(93), "1 phút 33 giây", "1 min 33 s"),
        (lambda: formats.duration(0.25), "250 ms", "250 ms"),
        (lambda: formats.duration(7261), "2 giờ 1 phút", "2 h 1 min"),
        (lambda: formats.duration(86400), "1 ngày", "1 day"),
    ],
)
def test_formats(text, vi: str, en: str) -> None:
    with speaking("vi"):
        assert text() == vi
    with speaking("en"):
        assert text() == en


@pytest.mark.parametrize(
    ("before", "vi", "en"),
    [
        (timedelta(seconds=10), "vừa xong", "just now"),
        (timedelta(minutes=1), "1 phút trước", "1 minute ago"),
        (timedelta(hours=3, minutes=59), "3 giờ trước", "3 hours ago"),
        (timedelta(days=2), "2 ngày trước", "2 days ago"),
        (timedelta(days=70), "2 tháng trước", "2 months ago"),
        (timedelta(days=800), "2 năm trước", "2 years ago"),
        (timedelta(days=-1), "sau 1 ngày", "in 1 day"),
    ],
)
def test_ages(before: timedelta, vi: str, en: str) -> None:
    with held(MOMENT):
        with speaking("vi"):
            assert formats.age(MOMENT - before) == vi
        with speaking("en"):
            assert formats.age(MOMENT - before) == en


@given(st.integers(-(10**15), 10**15))
def test_every_whole_number_can_be_read_back(value: int) -> None:
    with speaking("vi"):
        assert int(formats.number(value).replace(".", "")) == value


@given(st.floats(0, 10**9))
def test_every_duration_has_at_most_two_units(seconds: float) -> None:
    with speaking("en"):
        assert 2 <= len(formats.duration(seconds).split()) <= 4


@given(st.integers(0, 10**16))
def test_every_size_is_short(size: int) -> None:
    with speaking("en"):
        assert len(formats.size(size)) <= 10
