"""What can be wrong with a mapping."""

from __future__ import annotations

from nhip.errors import BadInput


class BadMapping(BadInput):
    """The mapping of things cannot be used: {what}."""
