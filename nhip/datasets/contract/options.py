"""Where each restriction of a column stands in ODCS: in `logicalTypeOptions` where the standard allows it for the type, else in
the custom property `nhip.options` under the same name."""

from __future__ import annotations

from nhip.datasets.contract.model import Field

ATTRIBUTE = {
    "pattern": "pattern",
    "format": "format",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
}
"""ODCS name -> attribute of Field."""

_RANGE = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
_ALLOWED = {
    "string": {"pattern", "minLength", "maxLength"},
    "integer": _RANGE | {"multipleOf"},
    "number": _RANGE | {"multipleOf"},
    "date": _RANGE | {"format"},
    "timestamp": _RANGE | {"format"},
    "time": _RANGE | {"format"},
}
NUMERIC = ("integer", "number")
TEMPORAL = ("date", "timestamp", "time")


def is_standard(kind: str, option: str, value: object) -> bool:
    """Whether ODCS 3.1 lets a column of logical type `kind` have `option` with this value, meaning what Nhịp means."""
    if option not in _ALLOWED.get(kind, ()):
        return False
    if option in _RANGE:
        return isinstance(value, str) == (kind in TEMPORAL)
    return True


def split(field: Field) -> tuple[dict[str, object], dict[str, object]]:
    """(`logicalTypeOptions`, `nhip.options`) of a column, both in the order of ATTRIBUTE."""
    standard: dict[str, object] = {}
    own: dict[str, object] = {}
    for option, attribute in ATTRIBUTE.items():
        value = getattr(field, attribute)
        if value is None or value == "":
            continue
        target = standard if is_standard(field.type, option, value) else own
        target[option] = plain(value)
    return standard, own


def plain(value: object) -> object:
    """Whole floats as integers, so that 5 is written as 5 and not as 5.0."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
