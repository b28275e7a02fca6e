"""Canonical forms as regular expressions that Python's `re` and RE2 (DuckDB) read alike.

A value that matches its pattern needs no parser: the parsers give it back with an empty rule. Use the patterns on the whole
text (`re.fullmatch`, DuckDB `regexp_full_match`). They are sound and complete: a parser's rule is empty exactly for matches.
"""

from __future__ import annotations

_YEAR = "(?:(?:1[89]|2[01])[0-9]{2}|2200)"
_LEAP = "(?:(?:1[89]|2[01])(?:0[48]|[2468][048]|[13579][26])|2000)"
DATE = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
"""ISO 8601 calendar date of the years 1800 to 2200; only days that exist."""

TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
TIMESTAMP = f"{DATE} {TIME}"
"""Wall time in Vietnam without offset, so that a cast to TIMESTAMP keeps it."""

INTEGER = "-?(?:0|[1-9][0-9]{0,17})"
"""At most 18 digits: always a BIGINT."""

# Floating point noise is a fraction of nine or more digits whose end is five equal 0s or 9s and one or two digits more
# (`12345.000000001`, `0.30000000000000004`). RE2 has no look-ahead, so `_CLEAN_END` spells out what such an end is not.
_MIXED4 = "(?:[1-8][0-9]{3}|0(?:[1-9][0-9]{2}|0(?:[1-9][0-9]|0[1-9]))|9(?:[0-8][0-9]{2}|9(?:[0-8][0-9]|9[0-8])))"
_CLEAN_END = f"(?:[0-9]{_MIXED4}[0-9]{{2}}|[1-9]0000[1-9][0-9]|[0-8]9999[0-8][0-9])"
_FRACTION = f"(?:[0-9]{{1,8}}|[0-9]{{2,23}}{_CLEAN_END})"
_UNGROUPED = f"(?:[0-9]{{1,2}}|[0-9]{{4,8}}|[0-9]{{2,23}}{_CLEAN_END})"
_TINY = r"0\.0{7,28}[0-9]{1,2}"
NUMBER_POINT = rf"-?(?:(?:0|[1-9][0-9]{{0,17}})(?:\.{_FRACTION})?|{_TINY})"
"""A number where the point is known to be the decimal mark."""

NUMBER = rf"-?(?:(?:0|[1-9][0-9]{{3,17}})(?:\.{_FRACTION})?|[1-9][0-9]{{0,2}}(?:\.{_UNGROUPED})?|{_TINY})"
"""A number that can be read in one way only: `1.234` is not, it may be 1234 in Vietnam."""

BOOLEAN = "(?:true|false)"

LATITUDE = r"-?(?:90(?:\.0{1,15})?|[1-8]?[0-9](?:\.[0-9]{1,15})?)"
LONGITUDE = r"-?(?:180(?:\.0{1,15})?|(?:1[0-7][0-9]|[1-9]?[0-9])(?:\.[0-9]{1,15})?)"

MOBILE = r"\+84(?:3[0-9]|5[125689]|7[06-9]|8[1-9]|9[0-9])[0-9]{7}"
_AREA = "2(?:0[3-9]|1[0-689]|2[0-25-9]|3[2-9]|5[124-9]|6[0-39]|7[0-7]|9[0-4679])"
LANDLINE = rf"\+84(?:24[2-8][0-9]{{7}}|28[2-9][0-9]{{7}}|{_AREA}[2-9][0-9]{{6}}|80[0-9]{{5}})"
"""24 and 28 with eight digits, other areas with seven, 80 (state offices) with five."""

SHORT_PHONE = "(?:1[89]00[0-9]{4}(?:[0-9]{2})?|11[1-9]|1022|1080)"
PHONE = f"(?:{MOBILE}|{LANDLINE}|{SHORT_PHONE})"
"""E.164, or the short number as dialled (national numbering plan, area codes of 2017, mobile prefixes of 2018)."""

PLATE_PROVINCE = "(?:1[124-9]|2[0-9]|3[0-9]|4[013789]|[567][0-9]|8[0-689]|9[02-5789])"
PLATE_SERIES = "(?:[A-HK-NPR-VX-Z](?:[1-9]|[A-HK-NPR-VX-Z])?|MĐ[1-9]?|TĐ)"
PLATE = (
    f"(?:{PLATE_PROVINCE}{PLATE_SERIES}-(?:[0-9]{{3}}\\.[0-9]{{2}}|[0-9]{{4}})"
    f"|{PLATE_PROVINCE}-[0-9]{{3}}-(?:NG|NN|QT|CV)-[0-9]{{2}}|[A-HK-NP-VX-Z]{{2}}-[0-9]{{2}}-[0-9]{{2}})"
)
"""Cars `75A-123.45`, motorcycles `75F1-123.45`, older ones `75A-1234`, foreigners `80-011-NG-01`, the army `TC-12-34`."""

