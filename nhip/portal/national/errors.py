"""Why something could not be registered."""

from __future__ import annotations

from nhip.errors import BadInput, NhipError


class NoPublicAddress(BadInput):
    """This installation has no public address yet. Set `base_url`, as the national portal would name it to everybody."""


class Refused(NhipError):
    """The national portal does not take {name}: {why}"""

    status = 502


class AnswerStrange(NhipError):
    """The national portal answers with something that is not of the interface that is set ({why})."""

    status = 502
