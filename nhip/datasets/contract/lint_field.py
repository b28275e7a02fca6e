"""What can be wrong with one column of a contract."""

from __future__ import annotations

import re

from nhip.datasets.contract.model import Field
from nhip.datasets.contract.notes import Place
from nhip.datasets.contract.options import NUMERIC, TEMPORAL
from nhip.datasets.contract.patterns import pattern_differences, pattern_problem
from nhip.datasets.contract.values import comparable, fits, format_is_known, later
from nhip.kernel.i18n import _
from nhip.kernel.measure import find_unit

KINDS = {
    "phone", "plate", "citizen_id", "tax_code", "email", "url", "person_name", "address", "commune", "district", "province",
    "latitude", "longitude", "x", "y", "money", "quantity", "code", "geometry",
    "health_insurance", "bank_account",
}  # fmt: skip
PERSONAL = {"phone", "plate", "citizen_id", "email", "person_name", "health_insurance", "bank_account"}
CLASSIFICATIONS = ("public", "internal", "personal", "sensitive")
_NUMERIC_KINDS = {"latitude", "longitude", "x", "y", "money", "quantity"}
_CRS = re.compile(r"VN-2000|EPSG:[0-9]{4,6}")


def check_field(field: Field, at: Place) -> None:
    """Note every mistake and doubt about `field`."""
    if field.primary_key and not field.required:
        at.error("contract.key", _("a column of the primary key must be required"))
    _check_ranges(field, at)
    _check_lengths(field, at)
    _check_enum(field, at)
    _check_pattern(field, at)
    _check_meaning(field, at)
    _check_form(field, at)
    if not field.title:
        at.warning("contract.missing", _("the column `{name}` has no title (businessName)"), name=field.name)


def _check_ranges(field: Field, at: Place) -> None:
    limits = {
        "minimum": field.minimum,
        "exclusiveMinimum": field.exclusive_minimum,
        "maximum": field.maximum,
        "exclusiveMaximum": field.exclusive_maximum,
    }
    values = {}
    for name, limit in limits.items():
        if limit is None:
            continue
        value = comparable(field.type, limit)
        if value is None:
            message = _("`{name}: {limit}` is no limit for a column of type {type}")
            at.error("contract.range", message, name=name, limit=limit, type=field.type)
        else:
            values[name] = value
    for low, high in (("minimum", "maximum"), ("exclusiveMinimum", "maximum"), ("minimum", "exclusiveMaximum"),
                      ("exclusiveMinimum", "exclusiveMaximum")):  # fmt: skip
        if low in values and high in values:
            strict = "exclusive" in low + high
            if later(values[low], values[high]) or (strict and values[low] == values[high]):
                message = _("no value can satisfy both {low} {first} and {high} {second}")
                at.error("contract.range", message, low=low, first=limits[low], high=high, second=limits[high])
    if field.multiple_of is not None and field.type not in NUMERIC:
        at.error("contract.range", _("multipleOf is for numbers only"))


def _check_lengths(field: Field, at: Place) -> None:
    low, high = field.min_length, field.max_length
    if low is not None and high is not None and low > high:
        message = _("no text is both at least {low} and at most {high} letters long")
        at.error("contract.range", message, low=low, high=high)
    if (low is not None or high is not None) and field.type != "string":
        at.error("contract.range", _("minLength and maxLength are for text only"))


def _check_enum(field: Field, at: Place) -> None:
    wrong = [value for value in field.enum if not fits(field.type, value)]
    if wrong:
        message = _("these valid values are not of type {type}: {values}")
        at.error("contract.enum", message, type=field.type, values=", ".join(wrong[:10]))
    if len(set(field.enum)) != len(field.enum):
        at.warning("contract.enum", _("a valid value is listed twice"))
    if any(value != value.strip() or not value for value in field.enum):
        at.warning("contract.enum", _("a valid value is empty or has blanks at its ends; delivered text never has"))
    if field.enum and field.pattern and not pattern_problem(field.pattern):
        try:
            wrong = [value for value in field.enum if not re.search(field.pattern, value)]
        except re.error:
            wrong = []
        if wrong:
            message = _("these valid values do not have the form of the pattern: {values}")
            at.error("contract.enum", message, values=", ".join(wrong[:10]))


def _check_pattern(field: Field, at: Place) -> None:
    if not field.pattern:
        return
    problem = pattern_problem(field.pattern)
    if problem:
        message = _("the pattern `{pattern}` cannot be used (RE2): {what}")
        at.error("contract.pattern", message, pattern=field.pattern, what=problem)
        return
    for difference in pattern_differences(field.pattern):
        message = _("the pattern `{pattern}` is read differently by different tools: {what}")
        at.warning("contract.pattern", message, pattern=field.pattern, what=difference)
    if field.type != "string":
        at.warning(
            "contract.pattern",
            _("a pattern is for text; a column of type {type} is compared as it was delivered"),
            type=field.type,
        )


def _check_meaning(field: Field, at: Place) -> None:
    if field.kind and field.kind not in KINDS:
        at.error("contract.kind", _("Nhịp does not know the kind `{kind}`; expected one of {wanted}"), kind=field.kind,
                 wanted=", ".join(sorted(KINDS)))  # fmt: skip
    if field.kind in _NUMERIC_KINDS and field.type not in NUMERIC:
        at.error("contract.kind", _("a column of kind {kind} must be a number"), kind=field.kind)
    if field.unit and find_unit(field.unit) is None:
        message = _("there is no unit `{unit}`; write one of the list in the reference, e.g. m2, ha, kg, VND")
        at.error("contract.unit", message, unit=field.unit)
    if field.kind in PERSONAL and field.classification in ("", "public", "internal"):
        message = _("`{kind}` is likely personal data: say so in `classification` (personal or sensitive)")
        at.warning("contract.personal", message, kind=field.kind)
    if field.classification and field.classification not in CLASSIFICATIONS:
        message = _("the classification `{found}` is not one of {wanted}")
        at.warning("contract.classification", message, found=field.classification, wanted=", ".join(CLASSIFICATIONS))


def _check_form(field: Field, at: Place) -> None:
    if field.type in TEMPORAL and field.format and not format_is_known(field.format):
        message = _("the date format `{format}` is not known; use yyyy, MM, dd, HH, mm, ss as in yyyy-MM-dd")
        at.error("contract.format", message, format=field.format)
    if field.type not in TEMPORAL and field.format:
        at.warning("contract.format", _("`format` is for dates and times; it is not used here"))
    if field.order not in ("", "dmy", "mdy", "ymd"):
        at.error(
            "contract.order", _("the order of day, month and year is dmy, mdy or ymd, not `{found}`"), found=field.order
        )
    if field.crs and not _CRS.fullmatch(field.crs):
        at.error("contract.crs", _("a reference system is VN-2000 or EPSG:number, not `{found}`"), found=field.crs)
    if field.kind in ("x", "y") and not field.crs:
        at.warning("contract.crs", _("x and y need their reference system (nhip.crs), e.g. VN-2000"))
