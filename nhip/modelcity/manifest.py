"""`city.json` beside the sources: enough to open a written city again without writing it a second time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from nhip.errors import BadInput, NotFound
from nhip.kernel.i18n import _
from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.contracts import contract
from nhip.modelcity.deliver import Place
from nhip.modelcity.model import City, Dataset, Delivered
from nhip.modelcity.sources import source_of

NAME = "city.json"


class _Line(msgspec.Struct, frozen=True):
    number: int
    on: date
    rows: int
    path: str
    table: str


class _Manifest(msgspec.Struct, frozen=True):
    seed: int
    as_of: date
    rows: int
    planted: dict[str, int]
    deliveries: dict[str, list[_Line]]


def write_manifest(city: City) -> None:
    """Write `city.json` into the city's folder; paths are relative to it."""
    lines = {dataset.spec.slug: [_line(one, city.folder) for one in dataset.deliveries] for dataset in city.datasets}
    manifest = _Manifest(city.seed, city.as_of, city.rows, dict(city.planted), lines)
    (city.folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def _line(one: Delivered, folder: Path) -> _Line:
    path = one.path.relative_to(folder).as_posix() if one.path else ""
    return _Line(one.number, one.on, one.rows, path, one.table)


def open_city(folder: Path, *, database_url: str | None = None) -> City:
    """The city that `generate` wrote into `folder`. `database_url` is needed again when tables are in PostgreSQL, because no
    password is kept beside the data. Raises NotFound when there is no city, BadInput when that address is missing."""
    path = folder / NAME
    if not path.is_file():
        raise NotFound(what=str(path))
    manifest = msgspec.json.decode(path.read_bytes(), type=_Manifest)
    in_postgres = any(line.table and not line.path for lines in manifest.deliveries.values() for line in lines)
    if in_postgres and not database_url:
        raise BadInput(what=_("tables of this model city are in PostgreSQL, and its address was not given"))
    place = Place(folder=folder, database_url=database_url if in_postgres else None)
    return City(
        folder=folder,
        seed=manifest.seed,
        as_of=manifest.as_of,
        agencies=AGENCIES,
        datasets=tuple(
            Dataset(
                spec=spec,
                contract=contract(spec),
                deliveries=tuple(_delivered(line, folder) for line in manifest.deliveries[spec.slug]),
                source=source_of(spec, place),
            )
            for spec in DATASETS
        ),
        truth=folder / "truth.parquet",
        rows=manifest.rows,
        planted=manifest.planted,
    )


def _delivered(line: _Line, folder: Path) -> Delivered:
    path = folder / line.path if line.path else None
    return Delivered(number=line.number, on=line.on, rows=line.rows, path=path, table=line.table)
