"""How far a delivered file may unpack, archives inside archives included: one account for the whole of it.

Text of real tables packs 3 to 50 times, a sheet of mostly empty cells 100 to 1,000 times (deflate reaches 1,032); but who sends
an empty sheet sends hundreds of megabytes of it, not gigabytes. So what is beyond MOST_RATIO is counted, and ends at LOOSE_MB.
"""

from __future__ import annotations

from typing import Final

from nhip.formats.errors import ArchiveTooTight, UnpacksTooLarge

MOST_RATIO: Final = 100
"""Unpacked bytes for one packed byte that raise no doubt."""
LOOSE_MB: Final = 256
"""What may be unpacked beyond that in all: well above the 200 MB of a sheet with a million empty rows, and done in a second."""


class Allowance:
    """What is left for a delivered file of `packed` bytes, which people call `filename`."""

    def __init__(self, packed: int, limit_mb: int, filename: str) -> None:
        self._packed, self._limit_mb, self._filename = packed, limit_mb, filename
        self._taken = self._loose = 0

    def take(self, packed: int, unpacked: int, *, counted: int = 0) -> None:
        """Count the `unpacked` bytes that `packed` ones become, of which `counted` were counted before. Raises UnpacksTooLarge,
        ArchiveTooTight."""
        honest = MOST_RATIO * packed
        self._taken += unpacked - counted
        self._loose += max(0, unpacked - honest) - max(0, counted - honest)
        if self._taken > self._limit_mb << 20:
            raise UnpacksTooLarge(file=self._filename, limit_mb=self._limit_mb)
        beyond = self._taken - MOST_RATIO * self._packed  # of the whole: each of two layers may look honest alone
        if max(self._loose, beyond) > LOOSE_MB << 20:
            size = max(1, self._packed >> 10)
            raise ArchiveTooTight(file=self._filename, packed_kb=size, unpacked_mb=self._taken >> 20)
