"""`nhip sector check`: what keeps a sector from working, found without running it."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import msgspec
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.yaml import load
from nhip.datasets.engine import ident
from nhip.db.migrate import list_migrations
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.kernel.needs import SYSTEM, permissions_of
from nhip.kernel.sector import Sector

_NAME = re.compile(r"^[a-z][a-z0-9_]{1,30}$")
_SQL_TYPES = {"integer": "bigint", "number": "double", "boolean": "boolean", "date": "date", "timestamp": "timestamp"}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


class Fault(msgspec.Struct, frozen=True):
    """One thing to mend: the file or part, and what to do. `message` is an English template over `values`."""

    where: str
    message: str
    values: dict[str, str] = {}

    def __str__(self) -> str:
        return f"{self.where}: {self.message.format(**self.values)}"


def check(sector: Sector) -> list[Fault]:
    """Every fault of a sector; empty when it is sound."""
    folder = Path(str(import_module(sector.package).__file__)).parent
    found = [
        *_names(sector),
        *_imports(folder),
        *_migrations(sector),
        *_routes(sector),
        *_jobs(sector),
        *_templates(sector, folder),
    ]
    contracts: dict[str, Contract] = {}
    found += _datasets(sector, folder, contracts)
    found += _indicators(sector, contracts)
    return [*found, *_words(folder)]


def _names(sector: Sector) -> Iterator[Fault]:
    if not _NAME.match(sector.name):
        yield Fault("name", _("use 2 to 31 small letters, digits and _, beginning with a letter"))
    for permission in sector.permissions:
        if not permission.name.startswith(f"{sector.name}."):
            yield Fault(permission.name, _("a permission begins with the sector's name and a point"))


def _imports(folder: Path) -> Iterator[Fault]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                if name.split(".")[0] == "nhip" and name != "nhip.sdk":
                    yield Fault(path.name, _("imports {name}; a sector uses nhip.sdk only"), {"name": name})


def _migrations(sector: Sector) -> Iterator[Fault]:
    try:
        for migration in list_migrations([sector.package]):
            if f"sector_{sector.name}" not in migration.text:
                schema = f"sector_{sector.name}"
                yield Fault(migration.name, _("keep the tables in the schema {schema}"), {"schema": schema})
    except NhipError as error:
        yield Fault("migrations", error.message())


def _routes(sector: Sector) -> Iterator[Fault]:
    home = f"/console/{sector.name}"
    known = [permission.name for permission in sector.permissions]
    for route in sector.routes:
        for path in getattr(route, "paths", ()):
            if path != home and not path.startswith(home + "/"):
                yield Fault(path, _("addresses begin with {home}"), {"home": home})
            if route.opt.get("permission") not in known:
                yield Fault(
                    path, _("name the permission that this page needs, one of {known}"), {"known": ", ".join(known)}
                )


def _jobs(sector: Sector) -> Iterator[Fault]:
    known = {*(permission.name for permission in sector.permissions), SYSTEM}
    for task in set(sector.jobs.tasks.values()) if sector.jobs is not None else ():
        if not known.issuperset(permissions_of(task)) or not permissions_of(task):
            where = f"jobs: {task.name}"
            yield Fault(
                where,
                _("say above the job who enqueues it: @needs(…) with one of {known}"),
                {"known": ", ".join(sorted(known))},
            )


def _templates(sector: Sector, folder: Path) -> Iterator[Fault]:
    environment = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"])
    for path in sorted((folder / "templates").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        try:
            environment.parse(text)
        except jinja2.TemplateSyntaxError as error:
            yield Fault(path.name, _("line {line}: {what}"), {"line": str(error.lineno), "what": str(error.message)})
        if "<script" in text and "src=" not in text:
            yield Fault(path.name, _("script inside a page is refused by the browser; put it into a file"))


def _datasets(sector: Sector, folder: Path, contracts: dict[str, Contract]) -> Iterator[Fault]:
    for plan in sector.datasets:
        path = folder / "contracts" / plan.contract
        if not path.is_file():
            yield Fault(plan.name, _("the contract {file} is not there"), {"file": f"contracts/{plan.contract}"})
            continue
        try:
            contracts[plan.name] = load(path.read_text(encoding="utf-8"))
        except NhipError as error:
            yield Fault(plan.contract, error.message())
            continue
        if contracts[plan.name].dataset != plan.name:
            yield Fault(plan.contract, _("its schema must be named {name}"), {"name": plan.name})
        if plan.demo and not (folder / "demo" / plan.demo).is_file():
            yield Fault(plan.name, _("the demo file {file} is not there"), {"file": f"demo/{plan.demo}"})


def _indicators(sector: Sector, contracts: dict[str, Contract]) -> Iterator[Fault]:
    for indicator in sector.indicators:
        with duckdb.connect(":memory:") as con:
            for name in indicator.datasets:
                if name in contracts:
                    con.execute(f"create table {ident(name)} ({_columns(contracts[name])})")
            try:
                con.execute(indicator.sql)
                width = len(con.description or [])
            except duckdb.Error as error:
                yield Fault(indicator.name, _("its SQL cannot be run: {what}"), {"what": str(error).splitlines()[0]})
                continue
            if width != 1:
                yield Fault(indicator.name, _("its SQL must give one column"))


def _columns(contract: Contract) -> str:
    return ", ".join(f"{ident(f.name)} {_SQL_TYPES.get(f.type, 'varchar')}" for f in contract.fields)


def _words(folder: Path) -> Iterator[Fault]:
    """Every text of the sector has its Vietnamese."""
    catalogue = folder / "locale" / "vi.po"
    known: set[Any] = set()
    if catalogue.is_file():
        known = {m.id for m in read_po(io.BytesIO(catalogue.read_bytes())) if m.string}
    options = {"**/templates/**.html": {"silent": "true"}}
    for file, line, text, *_rest in extract_from_dir(str(folder), METHODS, options, keywords={"_": None}):
        if isinstance(text, str) and text not in known and text not in shared_words():
            yield Fault(f"{file}:{line}", _("“{text}” has no Vietnamese in locale/vi.po"), {"text": text})


def shared_words() -> frozenset[str]:
    """Texts that Nhịp itself translates already."""
    from nhip.web.i18n import LOCALE

    path = LOCALE / "vi" / "LC_MESSAGES" / "nhip.po"
    if not path.is_file():
        return frozenset()
    return frozenset(str(m.id) for m in read_po(io.BytesIO(path.read_bytes())) if m.string)
