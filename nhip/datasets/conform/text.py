"""Text cells: which ones are canonical already (SQL, on every row) and what the others become (Python, once a distinct value)."""

from __future__ import annotations

from nhip.kernel.text import canonical_tone, nfc, squash
from nhip.kernel.values.model import Parsed

PLAIN = "!-~¡-¬®-\u02ff\u1e00-\u1eff–—‘’“”•…₫"
"""Signs (as a character class) that need no look: NFC however they are combined, visible, not a kind of blank."""

_LATE = "[oO][àáảãạèéẻẽẹÀÁẢÃẠÈÉẺẼẸ]|[uU][ỳýỷỹỵỲÝỶỸỴ]"
ERRORS = ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
"""What spreadsheets write in place of a result, and what their exports to text keep: no value of anything."""

SUSPECT = rf"[^{PLAIN} ]|^ | $|  |^#[A-Z]{{2,7}}[/!?_]|(?:^|[^qQ])(?:{_LATE})(?:[^\p{{L}}\p{{N}}_]|$)"
"""RE2: matches every text that `kernel.text.canonical` changes, and some that it does not."""

SUSPECT_NAME = rf"[^{PLAIN} ]|^ | $|  "
"""The same for names of people, whose spelling and tones are theirs: only form C and blanks are looked at."""


def parse_text(text: str) -> Parsed:
    """Ordinary text in its stored form: NFC, blanks squashed, tones in their traditional place. Nothing but blanks is empty,
    and so is an error of a spreadsheet."""
    spaced = squash(nfc(text))
    return _judged(text, spaced, canonical_tone(spaced))


def parse_name(text: str) -> Parsed:
    """The name of a person: NFC, blanks squashed, otherwise as it was delivered."""
    spaced = squash(nfc(text))
    return _judged(text, spaced, spaced)


def _judged(text: str, spaced: str, stored: str) -> Parsed:
    if stored in ERRORS:
        return Parsed(None, "value.blank")
    if not stored:
        return Parsed(None, "text.blank")
    if stored == text:
        return Parsed(stored)
    rule = "text.nfc" if nfc(text) != text else "text.spaces" if spaced != text else "text.tone"
    return Parsed(stored, rule)
