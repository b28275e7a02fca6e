"""Languages: English is the key, `locale/vi` the one catalogue, compiled from .po in memory at first use.

The language of a request lives in a context variable, so that templates, filters and services agree on it.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from nhip.errors import NhipError, in_words

LANGUAGES = ("vi", "en")
NAMES = {"vi": "Tiếng Việt", "en": "English"}
LOCALE = Path(__file__).parent / "locale"

_added: dict[str, list[Path]] = {}
_language: ContextVar[str] = ContextVar("language", default="vi")


def language() -> str:
    """Language of the present request: `vi` or `en`."""
    return _language.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Translate into `code` inside the block; an unknown code counts as English."""
    token = _language.set(code if code in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(token)


@cache
def catalogue(code: str) -> gettext.NullTranslations:
    """Translations into `code`; English needs none. What the product does not know is looked up in the added catalogues."""
    found = _compiled(LOCALE / code / "LC_MESSAGES" / "nhip.po", code)
    for path in _added.get(code, []):
        found.add_fallback(_compiled(path, code))
    return found


def add_catalogue(code: str, path: Path) -> None:
    """Add the texts of a sector: a .po file in the language `code`."""
    if path.is_file() and path not in _added.setdefault(code, []):
        _added[code].append(path)
        catalogue.cache_clear()


def _compiled(path: Path, code: str) -> gettext.NullTranslations:
    if not path.is_file():
        return gettext.NullTranslations()
    with path.open("rb") as file:
        messages = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(text: str, /, **values: object) -> str:
    """`text` in the request's language, its `{places}` filled; numbers and dates are written as that language does."""
    say = catalogue(language()).gettext
    return _fill(say(text) if text else "", in_words(values, say))


def translate_plural(one: str, many: str, n: int, /, **values: object) -> str:
    """The form of a counted text that fits `n`; `{n}` is filled with it."""
    return _fill(catalogue(language()).ngettext(one, many, n), {"n": n, **values})


def message_of(error: NhipError) -> str:
    """The error's message in the request's language."""
    return error.message(catalogue(language()).gettext)


def _fill(text: str, values: dict[str, object]) -> str:
    if not values:
        return text
    try:
        return text.format(**{name: _shown(value) for name, value in values.items()})
    except (KeyError, IndexError, ValueError):
        return text


def _shown(value: object) -> object:
    """A value as it reads inside a sentence."""
    from nhip.web import formats

    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return formats.number(value)
    if isinstance(value, datetime):
        return formats.datetime_(value)
    return formats.date_(value) if isinstance(value, date) else value


def negotiate(asked: str, remembered: str, accepted: str, default: str) -> str:
    """The language of a request: `?lang=`, then the cookie, then Accept-Language, then the setting."""
    for code in (asked, remembered, *_by_quality(accepted), default):
        if code in LANGUAGES:
            return code
    return "vi"


def _by_quality(header: str) -> list[str]:
    """Primary subtags of an Accept-Language header (RFC 9110 section 12.5.4), best first."""
    found: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        name, _, parameter = part.strip().partition(";")
        quality = _quality(parameter.strip())
        if name and quality > 0:
            found.append((quality, name.split("-")[0].lower()))
    return [name for _, name in sorted(found, key=lambda pair: -pair[0])]


def _quality(parameter: str) -> float:
    if not parameter.startswith("q="):
        return 1.0
    try:
        return float(parameter[2:])
    except ValueError:
        return 0.0
