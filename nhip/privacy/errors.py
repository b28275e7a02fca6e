"""What can go wrong with personal data's desks, in words for people."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NotFound


class ProcessingNotFound(NotFound):
    """There is no processing named {name} in the register."""


class ProcessingTaken(Conflict):
    """The register has a processing named {name} already. Choose another name, or change that one."""


class ProcessingRefused(BadInput):
    """This processing cannot be registered: {what}."""


class ConsentRefused(BadInput):
    """This consent cannot be recorded: {what}."""


class WordsChanged(Conflict):
    """What the consent is about was changed meanwhile. Read the new text and decide again."""


class ConsentGone(NotFound):
    """There is no such consent in force."""


class RequestNotFound(NotFound):
    """There is no such request."""


class RequestRefused(BadInput):
    """This cannot be done with the request: {what}."""


class BreachNotFound(NotFound):
    """There is no such breach."""


class BreachRefused(BadInput):
    """This cannot be done with the breach: {what}."""


class RetentionRefused(BadInput):
    """This retention rule cannot be set: {what}."""


class DeletionNotFound(NotFound):
    """There is no deletion with the number {id}."""


class SubjectUnknown(BadInput):
    """This is not a citizen number: write its 12 digits (or the 9 of an old identity card)."""


class UsageNotFound(NotFound):
    """There is nothing here for you about this number."""


class BadPeriod(BadInput):
    """The period or the page cannot be read: {what}."""
