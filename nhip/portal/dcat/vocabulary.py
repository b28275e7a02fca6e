"""Our words in the words of the EU authority tables and of IANA (`vocabulary.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from nhip.kernel.ids import slug

AUTHORITY = "http://publications.europa.eu/resource/authority"
IANA = "http://www.iana.org/assignments/media-types"


class Format(msgspec.Struct, frozen=True):
    """A form that a table is given in: code of the file type, media type, and what the lists of data.europa.eu say of it."""

    type: str
    title: str
    media: str
    standard: str
    open: bool
    machine: bool


class Vocabulary(msgspec.Struct, frozen=True):
    """The tables of the file."""

    theme_titles: dict[str, str]
    themes: dict[str, str]
    formats: dict[str, Format]


@cache
def vocabulary() -> Vocabulary:
    """The file, read once."""
    found = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
    return msgspec.convert(found, Vocabulary)


def authority(table: str, code: str = "") -> str:
    """The address of an authority table, or of one of its concepts."""
    return f"{AUTHORITY}/{table}/{code}" if code else f"{AUTHORITY}/{table}"


def data_theme(theme: str) -> str:
    """The code of the EU theme that one of ours belongs to; empty where nobody has said so yet."""
    return vocabulary().themes.get(slug(theme), "")
