"""Verification of tree heads: those of the table and those of the file beside it, signature by signature, root by root."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from nhip.kernel.i18n import _
from nhip.ledger import heads_file
from nhip.ledger.checkpoint import PublicKeys, is_signed
from nhip.ledger.faults import Faults
from nhip.ledger.frozen import Frozen
from nhip.ledger.model import Head


class SignedHeads:
    """Gives the heads in the order of their sizes, table and file side by side, and notes what is wrong with them."""

    def __init__(self, tables: Frozen, origin: str, keys: PublicKeys, file: Path, faults: Faults) -> None:
        self.count = 0
        self.good = 0
        """Size of the last tree whose signed root was found again."""
        self.unlike: int | None = None
        """Size of the first tree whose signed root is another one."""
        self._tables, self._origin, self._keys, self._faults = tables, origin, keys, faults
        self._last = 0
        self._file = file
        self._lines = self._read_file()
        self._in_file = 0
        self._not_in_file: list[int] = []

    def _read_file(self) -> Iterator[Head]:
        """The file's heads; what cannot be read or is out of order is a fault."""
        for number, line in heads_file.iter_lines(self._file):
            try:
                head = heads_file.head_of(line) if line is not None and line.origin == self._origin else None
            except ValueError:
                head = None
            if head is None or head.size <= self._in_file:
                self._faults.other(
                    "head_forged", self._in_file, _("line {line} of the heads file is damaged"), line=number
                )
            else:
                self._in_file = head.size
                yield head

    def due(self, size: int) -> list[tuple[int, list[Head]]]:
        """Up to `size`: each size, and what table and file say was its head (one if they agree)."""
        stored = {head.size: head for head in self._tables.list_heads(self._last, size)}
        kept = {head.size: head for head in self._take(size)}
        self._last = size
        for missing in sorted(kept.keys() - stored.keys()):
            self._faults.other("head_missing", missing, _("this tree head is in the file, but not in the table"))
        self._not_in_file += sorted(stored.keys() - kept.keys())
        both = [(size, {found[size] for found in (stored, kept) if size in found}) for size in sorted(stored | kept)]
        return [(size, sorted(heads, key=lambda head: head.signature)) for size, heads in both]

    def _take(self, size: int) -> Iterator[Head]:
        for head in self._lines:
            if head.size > size:
                self._lines = chain([head], self._lines)
                return
            yield head

    def check(self, size: int, heads: list[Head], root: bytes) -> None:
        """Hold the heads of one size against the root over the events that are there."""
        self.count += 1
        for head in heads:
            if not is_signed(self._origin, head, self._keys):
                self._faults.other("head_forged", size, _("the signature of this tree head is not one of this ledger"))
            elif self.unlike is None and head.root == root:
                self.good = size
            elif self.unlike is None:
                self.unlike = size

    def beyond(self) -> int:
        """The largest size in the file that no event reaches, 0 if there is none."""
        return max((head.size for head in self._lines), default=0)

    def finish(self, *, whole_file: bool) -> None:
        """All heads were taken. A copy of the file (not `whole_file`) may end before the table does."""
        if not self._not_in_file:
            return
        # read again: a head that was in the table when we began may have reached the file since
        now = {line.size for _number, line in heads_file.iter_lines(self._file) if line is not None}
        for size in self._not_in_file:
            if size not in now and (whole_file or size < max(now, default=0)):
                self._faults.other("head_missing", size, _("this tree head is in the table, but not in the file"))
