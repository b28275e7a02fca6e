"""From a parsed ODCS document to a Contract. Everything that is left out, doubtful or wrong is noted with its place."""

from __future__ import annotations

from typing import Any, get_args

from nhip.datasets.contract import relations
from nhip.datasets.contract.document import Document
from nhip.datasets.contract.model import Contract, Field, LogicalType, Reference
from nhip.datasets.contract.node import Node, custom
from nhip.datasets.contract.notes import Notes
from nhip.datasets.contract.options import ATTRIBUTE, NUMERIC, TEMPORAL
from nhip.datasets.contract.quality import Checks
from nhip.datasets.model import ROW, Severity
from nhip.kernel.i18n import _

MAX_COLUMNS = 5_000
_TYPES = get_args(LogicalType)
_FORMAT_KIND = {"email": "email", "uri": "url", "url": "url"}
_TABLE_PROPERTIES = {
    "nhip.table", "nhip.title_en", "nhip.duplicates", "nhip.drift.rows", "nhip.province", "nhip.classification",
    "nhip.licence", "nhip.owner", "nhip.references",
}  # fmt: skip
_COLUMN_PROPERTIES = {
    "nhip.kind", "nhip.delivered", "nhip.title_en", "nhip.order", "nhip.unit", "nhip.crs", "nhip.severity", "nhip.options",
}  # fmt: skip
_DAYS = {
    "s": 1 / 86_400, "second": 1 / 86_400, "min": 1 / 1_440, "minute": 1 / 1_440, "h": 1 / 24, "hr": 1 / 24, "hour": 1 / 24,
    "d": 1, "day": 1, "w": 7, "wk": 7, "week": 7, "m": 31, "mo": 31, "month": 31, "q": 92, "quarter": 92,
    "y": 366, "yr": 366, "year": 366, "a": 366,
}  # fmt: skip
"""Days by unit; the longest month, quarter and year, so that a monthly delivery is not late in March."""


def read(document: Document) -> tuple[Contract | None, Notes]:
    """The contract (None if a fatal problem was noted) and all notes."""
    notes = Notes()
    root = Node.root(document, notes)
    if not isinstance(document.data, dict):
        root.note(
            "fatal", "contract.shape", _("a contract starts with keys such as apiVersion, kind, id, version, schema")
        )
        return None, notes
    tables = root["schema"].mappings()
    if not tables:
        root["schema"].note("fatal", "contract.shape", _("`schema` with one table is missing"))
        return None, notes
    if len(tables) > 1:
        message = _("one contract describes one table; of the {count} in this file only the first is used")
        tables[1].note("warning", "contract.left_out", message, count=len(tables))
    contract = _contract(root, tables[0])
    return (None if notes.of("fatal") else contract), notes


def _contract(root: Node, table: Node) -> Contract:
    _check_head(root, table)
    name = table["name"].text()
    parts = _columns(table, name, relations.names_by_id(root))
    own = {**custom(root), **custom(table)}
    _report_unknown(root, own, _TABLE_PROPERTIES)
    checks: Checks = parts["checks"]
    return Contract(
        id=root["id"].text(),
        version=root["version"].text(),
        dataset=name,
        table=_own_text(own, "nhip.table"),
        title=table["businessName"].text() or root["name"].text(),
        title_en=_own_text(own, "nhip.title_en"),
        description=root["description"]["purpose"].text() or table["description"].text(),
        status=root["status"].text("active"),
        fields=parts["fields"],
        row_rules=tuple(checks.rules),
        references=parts["references"] + _own_references(own),
        duplicate_keys=tuple(checks.duplicates) + _duplicates(own, parts["fields"]),
        min_rows=checks.min_rows,
        max_rows=checks.max_rows,
        drift_rows_percent=own["nhip.drift.rows"].number() if "nhip.drift.rows" in own else None,
        cadence_days=_cadence(root),
        province=_own_text(own, "nhip.province"),
        classification=_own_text(own, "nhip.classification"),
        owner=_owner(root, own),
        licence=_own_text(own, "nhip.licence"),
        tags=root["tags"].texts(),
    )


