"""Why a party cannot be made or changed."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NotFound


class PartyNotFound(NotFound):
    """There is no such person, organisation or service account."""


class OrganisationNotFound(NotFound):
    """There is no organisation with the code {code}. `nhip agency list` shows the codes."""


class NotYourOrganisation(BadInput):
    """You may not add anybody to this organisation. Choose one that you administer."""

    status = 403


class NameTaken(Conflict):
    """The name {name} is taken. Choose another one."""


class UnderItself(BadInput):
    """An organisation cannot belong to itself or to one of its own units."""
