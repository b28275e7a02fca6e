"""Errors with the names that CKAN gives them (`error.__type`)."""

from __future__ import annotations

from typing import ClassVar

from nhip.errors import NhipError


class ActionError(NhipError):
    """The action could not be done."""

    kind: ClassVar[str] = "Internal Server Error"
    prefix: ClassVar[str] = ""
    """What CKAN writes before the message; ckanapi cuts it off."""


class NotThere(ActionError):
    """There is nothing open that is called {name}."""

    status = 404
    kind = "Not Found Error"
    prefix = "Not found: "


class WriteRefused(ActionError):
    """{action} would write; open data are published by decision of their agency, never through this interface."""

    status = 403
    kind = "Authorization Error"
    prefix = "Access denied: "


class SqlRefused(ActionError):
    """SQL is not taken from outside. Ask with datastore_search, or query the Parquet file of the dataset with your own engine."""

    status = 403
    kind = "Authorization Error"
    prefix = "Access denied: "


class Invalid(ActionError):
    """{why}"""

    status = 409
    kind = "Validation Error"


class ColumnMissing(Invalid):
    """There is no column {column}"""


class QueryUnreadable(ActionError):
    """The search cannot be understood at: {part}"""

    status = 400
    kind = "Search Query Error"
    prefix = "Search Query is invalid: "


class FieldUnknown(ActionError):
    """There is no field {field} to search, sort or count by."""

    status = 409
    kind = "Search Error"
    prefix = "Search error: "


class ActionUnknown(ActionError):
    """Action name not known: {action}"""

    status = 400


class BodyUnreadable(ActionError):
    """JSON Error: the body must be one JSON object of at most 64 KB."""

    status = 400