def _check_head(root: Node, table: Node) -> None:
    for key in ("apiVersion", "kind", "id", "version"):
        if not root[key].text():
            root[key].note(
                "fatal" if key in ("id", "version") else "error", "contract.missing", _("`{key}` is missing"), key=key
            )
    kind = root["kind"].text("DataContract")
    if kind != "DataContract":
        root["kind"].note("fatal", "contract.kind", _("`kind` must be DataContract, not `{found}`"), found=kind)
    version = root["apiVersion"].text("v3.1.0")
    if not version.startswith("v3."):
        message = _("Nhịp reads the Open Data Contract Standard v3 (v3.1.0), not `{found}`")
        root["apiVersion"].note("fatal", "contract.version", message, found=version)
    if not table["name"].text():
        table["name"].note("fatal", "contract.missing", _("`{key}` is missing"), key="name")


def _columns(table: Node, dataset: str, names: relations.Names) -> dict[str, Any]:
    properties = table["properties"].mappings()
    _check_names(table, properties)
    types: dict[str, str] = {node["name"].text(): _type(node) for node in properties}
    shared = Checks(types, dataset)
    references: list[Reference | None] = []
    fields = []
    for place, node in enumerate(properties, 1):
        fields.append(_field(node, types, dataset, shared, place))
        name = node["name"].text()
        references += [
            relations.read_reference(item, names, dataset, name) for item in node["relationships"].mappings()
        ]
    for item in table["quality"].mappings():
        shared.read(item)
    references += [relations.read_reference(item, names, dataset) for item in table["relationships"].mappings()]
    return {"fields": tuple(fields), "checks": shared, "references": tuple(r for r in references if r)}


def _check_names(table: Node, properties: list[Node]) -> None:
    if not properties or len(properties) > MAX_COLUMNS:
        table["properties"].note("fatal", "contract.shape", _("a table has between 1 and 5,000 columns"))
    seen: set[str] = set()
    for node in properties:
        name = node["name"].text()
        if not name:
            node["name"].note("fatal", "contract.missing", _("`{key}` is missing"), key="name")
        elif len(name) > 200 or not name.isprintable() or name.lower() == ROW:
            node["name"].note("fatal", "contract.name", _("`{name}` cannot be the name of a column"), name=name)
        elif name.lower() in seen:
            node["name"].note("fatal", "contract.name", _("two columns are named `{name}`"), name=name)
        seen.add(name.lower())


def _type(node: Node) -> LogicalType:
    text = node["logicalType"].text("string")
    found: LogicalType | None = next((known for known in _TYPES if known == text), None)
    if found is None:
        message = _("a column of a table cannot be `{found}`; it is read as text. Expected one of {wanted}")
        node["logicalType"].note("error", "contract.type", message, found=text, wanted=", ".join(_TYPES))
    return found or "string"


def _field(node: Node, types: dict[str, str], dataset: str, shared: Checks, place: int) -> Field:
    name = node["name"].text()
    kind = _type(node)
    own = custom(node)
    _report_unknown(node, own, _COLUMN_PROPERTIES)
    checks = Checks(types, dataset, name)
    for item in node["quality"].mappings():
        checks.read(item)
    shared.rules += checks.rules
    options = _options(node, kind, own)
    meaning = _own_text(own, "nhip.kind") or str(options.pop("kind", ""))
    options["pattern"] = options.get("pattern") or checks.pattern
    listed = tuple(item["value"].text() for item in node["enum"].mappings())
    return Field(
        name=name,
        type=kind,
        kind=meaning,
        delivered=_delivered(node, own, name),
        title=node["businessName"].text(),
        title_en=_own_text(own, "nhip.title_en"),
        description=node["description"].text(),
        required=node["required"].flag() or checks.required,
        unique=node["unique"].flag() or checks.unique,
        primary_key=_key_position(node, place),
        enum=listed or checks.enum,
        order=_own_text(own, "nhip.order"),
        unit=_own_text(own, "nhip.unit"),
        crs=_own_text(own, "nhip.crs"),
        classification=node["classification"].text(),
        severity={**checks.severity, **_severities(own)},
        **options,
    )


def _options(node: Node, kind: str, own: dict[str, Node]) -> dict[str, Any]:
    given = node["logicalTypeOptions"]
    found: dict[str, Any] = {}
    for option in given.filled():
        if option == "format" and kind not in TEMPORAL:
            found |= _text_format(given[option], kind)
        elif option in ATTRIBUTE:
            found[ATTRIBUTE[option]] = _option(given[option], option, kind)
        else:
            given[option].note("warning", "contract.left_out", _("Nhịp does not check `{what}`"), what=option)
    extra = own.get("nhip.options")
    for option in extra.filled() if extra else ():
        if extra and option in ATTRIBUTE:
            found[ATTRIBUTE[option]] = _option(extra[option], option, "")
    return {name: value for name, value in found.items() if value is not None}


