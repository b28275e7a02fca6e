"""`lint` says everything that is wrong or doubtful in a contract, with its place."""

from __future__ import annotations

import itertools
from typing import Any

import pydantic
from open_data_contract_standard.model import OpenDataContractStandard

from nhip.datasets.contract.document import Document, parse
from nhip.datasets.contract.errors import ContractUnreadable
from nhip.datasets.contract.lint_field import check_field
from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.notes import ContractProblem, Notes, Path, Place, path_text
from nhip.datasets.contract.parserwords import schema_words
from nhip.datasets.contract.reader import read
from nhip.kernel.i18n import _

_OLD = {"validValues", "pattern", "properties"}
"""Keys that ODCS 3.0 had directly in a quality rule."""


def lint(text: str) -> list[ContractProblem]:
    """All problems of the contract in `text`, by line: what YAML, ODCS 3.1, RE2, DuckDB and common sense say against it."""
    try:
        document = parse(text)
    except ContractUnreadable as error:
        line = int(error.values["line"])
        message = _("the contract cannot be read: {what}{detail}")
        return [
            ContractProblem(
                code="contract.yaml",
                message=message,
                severity="fatal",
                line=line,
                values={"what": error.values["what"], "detail": error.values["detail"]},
            )
        ]
    contract, notes = read(document)
    _check_schema(document, notes)
    if contract is not None:
        check_contract(contract, notes, document)
    return sorted(notes.problems, key=lambda problem: problem.line)


def lint_contract(contract: Contract) -> list[ContractProblem]:
    """What is wrong or doubtful in a contract that did not come from YAML (a template, a form); paths are column names."""
    notes = Notes()
    check_contract(contract, notes, None)
    return notes.problems


def check_contract(contract: Contract, notes: Notes, document: Document | None) -> None:
    """Note what is wrong with the meaning of `contract`; `document` gives the lines."""
    lines = document.lines if document else {}
    table = Place(notes, lines, ("schema", 0), "")
    for place, field in enumerate(contract.fields):
        path: Path = ("schema", 0, "properties", place)
        check_field(field, Place(notes, lines, path, field.name))
    _check_keys(contract, table)
    _check_rows(contract, table)
    _check_references(contract, table)
    _check_missing(contract, Place(notes, lines, (), ""))


def _check_keys(contract: Contract, at: Place) -> None:
    if not contract.key:
        at.warning(
            "contract.key", _("no column is the primary key: rows cannot be told apart and versions cannot be compared")
        )
    positions = sorted(field.primary_key for field in contract.fields if field.primary_key)
    if len(set(positions)) != len(positions):
        at.error("contract.key", _("two columns have the same position in the primary key"))
    for key in contract.duplicate_keys:
        _known(contract, key, at)
    if len({rule.name for rule in contract.row_rules}) != len(contract.row_rules):
        at.error("contract.rule", _("two row rules have the same name"))


def _check_rows(contract: Contract, at: Place) -> None:
    if contract.min_rows is not None and contract.max_rows is not None and contract.min_rows > contract.max_rows:
        message = _("no row count is both at least {low} and at most {high}")
        at.error("contract.range", message, low=contract.min_rows, high=contract.max_rows)
    drift = contract.drift_rows_percent
    if drift is not None and drift < 0:
        at.error("contract.range", _("the largest change of the row count cannot be below 0 percent"))


def _check_references(contract: Contract, at: Place) -> None:
    for reference in contract.references:
        _known(contract, reference.columns, at)
        if len(reference.columns) != len(reference.to_columns) or not reference.to_dataset:
            message = _("the foreign key to `{dataset}` needs as many columns on both sides")
            at.error("contract.reference", message, dataset=reference.to_dataset)


def _known(contract: Contract, names: tuple[str, ...], at: Place) -> None:
    known = {field.name for field in contract.fields}
    for name in names:
        if name not in known:
            at.error("contract.column", _("the contract has no column `{name}`"), name=name)


def _check_missing(contract: Contract, at: Place) -> None:
    wanted = {
        _("a title (name)"): contract.title,
        _("a description (description.purpose)"): contract.description,
        _("a cadence (slaProperties: frequency), so that late deliveries are noticed"): contract.cadence_days,
        _("an owner (team.name)"): contract.owner,
        _("a licence (customProperties: nhip.licence)"): contract.licence,
    }
    for what, value in wanted.items():
        if not value:
            at.warning("contract.missing", _("the contract does not say {what}"), what=what)


def _check_schema(document: Document, notes: Notes) -> None:
    """What the official model says: wrong types, and keys that ODCS does not have."""
    data = document.data
    if not isinstance(data, dict):
        return
    noted = {problem.path for problem in notes.problems}
    try:
        OpenDataContractStandard.model_validate(data)
    except pydantic.ValidationError as error:
        for entry in error.errors(include_url=False, include_input=False):
            _note_schema(document, notes, noted, entry)
    for path in itertools.islice(_unknown_keys(data, OpenDataContractStandard, ()), 200):
        place = Place(notes, document.lines, path, "")
        place.error("contract.unknown", _("ODCS has no key `{key}` here; it is not used"), key=path[-1])


def _note_schema(document: Document, notes: Notes, noted: set[str], entry: Any) -> None:
    loc = tuple(part for part in entry["loc"] if part in ("", *_parts(document)) or isinstance(part, int))
    path: Path = tuple(loc)
    while path and path not in document.lines:
        path = path[:-1]
    if path_text(path) in noted or entry["type"] == "extra_forbidden":
        return
    noted.add(path_text(path))
    place = Place(notes, document.lines, path, "")
    what, words = schema_words(entry)
    place.error("contract.schema", _("ODCS wants something else here: {what}{words}"), what=what, words=words)


def _parts(document: Document) -> set[str]:
    return {str(path[-1]) for path in document.lines if path}


def _unknown_keys(value: Any, model: Any, path: Path) -> Any:
    """Paths of keys that the pydantic model of ODCS does not have."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _unknown_keys(item, model, (*path, place))
        return
    if not isinstance(value, dict) or model is None:
        return
    fields = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
    allowed = _OLD if "mustBe" in fields else set()
    for key, item in value.items():
        if key in fields:
            yield from _unknown_keys(item, _model_in(fields[key]), (*path, key))
        elif key not in allowed:
            yield (*path, key)


def _model_in(annotation: Any) -> Any:
    """The pydantic model inside `list[X] | None` and the like; None if there is none or more than one."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    found = {model for part in getattr(annotation, "__args__", ()) if (model := _model_in(part)) is not None}
    return found.pop() if len(found) == 1 else None
