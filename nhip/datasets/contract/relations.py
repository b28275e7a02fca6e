"""Foreign keys of ODCS 3.1 (`relationships` of a column or of the table) as References, both ways."""

from __future__ import annotations

import re

from nhip.datasets.contract.model import Contract, Reference
from nhip.datasets.contract.node import Node
from nhip.kernel.i18n import _

_SHORT = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")
_BY_ID = re.compile(r"/?schema/(?P<table>[\w\-]+)/properties/(?P<column>[\w\-]+)")

Names = dict[tuple[str, str], tuple[str, str]]
"""(schema id, property id) -> (schema name, property name)."""


def names_by_id(root: Node) -> Names:
    """Names of every schema and property that has an id."""
    found: Names = {}
    for table in root["schema"].mappings():
        for column in table["properties"].mappings():
            found[table["id"].text(), column["id"].text()] = (table["name"].text(), column["name"].text())
    return found


def read_reference(item: Node, names: Names, table: str, column: str = "") -> Reference | None:
    """The foreign key that `item` states; None (noted) where it points to something unknown."""
    kind = item["type"].text("foreignKey")
    if kind != "foreignKey":
        message = _("Nhịp does not know the relationship `{what}`; it is not checked")
        item.note("warning", "contract.left_out", message, what=kind)
        return None
    ends = [(column,)] if column else [_ends(item["from"], names, table)]
    target = _ends(item["to"], names, "")
    tables = {end.rpartition(".")[0] for end in target}
    columns = ends[0]
    if not target or len(target) != len(columns) or len(tables) != 1 or "" in tables:
        message = _(
            "a foreign key needs as many columns on both sides, the far ones written as dataset.column of one dataset"
        )
        item.note("error", "contract.reference", message)
        return None
    far = tuple(end.rpartition(".")[2] for end in target)
    return Reference(columns=columns, to_dataset=tables.pop(), to_columns=far)


def _ends(node: Node, names: Names, own: str) -> tuple[str, ...]:
    """Columns as `dataset.column`, without the dataset where it is our own."""
    found = []
    for text in node.texts():
        match = _BY_ID.fullmatch(text)
        if match:
            table, column = names.get((match["table"], match["column"]), ("", ""))
        else:
            table, _dot, column = text.rpartition(".")
        if not column or ("/" in text and not match):
            message = _("`{what}` cannot be found in this file; write dataset.column")
            node.note("error", "contract.reference", message, what=text)
            return ()
        found.append(column if own and table in (own, "") else f"{table}.{column}")
    return tuple(found)


def is_standard(contract: Contract, reference: Reference) -> bool:
    """Whether ODCS can name all ends in its short notation (plain ASCII names)."""
    names = (contract.dataset, reference.to_dataset, *reference.columns, *reference.to_columns)
    return all(_SHORT.fullmatch(name) for name in names)


def relationship(contract: Contract, reference: Reference) -> dict[str, object]:
    """The reference as an entry of the table's `relationships`."""
    near = [f"{contract.dataset}.{name}" for name in reference.columns]
    far = [f"{reference.to_dataset}.{name}" for name in reference.to_columns]
    single = len(near) == 1
    return {"type": "foreignKey", "from": near[0] if single else near, "to": far[0] if single else far}
