"""Yes and no as agencies write them."""

from __future__ import annotations

from nhip.kernel.text import fold
from nhip.kernel.values.cleaning import blank, clean
from nhip.kernel.values.model import Parsed

_TRUE = (
    "co",
    "x",
    "v",
    "1",
    "1.0",
    "dung",
    "yes",
    "y",
    "true",
    "t",
    "on",
    "da",
    "roi",
    "☑",
    "☒",
    "✓",
    "✔",
    "✅",
    "√",
    "🗹",
)
_FALSE = (
    *("khong", "khong co", "ko", "k", "0", "0.0", "sai", "no", "n", "false", "f", "off", "chua", "chua co"),
    *("☐", "✗", "✘", "❌", "□"),
)
_WORDS = {word: Parsed("true", "boolean.form") for word in _TRUE} | {w: Parsed("false", "boolean.form") for w in _FALSE}
_CANONICAL = {"true": Parsed("true"), "false": Parsed("false")}


def parse_boolean(text: str) -> Parsed:
    """Read a yes or no; canonical is `true` or `false`. A blank cell is not "no": in columns of crosses the contract says so."""
    if text in _CANONICAL:
        return _CANONICAL[text]
    cleaned = clean(text)
    found = _WORDS.get(fold(cleaned).rstrip(".")) if len(cleaned) <= 12 else None
    return found or blank(cleaned) or Parsed(None, "boolean.unreadable", "error")
