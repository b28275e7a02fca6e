"""Commands on administrative units: `nhip units resolve|show|import|diff`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

import click
import msgspec

from nhip.db.terminal import print_table
from nhip.kernel.geo import read_point
from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.places import geojson, lists, nso
from nhip.places.boundaries import Boundaries
from nhip.places.errors import NoAddresses, NotATable, NoUnit
from nhip.places.imported import Difference, Fault, Imported, difference, overlay
from nhip.places.model import Resolution, Unit
from nhip.places.register import Register, save
from nhip.places.resolver import Resolver
from nhip.settings import Settings, load

DAY = click.DateTime(formats=["%Y-%m-%d"])
SHOWN_FAULTS = 20

as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
as_of_option = click.option("--as-of", type=DAY, help="Day on which the answer holds (YYYY-MM-DD; default: today).")
data_dir_option = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation.")


@click.group()
def units() -> None:
    """Administrative units as of a date: resolve addresses, show units, import official tables."""


@units.command()
@click.argument("text", nargs=-1)
@click.option(
    "--file", "path", type=click.Path(path_type=Path, allow_dash=True), help="Text or TSV, a line each; - reads stdin."
)
@as_of_option
@click.option("--province", default="", help="Code of the province meant where an address names none.")
@data_dir_option
@as_json
@click.pass_obj
def resolve(
    settings: Settings | None,
    text: tuple[str, ...],
    path: Path | None,
    as_of: datetime | None,
    province: str,
    data_dir: Path | None,
    wants_json: bool,
) -> int:
    """The present units that addresses of any generation mean: every candidate, never a silent guess.

    In a TSV with a header the column `address` is read, and `lon` and `lat` where it has them; else the first column.
    """
    if not text and path is None:
        raise NoAddresses()
    resolver = Resolver(Register.load(_folder(settings, data_dir)))
    inputs = [(one, None) for one in text] if path is None else _addresses(path)
    day = _day(as_of) or today()
    answers = (resolver.resolve(one, as_of=day, province=province, point=point) for one, point in inputs)
    if wants_json:
        for answer in answers:
            _write_line(msgspec.json.encode(answer))
    else:
        print_table(("input", "status", "codes", "path", "note"), _cells(answers))
    return 0


@units.command()
@click.argument("code")
@as_of_option
@data_dir_option
@as_json
@click.pass_obj
def show(settings: Settings | None, code: str, as_of: datetime | None, data_dir: Path | None, wants_json: bool) -> int:
    """Every unit that has or had CODE, what it was made of and what it went into."""
    register = Register.load(_folder(settings, data_dir))
    day = _day(as_of)
    found = [u for u in register.versions(code) if day is None or u.valid(day)]
    if not found:
        raise NoUnit(code=code, as_of=(day or today()).isoformat())
    rows = [_version(register, unit) for unit in found]
    if wants_json:
        _write_line(msgspec.json.encode(rows))
    else:
        columns = ("uid", "path", "valid_to", "act", "made_of", "became")
        print_table(columns, ([_cell(row[c]) for c in columns] for row in rows))
    return 0


@units.command("import")
@click.argument("kind", type=click.Choice(["nso", "units", "boundaries"]))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@as_of_option
@data_dir_option
@as_json
@click.pass_obj
def import_(
    settings: Settings | None, kind: str, path: Path, as_of: datetime | None, data_dir: Path | None, wants_json: bool
) -> int:
    """Lay an official table over the register: the NSO's conversion table (CSV), a list of units (JSON), boundaries (GeoJSON)."""
    folder = _folder(settings, data_dir)
    register = Register.load(folder)
    if kind == "boundaries":
        shapes, faults = geojson.read(path, register, _day(as_of))
        if shapes:
            Boundaries.load(register).merged(shapes).save(folder)
        _report_boundaries(len(shapes), faults, wants_json)
        return 0 if shapes else 1
    imported = nso.read(path, register) if kind == "nso" else lists.read(path, _day(as_of))
    found = difference(register, imported)
    if not found.empty:
        save(folder, overlay(register, imported, found))
    _report(found, wants_json)
    return 0


@units.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@as_of_option
@data_dir_option
@as_json
@click.pass_obj
def diff(settings: Settings | None, path: Path, as_of: datetime | None, data_dir: Path | None, wants_json: bool) -> int:
    """What an official table (CSV) or a list of units (JSON) says otherwise than the register. Exit code 1 when anything."""
    register = Register.load(_folder(settings, data_dir))
    found = difference(register, _read(path, register, _day(as_of)))
    _report(found, wants_json)
    return 0 if found.empty else 1


