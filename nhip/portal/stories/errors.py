"""Why a story is not there, or cannot be changed."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NhipError, NotFound


class StoryNotFound(NotFound):
    """There is no story at this address."""


class StoryWithdrawn(NhipError):
    """The story {title} was withdrawn: {why}"""

    status = 410


class StoryChanged(Conflict):
    """Somebody else saved this story meanwhile. Copy your text, load the page again and put it in."""


class StoryUnfinished(BadInput):
    """This story cannot be published yet: {why}"""


class SameEditor(Conflict):
    """You edited this story last. Somebody else has to publish it."""


class NothingOffered(Conflict):
    """This story does not wait for anybody."""


class FormatUnknown(NhipError):
    """This address answers JSON and XML only."""

    status = 501
