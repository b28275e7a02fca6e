"""How much one request may ask for."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """How much one request may ask for."""

    body_bytes: int = 10_000_000
    page: int = 20
    """Entities of an answer that names no limit."""
    most: int = 1000
    """Largest limit that is granted."""
    batch: int = 10_000
    """Entities in one batch operation."""
    instances: int = 1000
    """Attribute instances of one temporal answer before it is cut (206)."""