OLD_PROVINCES = "0(?:0[1246]|08|1[0-24579]|2[024-7]|3[013-8]|4[024-689]|5[12468]|6[024678]|7[024579]|8[0234679]|9[1-6])"
"""Codes of the 63 provinces before 1 July 2025 in three digits, which citizen numbers keep (Circular 59/2021/TT-BCA)."""


def citizen_id_pattern(year: int) -> str:
    """Citizen numbers of people born from 1900 to `year` (2000-2099): province, century and sex, year of birth, six digits."""
    tens, ones = divmod(year % 100, 10)
    born = f"[0-{tens - 1}][0-9]|{tens}[0-{ones}]" if tens else f"0[0-{ones}]"
    return f"{OLD_PROVINCES}(?:[01][0-9]{{2}}|[23](?:{born}))[0-9]{{6}}"


TAX_CODE = "(?:[0-9]{10}(?:-[0-9]{3})?)"
"""Ten digits, the tenth a check digit that `tax_check_sql` tests, and perhaps a branch (Circular 86/2024/TT-BTC)."""

TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def tax_check_sql(column: str) -> str:
    """DuckDB condition that the check digit of the tax code in `column` (an SQL expression) is right."""
    total = "+".join(f"{w}*ascii({column}[{i}])" for i, w in enumerate(TAX_WEIGHTS, 1))
    shift = 48 * sum(TAX_WEIGHTS)
    return f"(10-({total}-{shift})%11=ascii({column}[10])-48)"


HEALTH_INSURANCE = "(?:[A-Z]{2}[1-5][0-9]{12}|[0-9]{10})"
"""The number on the card: 15 characters, or the ten digits of the social insurance number since April 2021."""

BANK_ACCOUNT = "[0-9]{6,19}"
_WORD = "[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9-]{1,58}[a-z0-9])"
_IPV4 = r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"
EMAIL = rf"{_WORD}(?:\.{_WORD}){{0,8}}@{_HOST}"
URL = rf"https?://(?:{_HOST}|{_IPV4})(?::[1-9][0-9]{{0,4}})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?"
"""Lower-case scheme and host, ASCII only; what else stands in the path is percent-encoded (RFC 3986)."""

CANONICAL: dict[str, str] = {
    "date": DATE,
    "timestamp": TIMESTAMP,
    "time": TIME,
    "number": NUMBER,
    "number.point": NUMBER_POINT,
    "integer": INTEGER,
    "boolean": BOOLEAN,
    "latitude": LATITUDE,
    "longitude": LONGITUDE,
    "phone": PHONE,
    "plate": PLATE,
    "citizen_id": citizen_id_pattern(2099),
    "tax_code": TAX_CODE,
    "health_insurance": HEALTH_INSURANCE,
    "bank_account": BANK_ACCOUNT,
    "email": EMAIL,
    "url": URL,
}
"""The form of each type and kind. Two need more than a pattern: `citizen_id` knows the present year (`citizen_id_pattern`),
`tax_code` its check digit (`tax_check_sql`); `registry.canonical_sql` puts that together."""


def _decimal_evidence(mark: str, group: str) -> str:
    grouped = f"-?(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+){mark}(?:[0-9]{{1,2}}|[0-9]{{4,}})"
    return f"{grouped}|-?(?:0|[0-9]{{4,}}){mark}[0-9]+|-?[0-9]{{1,3}}(?:{group}[0-9]{{3}}){{2,}}"


_DAY_ONLY, _MONTH_ONLY = "(?:1[3-9]|2[0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_SHORT_OR_LONG_YEAR = "(?:[0-9]{2}){1,2}(?:[^0-9].*)?"

EVIDENCE: dict[str, dict[str, str]] = {
    "number": {".": _decimal_evidence(r"\.", ","), ",": _decimal_evidence(",", r"\.")},
    "date": {
        "dmy": f"{_DAY_ONLY}[/.-]{_MONTH_ONLY}[/.-]{_SHORT_OR_LONG_YEAR}",
        "mdy": f"{_MONTH_ONLY}[/.-]{_DAY_ONLY}[/.-]{_SHORT_OR_LONG_YEAR}",
    },
}
"""Forms that prove how a column is written: which decimal mark it uses, whether day or month comes first."""
