"""Parameters of an action: texts in an address, any JSON in a body; what is wrong is told by the name of the parameter."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from nhip.kernel.i18n import _
from nhip.portal.ckan.errors import Invalid

LONGEST = 4_000
MOST_ITEMS = 500
_BOOLEANS = {"true": True, "yes": True, "t": True, "y": True, "on": True, "1": True, "": False}
_BOOLEANS |= {"false": False, "no": False, "f": False, "n": False, "off": False, "0": False, "none": False}


class Params:
    """What the caller sent. Every reader raises Invalid, which names the parameter."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told

    def with_(self, **others: Any) -> Params:
        """The same with some exchanged."""
        return Params({**self._told, **others})

    def raw(self, name: str) -> Any:
        """The value as it was sent; None when it was not."""
        return self._told.get(name)

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers are taken as theirs."""
        value = self._told.get(name)
        if value is None:
            return default
        if isinstance(value, bool | list | dict) or len(told := str(value)) > LONGEST:
            raise Invalid(field=name, why=_("Must be a text of at most 4,000 characters"))
        return told.replace("\0", "")

    def required(self, *names: str) -> str:
        """The text of the first of `names` that is there."""
        for name in names:
            if found := self.text(name):
                return found
        raise Invalid(field=names[0], why=_("Missing value"))

    def whole(self, name: str, default: int, most: int) -> int:
        """A whole number from 0; above `most` it is `most`."""
        value = self._told.get(name)
        if value is None or value == "":
            return default
        told = str(value).strip()
        if isinstance(value, bool) or not (told.isascii() and told.removeprefix("-").isdecimal()):
            raise Invalid(field=name, why=_("Invalid integer"))
        if told.startswith("-"):
            raise Invalid(field=name, why=_("Must be a natural number"))
        return min(int(told), most) if len(told) < 12 else most

    def truth(self, name: str, default: bool = False) -> bool:
        """Yes or no, in the words that CKAN takes."""
        value = self._told.get(name)
        if value is None:
            return default
        found = _BOOLEANS.get(str(value).strip().lower())
        if found is None:
            raise Invalid(field=name, why=_("Must be true or false"))
        return found

    def texts(self, name: str) -> list[str]:
        """A list of texts: JSON, a repeated parameter, or one text with commas."""
        value = self.json(name)
        parts = value.split(",") if isinstance(value, str) else value
        if parts is None:
            return []
        if not isinstance(parts, list) or len(parts) > MOST_ITEMS or not all(isinstance(p, str | int) for p in parts):
            raise Invalid(field=name, why=_("Must be a list of texts"))
        return [text for part in parts if (text := str(part).replace("\0", "").strip()[:LONGEST])]

    def json(self, name: str) -> Any:
        """A value that may have been sent as JSON in a text, as an address must."""
        value = self._told.get(name)
        if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
            try:
                return msgspec.json.decode(value)
            except (msgspec.DecodeError, RecursionError):
                raise Invalid(field=name, why=_("Not valid JSON")) from None
        return value

    def address(self, **others: Any) -> str:
        """The parameters as those of an address, some of them exchanged."""
        told = {**self._told, **others}
        pairs = [(n, v if isinstance(v, str) else msgspec.json.encode(v).decode()) for n, v in told.items()]
        return urlencode(pairs, errors="replace")
