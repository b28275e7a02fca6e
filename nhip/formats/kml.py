"""KML as GDAL can read it whole: its reader turns letters beyond ASCII in the names of columns into `_`, so that `Số` and `Sổ`
are one column, and believes the encoding that the file states even after it became UTF-8."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path
from typing import Final

from nhip.formats.errors import BrokenFile
from nhip.formats.repack import changed, repacked
from nhip.kernel.i18n import _

_OWN: Final = frozenset(["id", "Name", "description"])
"""Columns that every placemark has."""
_UNSAFE: Final = re.compile(rb"<!DOCTYPE|<!ENTITY|<OGRVRT|<VRTDataset", re.IGNORECASE)
_STATED: Final = re.compile(rb"\A(\s*<\?xml[^<>]*?)\s+encoding\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_FIELD: Final = re.compile(
    rb"(<(?:\w+:)?(?:Data|SimpleData|SimpleField)\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?\sname\s*=\s*)(\"[^\"]*\"|'[^']*')"
)


class _Fields:
    """Names of columns by the plain ones that stand for them while GDAL reads."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._plain: dict[bytes, bytes] = {}

    def change(self, piece: bytes) -> bytes:
        """The names in `piece` replaced by plain ones."""
        return _FIELD.sub(lambda match: match[1] + b'"' + self._replaced(match[2][1:-1]) + b'"', piece)

    def _replaced(self, told: bytes) -> bytes:
        if told not in self._plain:
            plain = f"nhip_field_{len(self._plain)}"
            self._plain[told] = plain.encode()
            name = html.unescape(told.decode(errors="replace"))
            self.names[plain] = f"{name} (2)" if name in _OWN else name
        return self._plain[told]


def readable(path: Path, kind: str, work: Path, filename: str) -> tuple[Path, dict[str, str]]:
    """A copy of the file in `work` for GDAL, and the names of its columns by those in the copy. Raises BrokenFile."""
    fields = _Fields()
    target = work / f"input.{kind}"
    if kind == "kml":
        with path.open("rb") as source, target.open("wb") as out:
            for place, piece in enumerate(changed(source, fields.change)):
                _require_safe(piece, filename)
                out.write(_STATED.sub(rb'\1 encoding="UTF-8"', piece) if place == 0 else piece)
        return target, fields.names

    def checked(piece: bytes) -> bytes:
        _require_safe(piece, filename)
        return fields.change(piece)

    with zipfile.ZipFile(path) as package:
        repacked(package, target, lambda name: name.lower().endswith(".kml"), checked, filename)
    return target, fields.names


def _require_safe(piece: bytes, filename: str) -> None:
    if _UNSAFE.search(piece):
        raise BrokenFile(file=filename, format="KML", what=_("it declares entities or points to other files"))
