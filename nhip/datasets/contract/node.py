"""A cursor over a parsed contract: typed access to one value that notes what is wrong with it, and where."""

from __future__ import annotations

from typing import Any

from nhip.datasets.contract.document import Document
from nhip.datasets.contract.notes import Notes, Path, path_text
from nhip.datasets.model import Severity
from nhip.kernel.i18n import _


class Node:
    """The value at `path`, None where the file has nothing."""

    def __init__(self, document: Document, notes: Notes, path: Path = (), value: Any = None) -> None:
        self.document, self.notes, self.path = document, notes, path
        self.value = value

    @classmethod
    def root(cls, document: Document, notes: Notes) -> Node:
        """The whole document."""
        return cls(document, notes, (), document.data)

    @property
    def key(self) -> str:
        """The last part of the path."""
        return str(self.path[-1]) if self.path else ""

    def __bool__(self) -> bool:
        return self.value is not None

    def note(self, severity: Severity, code: str, message: str, **values: Any) -> None:
        """Note a problem at this place (for a missing value: at the nearest thing above that exists)."""
        at = self.path
        while at and at not in self.document.lines:
            at = at[:-1]
        line = self.document.lines.get(at, 1)
        self.notes.add(severity, code, message, path=path_text(self.path), line=line, **values)

    def __getitem__(self, key: str) -> Node:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(self.document, self.notes, (*self.path, key), value)

    def filled(self) -> list[str]:
        """Keys of a mapping that have a value, in order."""
        return [k for k, v in self.value.items() if v is not None] if isinstance(self.value, dict) else []

    def items(self) -> list[Node]:
        """Entries of a list; anything but a list is a mistake."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self._expect(_("a list"))
            return []
        return [Node(self.document, self.notes, (*self.path, place), value) for place, value in enumerate(self.value)]

    def mappings(self) -> list[Node]:
        """Entries of a list of mappings; an entry of another type is a mistake."""
        found = self.items()
        for item in found:
            if not isinstance(item.value, dict):
                item._expect(_("keys and values"))
        return [item for item in found if isinstance(item.value, dict)]

    def text(self, default: str = "") -> str:
        """A text; a number or date written without quotes counts as the text that was written."""
        if self.value is None:
            return default
        if isinstance(self.value, dict | list):
            self._expect(_("a text"))
            return default
        return self.document.raw.get(self.path, str(self.value))

    def texts(self) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        if self.value is not None and not isinstance(self.value, list | dict):
            return (self.text(),)
        return tuple(item.text() for item in self.items() if item)

    def flag(self) -> bool:
        """True or false; missing is false."""
        if self.value is None:
            return False
        if not isinstance(self.value, bool):
            self._expect(_("true or false"))
            return False
        return self.value

    def number(self) -> float | None:
        """A finite number."""
        if self.value is None:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self._expect(_("a number"))
            return None
        return float(self.value)

    def count(self) -> int | None:
        """A whole number of 0 or more."""
        value = self.number()
        if value is None:
            return None
        if value < 0 or not value.is_integer():
            self._expect(_("a whole number, 0 or more"))
            return None
        return int(value)

    def _expect(self, wanted: str) -> None:
        shown = "…" if isinstance(self.value, dict | list) else str(self.value)
        self.note("fatal", "contract.type", _("expected {wanted}, found `{found}`"), wanted=wanted, found=shown)


def custom(node: Node) -> dict[str, Node]:
    """`customProperties` by name."""
    return {item["property"].text(): item["value"] for item in node["customProperties"].mappings()}
