"""Boundaries of communes: imported GeoJSON, kept as WKB under (code, valid from), answered by an STR tree."""

from __future__ import annotations

import gzip
import os
import zlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nhip.kernel.time import today
from nhip.places.errors import RegisterBroken
from nhip.places.register import Register

if TYPE_CHECKING:
    from shapely import STRtree

FILE = "boundaries.msgpack.gz"
MAX_BYTES = 1024 * 1024 * 1024


class Boundaries:
    """Polygons by uid. Empty until boundaries are imported; nothing is guessed then."""

    def __init__(self, register: Register, shapes: dict[str, bytes]) -> None:
        self._register = register
        self._shapes = shapes
        self._tree: tuple[list[str], STRtree] | None = None

    def __len__(self) -> int:
        return len(self._shapes)

    @classmethod
    def load(cls, register: Register) -> Boundaries:
        """The boundaries in the register's folder. Raises RegisterBroken."""
        path = register.folder / FILE if register.folder else None
        if path is None or not path.is_file():
            return cls(register, {})
        try:
            with gzip.open(path, "rb") as file:
                data = file.read(MAX_BYTES)
            return cls(register, msgspec.msgpack.decode(data, type=dict[str, bytes]))
        except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
            raise RegisterBroken(path=path, why=error) from error

    def merged(self, shapes: dict[str, bytes]) -> Boundaries:
        """These boundaries with `shapes` over them."""
        return Boundaries(self._register, {**self._shapes, **shapes})

    def save(self, folder: Path) -> Path:
        """Write them whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        part = folder / f".{FILE}.{os.getpid()}.part"
        with part.open("wb") as file:
            file.write(gzip.compress(msgspec.msgpack.encode(dict(sorted(self._shapes.items()))), mtime=0))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return path

    def locate(self, lon: float, lat: float, as_of: date | None = None) -> tuple[str, ...]:
        """Codes of the units whose polygon covers the point (degrees WGS 84) on the day; several on a border, none
        outside. Units of an earlier version with the same ground answer by the changes."""
        if not self._shapes or not (-180 <= lon <= 180 and -90 <= lat <= 90):
            return ()
        import shapely  # needed only where boundaries were imported

        day = as_of or today()
        uids, tree = self._built()
        hits = tree.query(shapely.Point(lon, lat), predicate="intersects")
        found = {code for hit in hits for code in self._on(uids[int(hit)], day)}
        return tuple(sorted(found))

    def _on(self, uid: str, day: date) -> tuple[str, ...]:
        """The codes of a polygon's unit on the day, when all of it is still (or was already) one unit."""
        codes = self._register.moved(uid, day)
        return codes if len(codes) == 1 else ()

    def _built(self) -> tuple[list[str], STRtree]:
        if self._tree is None:
            import shapely

            uids = list(self._shapes)
            shapes = shapely.from_wkb([self._shapes[uid] for uid in uids])
            shapely.prepare(shapes)
            self._tree = uids, shapely.STRtree(shapes)
        return self._tree