def _read(path: Path, register: Register, as_of: date | None) -> Imported:
    return lists.read(path, as_of) if path.suffix.lower() == ".json" else nso.read(path, register)


def _folder(settings: Settings | None, data_dir: Path | None) -> Path:
    """The register's folder of the installation."""
    chosen = settings if settings is not None and data_dir is None else load({"data_dir": data_dir})
    return chosen.data_dir / "places"


def _day(as_of: datetime | None) -> date | None:
    return as_of.date() if as_of else None


def _addresses(path: Path) -> Iterator[tuple[str, tuple[float, float] | None]]:
    """Addresses of a file, each with its point where the file has one."""
    try:
        if str(path) == "-":
            yield from _rows(line.decode("utf-8-sig", "replace") for line in sys.stdin.buffer)
        else:
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                yield from _rows(file)
    except OSError as error:
        raise NotATable(path=path, why=error.strerror) from error


def _rows(lines: Iterable[str]) -> Iterator[tuple[str, tuple[float, float] | None]]:
    rows = (line.replace("\0", "").rstrip("\r\n").split("\t") for line in lines)
    first = next(rows, None)
    if first is None:
        return
    names = [cell.strip().lower() for cell in first]
    if "address" not in names:
        yield first[0], None
        names = ["address"]
    at = names.index("address")
    for cells in rows:
        if any(cell.strip() for cell in cells):
            yield (cells[at] if at < len(cells) else ""), _point(names, cells)


def _point(names: list[str], cells: list[str]) -> tuple[float, float] | None:
    """Longitude and latitude as people write them: decimal commas, minutes and seconds, exchanged columns."""
    try:
        found = read_point(cells[names.index("lat")], cells[names.index("lon")])
    except (ValueError, IndexError):
        return None
    return None if found.lon is None or found.lat is None else (found.lon, found.lat)


def _write_line(data: bytes) -> None:
    """One line of UTF-8, whatever the terminal's encoding."""
    click.echo(data)


def _cells(answers: Iterable[Resolution]) -> Iterator[tuple[str, ...]]:
    for answer in answers:
        codes = " ".join(answer.codes[:6]) + (" …" if len(answer.codes) > 6 else "")
        yield answer.input, answer.status, codes, answer.path, answer.note


def _version(register: Register, unit: Unit) -> dict[str, str | list[str]]:
    return {
        "uid": unit.uid,
        "path": register.path(unit),
        "valid_to": unit.valid_to.isoformat() if unit.valid_to else "",
        "act": unit.act,
        "made_of": [f"{c.from_uid} ({c.kind})" for c in register.predecessors(unit.uid)],
        "became": [f"{c.to_uid} ({c.kind})" for c in register.successors(unit.uid)],
    }


def _cell(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _report(found: Difference, wants_json: bool) -> None:
    if wants_json:
        _write_line(msgspec.json.encode(found))
        return
    rows = [
        *((_("added"), u.code, f"{u.type} {u.name}", "") for u in found.added),
        *((_("removed"), code, "", "") for code in found.removed),
        *((_("renamed"), code, new, old) for code, old, new in found.renamed),
        *((_("other code"), new, name, old) for name, old, new in found.recoded),
        *((_("other mapping"), old, " ".join(new), " ".join(now)) for old, now, new in found.mapping),
    ]
    print_table((_("change"), _("code"), _("in the file"), _("in the register")), rows)
    click.echo(
        _("{changes} differences, {faults} faults in the file.").format(changes=len(rows), faults=len(found.faults))
    )
    _print_faults(found.faults)


def _report_boundaries(count: int, faults: list[Fault], wants_json: bool) -> None:
    if wants_json:
        _write_line(msgspec.json.encode({"boundaries": count, "faults": faults}))
        return
    click.echo(_("{count} boundaries were taken in, {faults} faults.").format(count=count, faults=len(faults)))
    _print_faults(faults)


def _print_faults(faults: list[Fault]) -> None:
    if faults:
        shown = [(fault.row, fault.what, fault.value) for fault in faults[:SHOWN_FAULTS]]
        print_table((_("row"), _("fault"), _("value")), shown)
