"""What is wrong with a query, with the place where it is wrong."""

from __future__ import annotations

from nhip.graph.errors import BadRequestData, TooComplexQuery


class QueryUnreadable(BadRequestData):
    """The parameter {parameter} cannot be read at character {position}: {what}."""


class BadParameter(BadRequestData):
    """The parameter {parameter} is not allowed: {what}."""


class TooLong(TooComplexQuery):
    """The parameter {parameter} is too complex: {what}; at most {limit}."""
