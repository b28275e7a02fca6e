"""What can be wrong with a mapping."""

from __future__ import annotations

from nhip.errors import BadInput, NotFound


class BadMapping(BadInput):
    """The mapping of things cannot be used: {what}."""


class NoMapping(NotFound):
    """The rows of the dataset {dataset} are not mapped to things."""
