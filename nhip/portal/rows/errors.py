"""What is wrong with a question about rows, in words that name the parameter."""

from __future__ import annotations

from nhip.errors import BadInput, NhipError


class ColumnNotThere(BadInput):
    """The dataset {name} has no column {column}. Its columns: {columns}."""


class ComparisonUnknown(BadInput):
    """The column {column} cannot be compared by {comparison}. Known: eq, ne, lt, lte, gt, gte, like, in, null."""


class ParameterUnknown(BadInput):
    """There is no parameter {parameter}. Parameters begin with an underscore, everything else names a column."""


class ValueUnreadable(BadInput):
    """The value of {column} cannot be read as {kind}."""


class ParameterUnreadable(BadInput):
    """The parameter {parameter} cannot be read: {why}"""


class CursorForeign(BadInput):
    """This _after belongs to another question. Begin again without it."""


class TooManyParts(BadInput):
    """The parameter {parameter} has more than {most} parts."""


class NotAnswerable(BadInput):
    """These parameters do not fit the types of the columns."""


class TakesTooLong(NhipError):
    """This question takes longer than {seconds} seconds. Ask for less by a filter, or take the whole file by an export."""

    status = 422
