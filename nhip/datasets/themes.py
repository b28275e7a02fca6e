"""Themes of datasets in words; a theme that the table does not know is shown as it was written."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


def theme_title(code: str, language: str) -> str:
    """How people say a theme in `vi` or `en`."""
    vi, en = _titles().get(code, (code, code))
    return en if language == "en" else vi


@cache
def _titles() -> dict[str, tuple[str, str]]:
    text = Path(__file__).with_name("themes.toml").read_text(encoding="utf-8")
    return {code: (vi, en) for code, (vi, en) in tomllib.loads(text)["themes"].items()}
