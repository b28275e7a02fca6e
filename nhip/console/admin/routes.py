"""Everything that administration brings to the console."""

from __future__ import annotations

from nhip.console.admin import care, ledger, organisations, people, programs, providers, roles, secrets, sessions
from nhip.console.admin.common import HOME
from nhip.kernel.i18n import _
from nhip.web.model import NavItem

_PARTS = (people, organisations, programs, roles, sessions, providers, secrets, ledger, care)
ROUTES = [route for part in _PARTS for route in part.ROUTES]
_GROUP = _("Administration")
NAVIGATION = (
    NavItem(_("Users"), people.PEOPLE, _GROUP, "party.read"),
    NavItem(_("Organisations"), organisations.PLACES, _GROUP, "party.read"),
    NavItem(_("Programs"), programs.PROGRAMS, _GROUP, "party.read"),
    NavItem(_("Roles"), roles.ROLES, _GROUP, "role.read"),
    NavItem(_("Sessions"), sessions.SESSIONS, _GROUP, "session.read"),
    NavItem(_("Sign-ins"), f"{HOME}/sign-ins", _GROUP, "session.read"),
    NavItem(_("Identity providers"), providers.PROVIDERS, _GROUP, "setting.read"),
    NavItem(_("Secrets"), secrets.SECRETS, _GROUP, "secret.set"),
    NavItem(_("Ledger"), ledger.LEDGER, _GROUP, "ledger.read"),
    NavItem(_("Jobs"), care.JOBS, _GROUP, "job.read"),
    NavItem(_("Storage"), f"{HOME}/storage", _GROUP, "storage.read"),
    NavItem(_("Backups"), f"{HOME}/backups", _GROUP, "storage.read"),
    NavItem(_("Settings"), f"{HOME}/settings", _GROUP, "setting.read"),
)
