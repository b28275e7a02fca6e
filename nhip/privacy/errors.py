"""What can go wrong with personal data's desks, in words for people."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NotFound


class ProcessingNotFound(NotFound):
    """There is no processing named {name} in the register."""


class ProcessingTaken(Conflict):
    """The register has a processing named {name} already. Choose another name, or change that one."""


class ProcessingRefused(BadInput):
    """This processing cannot be registered: {what}."""
