"""Why a file cannot be given."""

from __future__ import annotations

from nhip.errors import BadInput, NotFound


class NoPlaces(NotFound):
    """The dataset {name} has no column that says where, so there is no GeoJSON of it."""


class OptionUnknown(BadInput):
    """An export has no parameter {parameter}. Known: release, bom (CSV only)."""
