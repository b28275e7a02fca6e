"""Files that people name on the command line, read with words for what is wrong with them."""

from __future__ import annotations

from pathlib import Path

from nhip.errors import FileMissing, NotText


def text_of(file: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark. Raises FileMissing, NotText."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise FileMissing(file=file) from error
    except UnicodeDecodeError as error:
        raise NotText(file=file) from error
