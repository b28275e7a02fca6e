"""Every permission there is, what it means, and the built-in roles that have it. Sectors add their own."""

from __future__ import annotations

from collections.abc import Iterable

from nhip.kernel.i18n import _
from nhip.kernel.sector import Permission
from nhip.security.permissions.model import Role

PUBLIC = "public"
"""On a route: open to everybody, signed in or not."""
SELF = "self"
"""On a route: for whoever is signed in, about themselves."""

ROLE_TITLES = {
    "administrator": (_("System administrator"), _("Runs this installation: people, roles, keys, settings, backups, sources.")),
    "data_steward": (_("Data steward"), _("Looks after the data of the whole province: contracts, sources, corrections.")),
    "agency_officer": (_("Data officer of an agency"), _("Sends the agency's data, mends them, answers for them.")),
    "agency_leader": (_("Leader of an agency"), _("Sees the agency's data and their health.")),
    "leader": (_("Leader of the province"), _("Sees the health of all data.")),
    "operator": (_("Operator on shift"), _("Watches the live picture and what is out of order.")),
    "privacy_officer": (_("Personal data protection officer"), _("Keeps the register of processing, answers requests.")),
    "auditor": (_("Auditor"), _("Reads the ledger and who may do what; changes nothing.")),
    "program": (_("Program"), _("A firm's or an agency's software: reads and delivers within its key's scopes.")),
    "citizen": (_("Citizen"), _("Sees what concerns themselves.")),
}  # fmt: skip
"""Title and meaning of each built-in role."""

_A, _S, _O, _B, _L, _P, _D, _T, _M = (
    "administrator", "data_steward", "agency_officer", "agency_leader", "leader", "operator", "privacy_officer", "auditor",
    "program",
)  # fmt: skip
_READERS = (_A, _S, _O, _B, _L, _P, _D, _T)

OURS = (
    Permission("dataset.read", _("See datasets, their health and their rows; personal data masked"), (*_READERS, _M)),
    Permission(
        "dataset.read_personal", _("See personal data, for a purpose that is recorded"), (_O, _D), sensitive=True
    ),
    Permission("dataset.export", _("Download tables; personal data masked"), (_A, _S, _O, _B, _M)),
    Permission("dataset.deliver", _("Send data in"), (_A, _S, _O, _M)),
    Permission("dataset.correct", _("Correct cells"), (_A, _S, _O)),
    Permission("dataset.restore", _("Put an earlier version in force"), (_A, _S)),
    Permission("delivery.read_raw", _("Download a delivery as it arrived"), (_A, _S, _O)),
    Permission("alert.settle", _("Mark alerts as seen"), (_A, _S, _O, _P)),
    Permission("contract.edit", _("Change contracts"), (_A, _S, _O)),
    Permission("publication.propose", _("Propose to make a dataset open"), (_S, _O)),
    Permission(
        "publication.decide", _("Decide what is open, withdraw it, recall a release"), (_S, _B, _D), sensitive=True
    ),
    Permission("story.edit", _("Compose stories over open data"), (_S, _O)),
    Permission("story.publish", _("Publish stories, and withdraw them"), (_S, _B)),
    Permission("voice.read", _("See what readers ask for and say"), (_S, _O, _B)),
    Permission("voice.answer", _("Show, route and answer what readers ask for and say"), (_S, _O)),
    Permission(
        "graph.read", _("See the live things of the city: entities, their history, subscriptions"), (*_READERS, _M)
    ),
    Permission(
        "graph.write", _("Change the live things of the city, subscribe, register other brokers"), (_A, _S, _P, _M)
    ),
    Permission("source.read", _("See sources and how their runs went"), (_A, _S, _O)),
    Permission("source.edit", _("Add and change sources"), (_A, _S)),
    Permission("source.run", _("Test and run sources"), (_A, _S, _O)),
    Permission("live.listen", _("Be told at once what changed"), _READERS),
    Permission("metrics.read", _("Read the measures of this installation"), (_A, _M)),
    Permission("party.read", _("See people, organisations and service accounts"), (_A, _T)),
    Permission("party.edit", _("Make and change people, organisations and service accounts"), (_A,), sensitive=True),
    Permission("role.read", _("See roles and who has them"), (_A, _T, _D)),
    Permission("role.edit", _("Make roles, give and take them"), (_A,), sensitive=True),
    Permission("key.edit", _("Issue and revoke keys of programs"), (_A,), sensitive=True),
    Permission("session.read", _("See who is signed in, and the history of sign-ins"), (_A, _T)),
    Permission("session.end", _("Sign others out"), (_A,), sensitive=True),
    Permission("secret.set", _("Write secrets; nobody can read them"), (_A,), sensitive=True),
    Permission("setting.read", _("See the settings"), (_A, _T)),
    Permission("job.read", _("See background jobs and their failures"), (_A, _S)),
    Permission("job.manage", _("Run failed jobs again, cancel waiting ones"), (_A,)),
    Permission("storage.read", _("See what takes room, and backups"), (_A,)),
    Permission("backup.make", _("Make backups"), (_A,), sensitive=True),
    Permission("ledger.read", _("Read the ledger"), (_T, _D), sensitive=True),
    Permission("usage.read", _("Ask who used a person's data, on the person's behalf"), (_D,), sensitive=True),
    Permission(
        "usage.withhold", _("Delay the telling of looks at personal data where a law demands it"), (_D,), sensitive=True
    ),
    Permission("processing.read", _("Read the register of processing"), (_D, _T, _S)),
    Permission("processing.edit", _("Keep the register of processing"), (_D,)),
    Permission("consent.read", _("See consents"), (_D,), sensitive=True),
    Permission("consent.record", _("Record consents and their withdrawal"), (_D, _O), sensitive=True),
    Permission("request.handle", _("Answer people's requests about their data"), (_D,), sensitive=True),
    Permission("breach.handle", _("Work on breaches"), (_D,), sensitive=True),
    Permission("retention.edit", _("Set how long data are kept, delete what is due"), (_D,), sensitive=True),
)

"""Those that are part of the program."""

PERMISSIONS: dict[str, Permission] = {permission.name: permission for permission in OURS}
"""By name. `register` adds those of the sectors before anything is served."""


def register(permissions: Iterable[Permission]) -> None:
    """Add the permissions of a sector."""
    PERMISSIONS.update({permission.name: permission for permission in permissions})


def built_in_roles() -> dict[str, Role]:
    """The roles that are part of the program, by name, with their permissions of today."""
    return {
        name: Role(
            name=name,
            title=title,
            meaning=meaning,
            permissions=frozenset(p.name for p in PERMISSIONS.values() if name in p.roles),
        )
        for name, (title, meaning) in ROLE_TITLES.items()
    }