def _text_format(node: Node, kind: str) -> dict[str, str]:
    """`format` of a text or number is no form of the delivered text; e-mail and web addresses are kinds here."""
    text = node.text()
    if kind == "string" and text in _FORMAT_KIND:
        return {"kind": _FORMAT_KIND[text]}
    node.note("warning", "contract.left_out", _("Nhịp does not check `{what}`"), what=f"format: {text}")
    return {}


def _option(node: Node, option: str, kind: str) -> str | float | int | None:
    """The value of an option. `kind` empty (nhip.options): limits stay numbers or texts as they are written."""
    if option in ("pattern", "format"):
        return node.text()
    if option in ("minLength", "maxLength"):
        return node.count()
    if option == "multipleOf":
        value = node.number()
        if value is not None and value <= 0:
            node.note("fatal", "contract.type", _("expected {wanted}, found `{found}`"), wanted="> 0", found=value)
        return value
    if kind in NUMERIC or (not kind and isinstance(node.value, int | float)):
        return node.number()
    return node.text()


def _key_position(node: Node, place: int) -> int:
    if not node["primaryKey"].flag():
        return 0
    position = node["primaryKeyPosition"].number()
    return int(position) if position and position > 0 else place


def _delivered(node: Node, own: dict[str, Node], name: str) -> tuple[str, ...]:
    if "nhip.delivered" in own:
        return own["nhip.delivered"].texts()
    physical = node["physicalName"].text()
    return (physical,) if physical and physical != name else ()


def _severities(own: dict[str, Node]) -> dict[str, Severity]:
    node = own.get("nhip.severity")
    found: dict[str, Severity] = {}
    for rule in node.filled() if node else ():
        text = node[rule].text() if node else ""
        severity: Severity | None = next((known for known in get_args(Severity) if known == text), None)
        if severity:
            found[rule] = severity
        elif node:
            message = _("expected {wanted}, found `{found}`")
            node[rule].note("fatal", "contract.type", message, wanted=", ".join(get_args(Severity)), found=text)
    return found


def _own_text(own: dict[str, Node], name: str) -> str:
    return own[name].text() if name in own else ""


def _report_unknown(node: Node, own: dict[str, Node], known: set[str]) -> None:
    for name in own:
        if name.startswith("nhip.") and name not in known:
            message = _("Nhịp has no property `{name}` here; it is not used")
            node["customProperties"].note("warning", "contract.left_out", message, name=name)


def _duplicates(own: dict[str, Node], fields: tuple[Field, ...]) -> tuple[tuple[str, ...], ...]:
    if "nhip.duplicates" not in own:
        return ()
    node = own["nhip.duplicates"]
    names = {field.name for field in fields}
    found = [item.texts() for item in node.items()]
    for missing in sorted({name for key in found for name in key} - names):
        node.note("fatal", "contract.column", _("the contract has no column `{name}`"), name=missing)
    return tuple(key for key in found if key)


def _own_references(own: dict[str, Node]) -> tuple[Reference, ...]:
    if "nhip.references" not in own:
        return ()
    return tuple(
        Reference(columns=item["columns"].texts(), to_dataset=item["dataset"].text(), to_columns=item["to"].texts())
        for item in own["nhip.references"].mappings()
    )


def _owner(root: Node, own: dict[str, Node]) -> str:
    team = root["team"]
    return _own_text(own, "nhip.owner") or (team["name"].text() if isinstance(team.value, dict) else "")


def _cadence(root: Node) -> float | None:
    for item in root["slaProperties"].mappings():
        if item["property"].text().lower() not in ("frequency", "fy"):
            continue
        unit = item["unit"].text("d").strip()
        days = _DAYS.get(unit) or _DAYS.get(unit.lower().removesuffix("s"))
        value = item["value"].number()
        if days is None or not value or value <= 0:
            message = _("a cadence needs a number above 0 and a unit such as h, d, w, month or y, not `{found}`")
            item.note("error", "contract.cadence", message, found=f"{item['value'].text()} {unit}")
            return None
        if unit == "m":
            item["unit"].note(
                "warning", "contract.cadence", _("`m` is read as months; write month, or min for minutes")
            )
        return value if days == 1 else value * days
    return None
