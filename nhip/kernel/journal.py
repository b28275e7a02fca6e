"""What the program writes to its journal: one line an event, whatever strangers put into it (ASVS 5.0, 16.4.1)."""

from __future__ import annotations

import logging
import re
from types import TracebackType

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_FRAME = re.compile(r'  File ".*", line [0-9]+, in ')
_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|“[^”]*”|[0-9](?:[ .\-]?[0-9]){5,}""")
FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class OneLine(logging.Formatter):
    """Writes control and text-turning characters as escapes; the lines of a traceback begin with a bar, which no event does."""

    def __init__(self) -> None:
        super().__init__(FORM, "%Y-%m-%dT%H:%M:%S%z")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The event in one line."""
        return visible(super().formatMessage(record))

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """The traceback, each line behind a bar, without what exceptions quote: that may be somebody's data."""
        lines = super().formatException(ei).split("\n")
        code = {n + 1 for n, line in enumerate(lines) if _FRAME.match(line)}
        kept = (line if _FRAME.match(line) or n in code else without_values(line) for n, line in enumerate(lines))
        return "\n".join("  | " + visible(line) for line in kept)


def without_values(text: str) -> str:
    """`text` without what stands in quotes and without long numbers."""
    return _QUOTED.sub("•••", text)


def visible(text: str) -> str:
    """`text` with every control character as `\\n`, `\\x1b`, `\\u202e`."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def begin() -> None:
    """Let this process write its journal to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
