"""Forms: what was typed stays, what is wrong with it is said beside the field and in a summary.

Reading a field returns a usable value or None and notes what is wrong. Read everything, then look at `errors`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.text import nfc
from nhip.web.i18n import message_of, translate

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?")


SENT = "sent"
"""In the state of a request: the texts of the form that it brought."""
_MOST_KEPT = 1_000_000
_SECRET = re.compile("password|secret|code|token|again|kept")


def kept_of(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """What was typed into the form that `request` brought, to be sent again after a failure of ours; nothing of a form with
    secrets in it, nothing beyond a megabyte."""
    sent: list[tuple[str, str]] = request.scope.get("state", {}).get(SENT, [])
    fine = sum(len(value) for _name, value in sent) <= _MOST_KEPT and not any(_SECRET.search(name) for name, _v in sent)
    return sent if fine else []


class FieldError(msgspec.Struct, frozen=True):
    """One fault. `text` is an English template and gettext key; `field` is empty for the form as a whole."""

    field: str
    text: str
    values: dict[str, Any] = {}

    def __str__(self) -> str:
        return translate(self.text, **self.values)


class Form:
    """The raw values of a form by field name, its uploads, and its errors in the order they were found."""

    def __init__(
        self,
        values: Mapping[str, Sequence[str]] | None = None,
        uploads: Mapping[str, Sequence[UploadFile]] | None = None,
    ) -> None:
        self.values = {name: [nfc(v) for v in many] for name, many in (values or {}).items()}
        self.uploads = dict(uploads or {})
        self.errors: list[FieldError] = []

    @classmethod
    def of(cls, **values: object) -> Form:
        """A form to begin with, filled with `values`; None leaves a field empty, a date fills its three fields."""
        texts: dict[str, list[str]] = {}
        for name, value in values.items():
            if isinstance(value, date):
                parts = zip(("day", "month", "year"), (value.day, value.month, value.year), strict=True)
                texts.update({f"{name}-{part}": [str(number)] for part, number in parts})
            elif isinstance(value, list | tuple):
                texts[name] = [str(one) for one in value]
            elif value is not None:
                texts[name] = ["on" if value is True else "" if value is False else str(value)]
        return cls(texts)

    @classmethod
    async def read(cls, request: Request[Any, Any, Any]) -> Form:
        """The form that was sent (urlencoded or multipart); for GET, the query."""
        if request.method == "GET":
            return cls(_grouped(request.query_params.multi_items()))
        items = list((await request.form()).multi_items())
        texts = [(name, value) for name, value in items if isinstance(value, str)]
        files = [(name, value) for name, value in items if isinstance(value, UploadFile) and value.filename]
        request.scope.setdefault("state", {})[SENT] = texts  # for the page that tells a failure of ours
        return cls(_grouped(texts), _grouped(files))

    def raw(self, name: str) -> str:
        """What was typed, as it was typed."""
        many = self.values.get(name)
        return many[0] if many else ""

    def many(self, name: str) -> list[str]:
        """All values sent under `name`."""
        return self.values.get(name, [])

    def fail(self, field: str, text: str, /, **values: Any) -> None:
        """Note that `field` is wrong; `text` is marked English with places."""
        self.errors.append(FieldError(field, text, values))

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """What the block refuses is said above the form; what is forbidden, not there or broken goes on."""
        try:
            yield
        except NhipError as error:
            if error.status in (401, 403, 404) or error.status >= 500:
                raise
            self.fail("", "{text}", text=message_of(error))

    def error(self, field: str) -> FieldError | None:
        """The first fault of a field."""
        return next((error for error in self.errors if error.field == field), None)

    def text(self, name: str, *, required: str = "", longest: int = 1_000, pattern: str = "", hint: str = "") -> str:
        """Trimmed text. `required` is what to say when it is empty; `hint` what to say when `pattern` does not match."""
        value = self.raw(name).strip()
        if not value:
            if required:
                self.fail(name, required)
        elif len(value) > longest:
            self.fail(name, _("Use at most {longest} characters; there are {n} now."), longest=longest, n=len(value))
        elif pattern and not re.fullmatch(pattern, value):
            self.fail(name, hint or _("This does not have the expected form."))
        return value

    def integer(
        self, name: str, *, required: str = "", lowest: int | None = None, highest: int | None = None
    ) -> int | None:
        """A whole number, with or without points between the thousands."""
        value = self.number(name, required=required, lowest=lowest, highest=highest)
        if value is not None and not value.is_integer():
            self.fail(name, _("Use a whole number."))
            return None
        return None if value is None else int(value)

    def number(
        self, name: str, *, required: str = "", lowest: float | None = None, highest: float | None = None
    ) -> float | None:
        """A number as Vietnamese write it (1.234,5). A single point before three digits counts as thousands."""
        typed = self.text(name, required=required, longest=40)
        if not typed:
            return None
        plain = _plain_number(typed)
        if not _NUMBER.fullmatch(plain):
            self.fail(name, _("Write a number, for example 1.234,5."))
            return None
        value = float(plain)
        return value if self._within(name, value, lowest, highest) else None

    def choice(self, name: str, options: Sequence[str], *, required: str = "") -> str:
        """One of `options`, or empty."""
        value = self.text(name, required=required)
        if value and value not in options:
            self.fail(name, _("Choose one of the list."))
            return ""
        return value

    def checked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.raw(name))

    def date(self, name: str, *, required: str = "") -> date | None:
        """A date from its three fields `name-day`, `name-month`, `name-year`."""
        parts = [self.raw(f"{name}-{part}").strip() for part in ("day", "month", "year")]
        if not any(parts):
            if required:
                self.fail(name, required)
            return None
        if not all(part.isascii() and part.isdigit() for part in parts) or len(parts[2]) != 4:
            self.fail(name, _("Write day, month and the year in four digits, for example 2 9 2026."))
            return None
        try:
            return date(int(parts[2]), int(parts[1]), int(parts[0]))
        except ValueError:
            self.fail(name, _("There is no such day."))
            return None

    def upload(self, name: str, *, required: str = "") -> UploadFile | None:
        """The file that was chosen. Its name and type are the sender's claim."""
        files = self.uploads.get(name)
        if not files:
            if required:
                self.fail(name, required)
            return None
        return files[0]

    def _within(self, name: str, value: float, lowest: float | None, highest: float | None) -> bool:
        if lowest is not None and value < lowest:
            self.fail(name, _("Use {lowest} or more."), lowest=lowest)
            return False
        if highest is not None and value > highest:
            self.fail(name, _("Use {highest} or less."), highest=highest)
            return False
        return True


def _grouped(items: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in items:
        found.setdefault(name, []).append(value)
    return found


def _plain_number(typed: str) -> str:
    """`1.234,5`, `1234,5`, `1.234` and `1234.5` as Python reads them."""
    text = typed.replace(" ", "").replace("\u00a0", "").replace("\u202f", "")
    if "," in text:
        whole, _comma, rest = text.partition(",")
        return f"{whole.replace('.', '')}.{rest}"
    thousands = re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+", text)
    return text.replace(".", "") if thousands else text
