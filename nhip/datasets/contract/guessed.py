"""The answer of every guess about a column."""

from __future__ import annotations

import msgspec

from nhip.datasets.contract.model import LogicalType
from nhip.kernel.i18n import _


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """A reading of a column: the fields of the contract it would set, how sure it is (0..1) and why."""

    type: LogicalType = "string"
    kind: str = ""
    sure: float = 0.5
    reason: str = ""
    order: str = ""
    unit: str = ""
    crs: str = ""
    decimal: str = ""
    minimum: str | float | None = None
    maximum: str | float | None = None


UNKNOWN = Guess(sure=0.1, reason=_("nothing is known about it"))
