"""What the gate can find: its titles, what to do about each, and the reasons for which a table stays closed."""

from __future__ import annotations

import msgspec

from nhip.kernel.i18n import _
from nhip.portal.gate.recognisers import recognisers
from nhip.portal.model import GateReport

COLUMN_GONE = _(
    "A column that was decided on is not there any more. Propose what is done to the columns as they are now."
)
RECALLED_BEFORE = _("These are the very data that were recalled. Correct them, or propose another treatment.")
UNREADABLE = _("Its bytes could not be read.")
UNJUDGED = _("It could not be judged; the log says why.")
BLOCKS = {
    "declared": _("A column that the contract calls personal, or that holds people's identifiers, is open as it is."),
    "found": _("Cells hold what looks like identifiers of people."),
    "together": _("Columns that are open together tell who somebody is, or where somebody lives."),
    "few": _("Too few rows share the values of the columns that can lead to a person."),
    "alike": _("Within a group of people a sensitive column says the same of all."),
    "changed": _(
        "Beside the release that is open until now, this one tells of too few people what came, left or changed."
    ),
}
"""Reason -> its words, in the order in which they are told."""
TITLES = {
    "declared": _("Personal data by the contract"),
    "gone": _("Not in the newest version"),
    "person_name": _("Names of people"),
    "name_birth_row": _("Names beside dates of birth"),
    "name_address": _("Addresses of people, beside their names"),
    "contact_person": _("People at an institution's address"),
    "residence": _("Homes: where people live, with the number of the house"),
    "owner_plate": _("Vehicle plates of people whose names are left out"),
    "pseudonym": _("A code for each person"),
    "few": _("Groups of too few people"),
    "alike": _("Groups of people of whom all is said"),
    "changed": _("Groups in which few people came, left or changed since the release before"),
}
"""What is found by looking at columns together; recognisers have titles of their own."""
_CELLS = _("Have the cells corrected, leave the column out, or mask it.")
ADVICE = {
    "declared": _("Leave it out, mask it, or make it coarser: a year for a date, a commune for an address."),
    "gone": _("Propose anew."),
    "landline": _("Be sure that it is the telephone of an institution."),
    "work_email": _("Be sure that it is the mailbox of an institution."),
    "plate": _("Be sure that the vehicles belong to a fleet, not to people."),
    "person_name": _("Be sure that the law lets these names be open, or that they are names of places."),
    "name_birth_row": _("Leave out the names or the dates of birth."),
    "name_address": _("Leave out the names, or give the commune alone."),
    "contact_person": _("Be sure that the law lets these names be open."),
    "residence": _("Give the commune alone."),
    "owner_plate": _("Leave it out, or give its first characters alone."),
    "pseudonym": _("Leave it out: who holds the register finds everybody by it."),
    "few": _("Make these columns coarser, count people in place of listing them, or leave out rows of small groups."),
    "alike": _("Leave the sensitive column out, or make the others coarser."),
    "changed": _(
        "Release less often, or make these columns coarser: who holds both releases can subtract one from the other."
    ),
}


def known() -> frozenset[str]:
    """Everything that a policy has to say blocks or warns."""
    return frozenset(recognisers()) | (TITLES.keys() - {"gone"})


def title_of(what: str) -> str:
    """The marked title of what was found; what a later version of Nhịp found, as it is."""
    found = recognisers()
    return found[what].title if what in found else TITLES.get(what, what)


def advice_for(what: str) -> str:
    """What to do about it, marked."""
    return ADVICE.get(what, _CELLS)


def closed(report: GateReport, reason: str) -> GateReport:
    """The report of a table that stays closed for `reason`, too."""
    return msgspec.structs.replace(report, open=False, blocks=[*report.blocks, reason])
