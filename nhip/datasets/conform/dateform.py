"""The forms of dates and times that a contract may demand (`yyyy-MM-dd`, `dd/MM/yyyy HH:mm`), for DuckDB and for Python."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from nhip.datasets.check.errors import FormatUnknown

_PARTS = {
    "yyyy": ("%Y", "[0-9]{4}"),
    "MM": ("%m", "[0-9]{2}"),
    "M": ("%-m", "[0-9]{1,2}"),
    "dd": ("%d", "[0-9]{2}"),
    "d": ("%-d", "[0-9]{1,2}"),
    "HH": ("%H", "[0-9]{2}"),
    "H": ("%-H", "[0-9]{1,2}"),
    "mm": ("%M", "[0-9]{2}"),
    "ss": ("%S", "[0-9]{2}"),
    "SSS": ("%g", "[0-9]{3}"),
    "SSSSSS": ("%f", "[0-9]{6}"),
}
_TOKEN = re.compile(r"'([^']*)'|([A-Za-z])\2*|.", re.DOTALL)
_PERCENT = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss", "%f": "SSSSSS"}
DEFAULTS = {"date": "yyyy-MM-dd", "time": "HH:mm:ss"}


class DateForm(NamedTuple):
    """`exact` is an RE2 regex of the form's shape, `strptime` the same form for DuckDB, `loose` for Python's strptime, which
    takes single digits too, as frictionless does."""

    exact: str
    strptime: str
    loose: str

    def read(self, text: str, type: str) -> str | None:
        """The ISO 8601 text of a date, time or timestamp in this form, None if it is not."""
        try:
            moment = datetime.strptime(text, self.loose)  # noqa: DTZ007  local wall time, as stored
        except ValueError:
            return None
        return iso(moment, type)


def date_form(column: str, format: str) -> DateForm:
    """`format` in Unicode (LDML, as ODCS) or strptime letters. Raises FormatUnknown, also for years of two digits."""
    pattern = format
    for code, letters in _PERCENT.items():
        pattern = pattern.replace(code, letters)
    exact, strptime = "", ""
    for token in _TOKEN.finditer(pattern):
        known = _PARTS.get(token[0])
        if known:
            strptime, exact = strptime + known[0], exact + known[1]
            continue
        plain = token[1] if token[1] is not None else token[0]
        if (token[2] and token[0] not in ("T", "Z")) or plain == "%":
            raise FormatUnknown(column=column, format=format)
        strptime, exact = strptime + plain, exact + re.escape(plain)
    if not strptime.count("%"):
        raise FormatUnknown(column=column, format=format)
    loose = strptime.replace("%-", "%").replace("%g", "%f")
    return DateForm(exact, strptime, loose)


def iso(moment: datetime, type: str) -> str:
    """`moment` as the canonical text of `type` (date, time or timestamp)."""
    if type == "date":
        return moment.date().isoformat()
    return moment.time().isoformat() if type == "time" else moment.replace(tzinfo=None).isoformat(" ")
