"""The mark for text that people see: `_("...")` is the English text, and the key of its translation."""

from __future__ import annotations


def _(text: str) -> str:
    """Mark `text` for the catalogues; it is translated where it is shown, not where it is made."""
    return text
