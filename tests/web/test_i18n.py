"""Which language a request gets, how texts are filled, and that the Vietnamese catalogue is complete."""

from __future__ import annotations

import string
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from nhip.errors import Conflict
from nhip.web.i18n import LOCALE, message_of, negotiate, speaking, translate, translate_plural

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "default", "got"),
    [
        ("en", "vi", "vi", "vi", "en"),
        ("xx", "en", "vi", "vi", "en"),
        ("", "", "en-GB,en;q=0.9,vi;q=0.8", "vi", "en"),
        ("", "", "fr,vi;q=0.5,en;q=0.4", "en", "vi"),
        ("", "", "en;q=0, *", "vi", "vi"),
        ("", "", "en;q=oops", "vi", "vi"),
        ("", "", "", "en", "en"),
        ("", "", "", "klingon", "vi"),
    ],
)
def test_language(asked: str, remembered: str, accepted: str, default: str, got: str) -> None:
    assert negotiate(asked, remembered, accepted, default) == got


def test_values_are_written_as_the_language_does() -> None:
    with speaking("vi"):
        assert translate("{first} to {last} of {total}", first=1, last=50, total=1234567) == "1 đến 50 trong 1.234.567"
        assert translate("Page made at {when}", when=date(2026, 9, 2)) == "Trang được lập lúc 02/09/2026"
        assert translate_plural("{n} day ago", "{n} days ago", 2) == "2 ngày trước"
    with speaking("en"):
        assert translate_plural("{n} day ago", "{n} days ago", 1) == "1 day ago"
        assert translate_plural("{n} day ago", "{n} days ago", 2000) == "2,000 days ago"


def test_a_text_without_values_keeps_its_braces() -> None:
    assert translate("{not a place}") == "{not a place}"
    assert translate("{missing}", other=1) == "{missing}"
    assert translate("") == ""


def test_errors_speak_the_language_of_the_request() -> None:
    error = Conflict(what="bản 7")
    with speaking("vi"):
        assert message_of(error).startswith("Nội dung này vừa được người khác sửa: bản 7.")
    with speaking("en"):
        assert message_of(error) == "This was changed meanwhile: bản 7. Load it again and repeat your change."


def _entries() -> list[tuple[str, str]]:
    with (LOCALE / "vi" / "LC_MESSAGES" / "nhip.po").open("rb") as file:
        catalogue = read_po(file, locale="vi")
    pairs = []
    for entry in catalogue:
        if entry.id:
            key = entry.id[-1] if isinstance(entry.id, list | tuple) else entry.id
            text = entry.string[0] if isinstance(entry.string, list | tuple) else entry.string
            pairs.append((str(key), str(text)))
    return pairs


def _places(text: str) -> set[str]:
    try:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}
    except ValueError:
        return set()


def test_translations_have_the_same_places() -> None:
    wrong = [key for key, text in _entries() if text and _places(key) != _places(text)]
    assert wrong == []


def test_the_vietnamese_catalogue_is_complete() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "messages.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
