"""The one error tree. The docstring is the message; `key` finds its translation; `status` is its HTTP status."""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = ["NhipError", "in_words"]

CAUSES = ("what", "why", "reason")
"""Places whose value may be a marked text itself: a cause that was found deeper down."""


class NhipError(Exception):
    """Something went wrong in Nhịp."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 2

    def __init__(self, **values: Any) -> None:
        self.values = values
        super().__init__(self.message())

    @classmethod
    def template(cls) -> str:
        """The English message with `{name}` places; it is the gettext key too."""
        return " ".join((cls.__doc__ or cls.__name__).split())

    def message(self, translate: Any = str) -> str:
        """The message in the language of `translate` (gettext function), with its values filled in."""
        text = str(translate(self.template()))
        try:
            return text.format(**in_words(self.values, translate))
        except (KeyError, IndexError, ValueError):
            return text


def in_words(values: dict[str, Any], translate: Any) -> dict[str, Any]:
    """`values` with the causes among them in the language of `translate`; names and data stay as they are."""
    return {
        name: str(translate(value)) if name in CAUSES and isinstance(value, str) and value else value
        for name, value in values.items()
    }


class NotFound(NhipError):
    """There is nothing at this address: {what}."""

    status = 404


class Forbidden(NhipError):
    """You may not do this. Ask an administrator for the right, or sign in with an account that has it."""

    status = 403


class Conflict(NhipError):
    """This was changed meanwhile: {what}. Load it again and repeat your change."""

    status = 409


class BadInput(NhipError):
    """This cannot be used: {what}."""

    status = 400


class PortTaken(BadInput):
    """Something else listens on {host}:{port} already. Stop it, or choose another port with --port."""


class CannotListen(BadInput):
    """Nhịp cannot listen on {host}:{port} ({why}). Give an address of this machine with --host, and a port that you may use with
    --port."""


class FileMissing(BadInput):
    """There is no file {file}."""


class FolderMissing(BadInput):
    """There is no folder {folder}."""


class NotText(BadInput):
    """{file} is not text in UTF-8."""


class PlaceRefused(NhipError):
    """The system refuses {where} ({why}). Check that the path is right and that you may write there."""

    status = 503


class Unavailable(NhipError):
    """Nhịp cannot work right now: {what}. Try again in a minute."""

    status = 503


class DatabaseAway(Unavailable):
    """The database cannot be reached: {what}. Nothing was lost; start it and try again (`nhip doctor` says more)."""


class StorageFull(Unavailable):
    """The disk is full at {where}. Nothing published was changed; free some space and run the step again."""

    status = 507
