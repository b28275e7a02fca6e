"""The points of a backup folder: finding, checking and removing them.

FOLDER/objects/…             blobs by their names, shared by all points
FOLDER/20261121T093000Z/     database.dump, heads.jsonl, keys.txt, keys.sealed, manifest.json
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from nhip.backup.errors import BackupDamaged, NoBackup
from nhip.backup.files import digest_of
from nhip.backup.model import FORMAT, Damage, Manifest, Point, StoredFile

OBJECTS = "objects"
MANIFEST = "manifest.json"
_POINT = re.compile(r"\d{8}T\d{6}Z")


def list_points(folder: Path) -> list[Point]:
    """The whole points of a folder, the oldest first; one whose manifest cannot be read raises BackupDamaged."""
    if not folder.is_dir():
        return []
    return [_read(place) for place in sorted(folder.iterdir()) if _POINT.fullmatch(place.name) and place.is_dir()]


def get_point(source: Path) -> Point:
    """The point at `source`, or the newest in that folder. Raises NoBackup, BackupDamaged."""
    if (source / MANIFEST).is_file():
        return _read(source)
    points = list_points(source)
    if not points:
        raise NoBackup(folder=source)
    return points[-1]


def _read(place: Path) -> Point:
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupDamaged(folder=place, what=f"{MANIFEST}: {error}") from error
    if manifest.format > FORMAT:
        raise BackupDamaged(folder=place, what=f"format {manifest.format}")
    return Point(place, manifest)


def iter_damage(point: Point, seen: Callable[[], None] = lambda: None) -> Iterator[Damage]:
    """Every file and object that is not as the manifest says; `seen` is called after each."""
    shared = point.folder.parent / OBJECTS
    places = [(name, point.folder / name, told) for name, told in point.manifest.files.items()]
    places += [(f"{OBJECTS}/{name}", shared / name, told) for name, told in point.manifest.objects.items()]
    for name, path, told in places:
        if fault := _fault(path, told):
            yield Damage(name, fault)
        seen()


def _fault(path: Path, told: StoredFile) -> str:
    if not path.is_file():
        return "missing"
    if path.stat().st_size != told.size:
        return "size"
    return "" if digest_of(path).sha256 == told.sha256 else "sha256"


def remove_older(folder: Path, keep: int) -> list[str]:
    """Leave the newest `keep` points; remove the others, then the objects that no point names. Gives what was removed."""
    points = list_points(folder)
    gone = points[:-keep] if keep > 0 else []
    for point in gone:
        shutil.rmtree(point.folder)
    if gone:
        named = {name for point in points[-keep:] for name in point.manifest.objects}
        shared = folder / OBJECTS
        for path in [p for p in shared.rglob("*") if p.is_file()]:
            if str(path.relative_to(shared)) not in named:
                path.unlink()
    return [point.name for point in gone]
