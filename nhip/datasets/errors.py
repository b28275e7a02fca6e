"""What can go wrong with datasets, in words for people."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NhipError, NotFound


class DatasetNotFound(NotFound):
    """There is no dataset named {name}, or you may not see it."""


class AgencyNotFound(NotFound):
    """There is no agency with the code {code}."""


class BadAgency(BadInput):
    """An agency has a code of 1 to 60 letters, digits, dots and hyphens, and a name of 1 to 200 characters."""


class SourceNotFound(NotFound):
    """There is no source named {name}, or you may not see it."""


class VersionNotFound(NotFound):
    """The dataset {name} has no version {no}."""


class DeliveryNotFound(NotFound):
    """There is no such delivery."""


class AlertGone(NotFound):
    """There is no such alert."""


class NoVersionYet(NotFound):
    """The dataset {name} has no version yet: none of its deliveries could be used so far."""


class BadName(BadInput):
    """“{name}” cannot be a name: use 1 to 99 small letters, digits and hyphens, beginning with a letter or digit."""


class TableNotInFile(BadInput):
    """The file {file} holds no table that fits the contract of {dataset}. It has: {tables}."""


class RequiredColumnsMissing(BadInput):
    """The file {file} lacks columns that the contract requires: {columns}. The last good version stays in force; send the file
    again with these columns, or name its headers in the contract."""


class FileTooLarge(BadInput):
    """The file {file} has {size_mb} MB, more than the {limit_mb} MB that are accepted. Raise `max_file_mb` in the settings, or
    send it in parts."""

    status = 413


class StepFailed(NhipError):
    """Nhịp could not work through this delivery because of a fault of its own (reference {reference}). The raw bytes are
    kept and the last good version stays in force; tell the maintainers the reference."""


class NoLook(NhipError):
    """This holds personal data of {name}. State the purpose for which you need them first; what you see is recorded."""

    status = 403


class LessProtected(NhipError):
    """These columns hold personal data and would be shown: {columns}. Only who may see personal data of this agency can take
    their protection away."""

    status = 403


class EditionChanged(Conflict):
    """{who} put edition {no} in force at {when}, while you were writing; yours is not saved yet. Press “Preview” to see how it
    differs from that edition. If you put it in force now, it takes the place of that edition."""


class CellTooLong(BadInput):
    """What is typed for row {row} has more than {most} letters. Shorten it."""


class CellHidden(NhipError):
    """The column {column} holds personal data. State the purpose for which you need them before you correct them."""

    status = 403
