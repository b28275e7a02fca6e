"""Phones, addresses, plates and identity numbers, case by case. All numbers of people are made up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nhip.kernel.time import held
from nhip.kernel.values.booleans import parse_boolean
from nhip.kernel.values.contacts import parse_email, parse_url
from nhip.kernel.values.identity import parse_bank_account, parse_citizen_id, parse_health_insurance, parse_tax_code
from nhip.kernel.values.model import Parsed
from nhip.kernel.values.phones import _OLD_AREA, _OLD_MOBILE, parse_phone
from nhip.kernel.values.plates import parse_plate


@pytest.fixture(autouse=True)
def clock():
    with held(datetime(2026, 11, 21, tzinfo=UTC)):
        yield


def _form(name, value):
    return Parsed(value, f"{name}.form")


def _error(rule, suggestion=""):
    return Parsed(None, rule, "error", suggestion)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+84912345678", Parsed("+84912345678")),
        ("115", Parsed("115")),
        ("19001075", Parsed("19001075")),
        ("0912345678", _form("phone", "+84912345678")),
        ("0912.345.678", _form("phone", "+84912345678")),
        ("+84 (0)91 234 5678", _form("phone", "+84912345678")),
        ("84912345678", _form("phone", "+84912345678")),
        ("0084 912 345 678", _form("phone", "+84912345678")),
        ("ĐT: 0912 345 678", _form("phone", "+84912345678")),
        ("912345678", Parsed("+84912345678", "phone.leadingZero")),
        ("2343822456", Parsed("+842343822456", "phone.leadingZero")),
        ("0234.3822.456", _form("phone", "+842343822456")),
        ("(0234) 3822 456", _form("phone", "+842343822456")),
        ("024 3822 3344", _form("phone", "+842438223344")),
        ("080.43162", _form("phone", "+848043162")),
        ("1900 1075", _form("phone", "19001075")),
        ("1800 599 920", _form("phone", "1800599920")),
        ("01662345678", Parsed("+84362345678", "phone.old", "warning", "+84362345678")),
        ("0123 456 7890", Parsed("+84834567890", "phone.old", "warning", "+84834567890")),
        ("054.3822456", Parsed("+842343822456", "phone.old", "warning", "+842343822456")),
        ("04 38223344", Parsed("+842438223344", "phone.old", "warning", "+842438223344")),
        ("0511 3822456", Parsed("+842363822456", "phone.old", "warning", "+842363822456")),
        ("036.3822456", _error("phone.ambiguous", "+842273822456")),
        ("(036) 382 2456", _error("phone.ambiguous", "+842273822456")),
        ("036 3822 456", _error("phone.ambiguous", "+842273822456")),
        ("0363 822 456", _form("phone", "+84363822456")),
        ("08.38251234", _error("phone.ambiguous", "+842838251234")),
        ("(08) 3825 1234", _error("phone.ambiguous", "+842838251234")),
        ("08 38 251 234", _error("phone.ambiguous", "+842838251234")),
        ("083 825 1234", _form("phone", "+84838251234")),
        ("0838 251 234", _form("phone", "+84838251234")),
        ("036 382 2456", _form("phone", "+84363822456")),
        ("0363822456", _form("phone", "+84363822456")),
        ("0313822456", _error("phone.ambiguous", "+842253822456")),
        ("+84 31 3822456", _form("phone", "+84313822456")),
        ("0712 345 678", _error("phone.unreadable")),
        ("0264 3822456", _error("phone.unreadable")),
        ("0234 3822456 máy lẻ 101", Parsed("+842343822456", "phone.extension", "warning")),
        ("+1 650 253 0000", Parsed("+16502530000", "phone.foreign", "warning")),
        ("0912345678 - 0987654321", _error("phone.several", "+84912345678; +84987654321")),
        ("0912345678/0987654321", _error("phone.several", "+84912345678; +84987654321")),
        ("0234 3822 456/457", _error("phone.several", "+842343822456")),
        ("0000000000", _error("phone.unreadable")),
        ("0412345678", _error("phone.unreadable")),
        ("09123456789", _error("phone.unreadable")),
        ("9,12E+08", _error("phone.unreadable")),
        ("không có", Parsed(None, "value.blank")),
    ],
)
def test_phones(text, expected):
    assert parse_phone(text) == expected


def test_retired_plans_lead_to_the_present_one():
    """Every old prefix has one present prefix of its own, and together they cover all areas but the four that never changed."""
    mobiles = [parse_phone(f"0{old}2345678"[:11]).value for old in _OLD_MOBILE]
    assert [value[3:5] for value in mobiles if value] == list(_OLD_MOBILE.values())
    assert len(set(_OLD_MOBILE.values())) == len(_OLD_MOBILE) == 21
    present = [
        f"{n}" for n in range(200, 300) if n // 10 not in (24, 28) and parse_phone(f"0{n}3822456").rule == "phone.form"
    ]
    assert len(present) == 61
    assert sorted(_OLD_AREA.values()) == sorted({*present, "24", "28"} - {"210", "211", "218", "219"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ubnd@hue.gov.vn", Parsed("ubnd@hue.gov.vn")),
        ("UBND@Hue.gov.vn ", _form("email", "ubnd@hue.gov.vn")),
        ("Email: ubnd@hue.gov.vn.", _form("email", "ubnd@hue.gov.vn")),
        ("a@hue.vn; b@hue.vn", _error("email.several", "a@hue.vn; b@hue.vn")),
        ("ubnd[at]hue.gov.vn", _error("email.unreadable", "ubnd@hue.gov.vn")),
        ("ubnd @hue.gov,vn", _error("email.unreadable", "ubnd@hue.gov.vn")),
        ("ubnd@hue", _error("email.unreadable")),
        ("a..b@hue.vn", _error("email.unreadable")),
    ],
)
def test_emails(text, expected):
    assert parse_email(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://hue.gov.vn", Parsed("https://hue.gov.vn")),
        ("http://10.0.0.1:8080/a?b=c#d", Parsed("http://10.0.0.1:8080/a?b=c#d")),
        ("HTTP://Hue.gov.vn/Tin Tức", _form("url", "http://hue.gov.vn/Tin%20T%E1%BB%A9c")),
        ("www.hue.gov.vn", Parsed("https://www.hue.gov.vn", "url.scheme", "warning")),
        ("http://huế.vn/", _form("url", "http://xn--hu-07s.vn/")),
        ("http://a:b@hue.vn", _error("url.credentials")),
        ("javascript:alert(1)", _error("url.unreadable")),
        ("ftp://hue.vn", _error("url.unreadable")),
        ("ubnd@hue.gov.vn", _error("url.unreadable")),
        ("hue", _error("url.unreadable")),
        ("http://hue.vn:99999999/", _error("url.unreadable")),
    ],
)
def test_urls(text, expected):
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("046199001234", Parsed("046199001234")),
        ("046226001234", Parsed("046226001234")),
        ("046 199 001 234", _form("citizen", "046199001234")),
        ("CCCD: 046199001234", _form("citizen", "046199001234")),
        ("'046199001234", _form("citizen", "046199001234")),
        ("46199001234", _error("citizen.leadingZero", "046199001234")),
        ("1099001234", _error("citizen.leadingZero", "001099001234")),
        ("191234567", Parsed("191234567", "citizen.old", "warning")),
        ("003199001234", _error("citizen.province")),
        ("999199001234", _error("citizen.province")),
        ("046227001234", _error("citizen.birthYear")),
        ("046487001234", _error("citizen.birthYear")),
        ("4,6199E+10", _error("identity.digitsLost")),
        ("04619900123A", _error("citizen.unreadable")),
        ("12345", _error("citizen.unreadable")),
    ],
)
def test_citizen_numbers(text, expected):
    assert parse_citizen_id(text) == expected


def test_the_present_year_bounds_births():
    assert parse_citizen_id("046227001234").value is None
    with held(datetime(2027, 1, 1, tzinfo=UTC)):
        assert parse_citizen_id("046227001234") == Parsed("046227001234")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0100109106", Parsed("0100109106")),
        ("0100109106-001", Parsed("0100109106-001")),
        ("046199001234", Parsed("046199001234")),
        ("0100109106001", _form("taxCode", "0100109106-001")),
        ("MST: 0100109106", _form("taxCode", "0100109106")),
        ("100109106", _error("taxCode.leadingZero", "0100109106")),
        ("100109106-001", _error("taxCode.leadingZero", "0100109106-001")),
        ("0100109107", _error("taxCode.checkDigit")),
        ("0100109160", _error("taxCode.checkDigit")),
        ("0100109107-001", _error("taxCode.checkDigit")),
        ("12345", _error("taxCode.unreadable")),
    ],
)
def test_tax_codes(text, expected):
    assert parse_tax_code(text) == expected


def test_cards_and_accounts():
    assert parse_health_insurance("GD4750123456789") == Parsed("GD4750123456789")
    assert parse_health_insurance("gd 4 75 01234 56789") == _form("healthInsurance", "GD4750123456789")
    assert parse_health_insurance("GD9750123456789") == _error("healthInsurance.unreadable")
    assert parse_bank_account("0161 0012 3456") == _form("bankAccount", "016100123456")
    assert parse_bank_account("1,6E+11") == _error("identity.digitsLost")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("75A-123.45", Parsed("75A-123.45")),
        ("75A-12345", _form("plate", "75A-123.45")),
        ("75a 123.45", _form("plate", "75A-123.45")),
        ("75A123.45", _form("plate", "75A-123.45")),
        ("75-F1 123.45", _form("plate", "75F1-123.45")),
        ("75F112345", _form("plate", "75F1-123.45")),
        ("75F1-2345", Parsed("75F1-2345")),
        ("29AA-12345", _form("plate", "29AA-123.45")),
        ("29LD-123.45", Parsed("29LD-123.45")),
        ("75-MĐ1 123.45", _form("plate", "75MĐ1-123.45")),
        ("75MD1-12345", _form("plate", "75MĐ1-123.45")),
        ("51R-123.45", Parsed("51R-123.45")),
        ("75A 1234", _form("plate", "75A-1234")),
        ("80-011-NG-01", Parsed("80-011-NG-01")),
        ("80NG01101", _form("plate", "80-011-NG-01")),
        ("TC 12-34", _form("plate", "TC-12-34")),
        ("75A12345", _error("plate.ambiguous", "75A-123.45")),
        ("13A-123.45", _error("plate.province")),
        ("75I-123.45", _error("plate.unreadable")),
        ("xe tải", _error("plate.unreadable")),
    ],
)
def test_plates(text, expected):
    assert parse_plate(text) == expected


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("Có", "x", "X", "1", "Đúng", "yes", "TRUE", "☑", "✓", "đã"), "true"),
        (("Không", "không có", "ko", "0", "Sai", "no", "FALSE", "☐", "chưa"), "false"),
    ],
)
def test_booleans(words, value):
    assert parse_boolean(value) == Parsed(value)
    assert {parse_boolean(word) for word in words} == {_form("boolean", value)}
    assert parse_boolean("-") == Parsed(None, "value.blank")
    assert parse_boolean("có thể") == _error("boolean.unreadable")
