"""How often data are renewed: codes of the EU vocabulary of frequencies, in words."""

from __future__ import annotations

from nhip.kernel.i18n import _

CADENCES = {
    "CONT": _("all the time"),
    "HOURLY": _("every hour"),
    "DAILY": _("every day"),
    "WEEKLY": _("every week"),
    "MONTHLY": _("every month"),
    "QUARTERLY": _("every three months"),
    "ANNUAL_2": _("twice a year"),
    "ANNUAL": _("every year"),
    "IRREG": _("when something changes"),
}
