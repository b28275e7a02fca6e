"""Finding sectors: every package that names one under the entry point group `nhip.sectors`, the built-in ones too."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from nhip.errors import NhipError
from nhip.kernel.sector import Sector

GROUP = "nhip.sectors"


class SectorBroken(NhipError):
    """The sector {name} cannot be loaded: {what}. Mend it or uninstall its package."""


@cache
def found_sectors() -> tuple[Sector, ...]:
    """All installed sectors, those that others require first, else by name. Raises SectorBroken."""
    by_name = {point.name: load_sector(point.name, point.load) for point in entry_points(group=GROUP)}
    ordered: dict[str, Sector] = {}

    def place(name: str, wanted_by: str) -> None:
        if name not in by_name:
            raise SectorBroken(name=wanted_by, what=f"it requires the sector {name}, which is not installed")
        if name not in ordered:
            for needed in by_name[name].requires:
                place(needed, name)
            ordered[name] = by_name[name]

    for name in sorted(by_name):
        place(name, name)
    return tuple(ordered.values())


def load_sector(name: str, load: object) -> Sector:
    """The sector that `load()` gives. Raises SectorBroken when it is none."""
    try:
        sector = load() if callable(load) else load
    except Exception as error:
        raise SectorBroken(name=name, what=f"{type(error).__name__}: {error}") from error
    if not isinstance(sector, Sector):
        raise SectorBroken(name=name, what="the entry point does not name a Sector")
    return sector
