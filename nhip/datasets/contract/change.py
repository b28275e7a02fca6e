"""One difference between two versions of a contract."""

from __future__ import annotations

from typing import Literal

import msgspec

Breaks = Literal["", "consumer", "supplier"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. `was` and `now` are for people; `message` is an English template over `column`, `was`, `now`."""

    kind: str
    column: str = ""
    breaks: Breaks = ""
    was: str = ""
    now: str = ""
    message: str = ""

    @property
    def breaking(self) -> bool:
        """Whether it breaks anybody."""
        return bool(self.breaks)
