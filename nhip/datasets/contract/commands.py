"""Commands on contracts: `nhip contract infer|lint|diff|template|import`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec

from nhip.datasets.contract.diff import diff as diff_contracts
from nhip.datasets.contract.errors import TableMissing
from nhip.datasets.contract.infer import Inferred
from nhip.datasets.contract.infer import infer as infer_contract
from nhip.datasets.contract.lint import lint as lint_text
from nhip.datasets.contract.lint import lint_contract
from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.notes import ContractProblem, fill, render
from nhip.datasets.contract.template import read_template, write_template
from nhip.datasets.contract.yaml import dump, load
from nhip.datasets.decode import decode
from nhip.datasets.engine import session
from nhip.datasets.model import DecodedTable
from nhip.db.terminal import print_json, print_table
from nhip.files import text_of
from nhip.settings import Settings

as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
_existing = click.Path(exists=True, dir_okay=False, path_type=Path)
_new = click.Path(dir_okay=False, path_type=Path)


@click.group()
def contract() -> None:
    """Contracts: what a table holds and what makes it good (ODCS 3.1 YAML, or an Excel template)."""


@contract.command("infer")
@click.argument("file", type=_existing)
@click.option("--out", type=_new, help="Write the contract here instead of printing it.")
@click.option("--dataset", default="", help="Name of the dataset (default: from the file's name).")
@click.option("--table", default="", help="Table or sheet of the file (default: the largest).")
@as_json
@click.pass_obj
def infer(settings: Settings, file: Path, out: Path | None, dataset: str, table: str, wants_json: bool) -> int:
    """Draft a contract from FILE and say how sure each column is."""
    found, others = _infer(settings, file, dataset, table)
    text = dump(found.contract)
    if out:
        out.write_text(text, encoding="utf-8")
    if wants_json:
        print_json({"contract": text, "columns": found.profiles, "other_tables": others})
        return 0
    if not out:
        click.echo(text)
    columns = ("column", "name", "type", "kind", "unit", "pii", "sure", "reason")
    rows = ((p.name, p.field, p.type, p.kind, p.unit, p.pii, p.sure, p.reason) for p in found.profiles)
    if out:
        print_table(columns, rows)
    return 0


def _infer(settings: Settings, file: Path, dataset: str, table: str) -> tuple[Inferred, list[str]]:
    """The draft for one table of the file, and the names of the others."""
    with (
        tempfile.TemporaryDirectory(prefix="nhip-infer-") as folder,
        session(settings, reach=[file, Path(folder)]) as con,
    ):
        decoded = decode(file, Path(folder), settings, filename=file.name, con=con)
        chosen = _choose(decoded.tables, table, file.name)
        drafted = infer_contract(con, chosen, dataset=dataset, filename=file.name)
        if table:
            drafted = msgspec.structs.replace(drafted, contract=msgspec.structs.replace(drafted.contract, table=table))
        return drafted, [other.name for other in decoded.tables if other is not chosen]


def _choose(tables: list[DecodedTable], name: str, file: str) -> DecodedTable:
    fitting = [table for table in tables if table.columns and (not name or name in (table.name, table.sheet))]
    if not fitting:
        known = ", ".join(table.name for table in tables) or "-"
        raise TableMissing(file=file, table=name or "-", known=known)
    return max(fitting, key=lambda table: table.rows)


@contract.command("lint")
@click.argument("file", type=_existing)
@as_json
def lint(file: Path, wants_json: bool) -> int:
    """Say what is wrong or doubtful in the contract FILE. Exit 1 if anything is wrong, 0 if there are warnings at most."""
    problems = lint_text(text_of(file))
    _show_problems(problems, wants_json)
    return 1 if any(problem.severity in ("fatal", "error") for problem in problems) else 0


@contract.command("diff")
@click.argument("old", type=_existing)
@click.argument("new", type=_existing)
@as_json
def diff(old: Path, new: Path, wants_json: bool) -> int:
    """Name what changed from the contract OLD to NEW and whom it breaks. Exit 1 if anything breaks."""
    changes = diff_contracts(_load(old), _load(new))
    if wants_json:
        print_json([{**msgspec.to_builtins(change), "breaking": change.breaking} for change in changes])
    else:
        rows = []
        for change in changes:
            values = {"column": change.column, "was": change.was, "now": change.now}
            rows.append((change.kind, change.breaks or "-", fill(change.message, values)))
        print_table(("change", "breaks", "what"), rows)
    return 1 if any(change.breaking for change in changes) else 0


@contract.command("template")
@click.argument("out", type=_new)
@click.option("--from", "source", type=_existing, help="Fill the template in from this contract.")
@as_json
def template(out: Path, source: Path | None, wants_json: bool) -> None:
    """Write the Excel template that an official fills in to OUT (.xlsx)."""
    write_template(out, _load(source) if source else None)
    print_json({"template": str(out)}) if wants_json else click.echo(str(out))


@contract.command("import")
@click.argument("file", type=_existing)
@click.option("--out", type=_new, help="Write the contract here instead of printing it.")
@as_json
def import_template(file: Path, out: Path | None, wants_json: bool) -> int:
    """Turn the filled-in template FILE (.xlsx) into a contract, and say what is still doubtful in it."""
    found = read_template(file)
    text = dump(found)
    if out:
        out.write_text(text, encoding="utf-8")
    problems = lint_contract(found)
    if wants_json:
        print_json({"contract": text, "problems": [_problem(problem) for problem in problems]})
        return 0
    if not out:
        click.echo(text)
    for problem in problems:
        click.echo(render(problem), err=True)
    return 0


def _load(file: Path) -> Contract:
    return load(text_of(file))


def _show_problems(problems: list[ContractProblem], wants_json: bool) -> None:
    if wants_json:
        print_json([_problem(problem) for problem in problems])
    else:
        print_table(("severity", "problem"), ((problem.severity, render(problem)) for problem in problems))


def _problem(problem: ContractProblem) -> dict[str, Any]:
    """The problem with its sentence, for scripts."""
    return {**msgspec.to_builtins(problem), "text": fill(problem.message, problem.values)}
