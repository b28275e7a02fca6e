"""What happened to agencies, datasets and sources, for the ledger. Names, numbers and digests; never a cell."""

from __future__ import annotations

from typing import Any

from nhip.db import Connection
from nhip.ledger.model import Event
from nhip.ledger.service import note


async def happened(tx: Connection, kind: str, what: str, /, **data: Any) -> None:
    """Note `kind` (`version.published`) of `what` (`dataset:tram-xe-buyt`) with the transaction that does it."""
    await note(tx, Event(kind=kind, what=what, data=data))
