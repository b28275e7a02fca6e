"""Why a role cannot be given, taken or made."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NotFound


class RoleUnknown(BadInput):
    """There is no role {name}."""


class PermissionUnknown(BadInput):
    """There is no permission {name}."""


class AssignmentGone(NotFound):
    """This role was taken back already."""


class LastAdministrator(Conflict):
    """This is the last administrator. Give the role to somebody else first."""

    status = 409


class BuiltInRole(BadInput):
    """The role {name} is part of Nhịp and cannot be changed. Make a role of your own with the permissions that you want."""


class MoreThanOwn(BadInput):
    """You cannot give a right that you do not have yourself: {what}."""

    status = 403


class AboveYou(BadInput):
    """This person may do more than you may administer. Ask somebody who administers the whole installation."""

    status = 403


class NotYourself(BadInput):
    """You cannot give a role to yourself. Ask another administrator."""

    status = 403


class RouteWithoutPermission(NotFound):
    """The address {what} names no permission, so nobody may use it."""

    status = 403
