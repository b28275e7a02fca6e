"""Every kind of event, with its English title. A kind that is not here cannot be noted; sectors register theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nhip.kernel.i18n import _

KINDS: dict[str, str] = {
    # coming in
    "session.began": _("Signed in"),
    "session.ended": _("Signed out"),
    "session.confirmed": _("Proved again who they are"),
    "signin.failed": _("Sign-in failed"),
    "account.locked": _("Account locked after failed sign-ins"),
    "account.unlocked": _("Account unlocked"),
    "password.changed": _("Password changed"),
    "passkey.added": _("Passkey added"),
    "passkey.removed": _("Passkey removed"),
    "totp.added": _("One-time codes switched on"),
    "totp.removed": _("One-time codes switched off"),
    "recovery.issued": _("Recovery codes issued"),
    "recovery.used": _("Recovery code used"),
    "invitation.issued": _("One-time link to set a password issued"),
    "invitation.used": _("Password set by a one-time link"),
    "identity.linked": _("Identity provider linked to an account"),
    "identity.unlinked": _("Identity provider unlinked from an account"),
    "provider.made": _("Identity provider added"),
    "provider.changed": _("Identity provider changed"),
    "provider.removed": _("Identity provider removed"),
    # who may do what
    "party.made": _("Party added"),
    "party.changed": _("Party changed"),
    "party.resumed": _("A party may act again"),
    "party.ended": _("A party is no more"),
    "party.suspended": _("Party suspended"),
    "role.made": _("Role added"),
    "role.changed": _("Role changed"),
    "role.given": _("Role given"),
    "role.taken": _("Role taken away"),
    "access.refused": _("Access refused"),
    "key.made": _("Key made"),
    "key.revoked": _("Key revoked"),
    "token.issued": _("Access token issued"),
    "token.revoked": _("Access token revoked"),
    "secret.set": _("Stored secret set"),
    "secrets.resealed": _("Stored secrets sealed with a new key"),
    "setting.changed": _("Setting changed"),
    # datasets
    "agency.made": _("Agency added"),
    "agency.changed": _("Agency changed"),
    "dataset.made": _("Dataset added"),
    "dataset.changed": _("Dataset changed"),
    "contract.changed": _("Contract changed"),
    "source.made": _("Source added"),
    "source.changed": _("Source changed"),
    "source.harvested": _("Catalogue of a portal harvested"),
    "registry.changed": _("National portal set"),
    "registration.sent": _("Open dataset registered with the national portal"),
    "registration.withdrawn": _("National portal told that a dataset is no longer open"),
    "things.mapped": _("Rows of a dataset mapped to things of the live graph"),
    "things.unmapped": _("Mapping of a dataset to things taken away"),
    "delivery.received": _("Delivery received"),
    "publication.proposed": _("Publication proposed"),
    "publication.decided": _("Dataset made open"),
    "publication.returned": _("Proposal to publish given back"),
    "publication.released": _("New version made open"),
    "publication.refused": _("Version refused at the publication gate"),
    "publication.withdrawn": _("Publication withdrawn"),
    "publication.recalled": _("Open release recalled"),
    "publication.reviewed": _("Open dataset looked through"),
    "publication.examined": _("Open release examined again by a changed gate"),
    "publication.kept": _("Open release kept, with the reason, after something was found in it"),
    "wish.received": _("Data asked for by a reader"),
    "wish.shown": _("Request for data shown"),
    "wish.dropped": _("Request for data not shown"),
    "wish.routed": _("Request for data given to an agency"),
    "wish.begun": _("Request for data taken into work"),
    "wish.published": _("Request for data fulfilled"),
    "wish.refused": _("Request for data refused"),
    "wish.merged": _("Request for data joined to another"),
    "wish.extended": _("Time for a request for data extended"),
    "remark.received": _("Comment of a reader received"),
    "remark.shown": _("Comment shown"),
    "remark.dropped": _("Comment not shown"),
    "remark.answered": _("Comment answered"),
    "remark.task": _("Comment made a task to mend"),
    "remark.mended": _("Task of a comment done"),
    "story.made": _("Story begun"),
    "story.offered": _("Story offered for publishing"),
    "story.returned": _("Story given back"),
    "story.published": _("Story published"),
    "story.withdrawn": _("Story withdrawn"),
    "version.published": _("Version published"),
    "version.restored": _("Version restored"),
    "correction.made": _("Correction made"),
    "correction.undone": _("Correction undone"),
    # personal data
    "personal.opened": _("Personal data opened for a purpose"),
    "personal.read": _("Personal data read"),
    "personal.searched": _("Personal data of one person looked for everywhere"),
    "personal.exported": _("Personal data exported"),
    "usage.asked": _("Asked who used a person's data"),
    "usage.withheld": _("Telling of looks at personal data delayed by law"),
    "personal.changed": _("Personal data changed"),
    "consent.given": _("Consent given"),
    "consent.withdrawn": _("Consent withdrawn"),
    "consent.told": _("Recipient told of a withdrawn consent"),
    "processing.made": _("Processing registered"),
    "processing.changed": _("Registered processing changed"),
    "processing.ended": _("Processing ended"),
    "request.received": _("Request of a data subject received"),
    "request.confirmed": _("Request of a data subject confirmed"),
    "request.answered": _("Request of a data subject answered"),
    "request.extended": _("Time for a data subject's request extended"),
    "request.refused": _("Request of a data subject refused"),
    "request.closed": _("Request of a data subject closed"),
    "breach.found": _("Breach found"),
    "breach.changed": _("Facts of a breach changed"),
    "breach.notified": _("Breach notified"),
    "breach.informed": _("People told of a breach"),
    "breach.closed": _("Breach closed"),
    "retention.changed": _("Retention rule changed"),
    "retention.begun": _("Deletion of data whose time is over begun"),
    "retention.deleted": _("Data deleted because their time was over"),
    # running the installation
    "backup.made": _("Backup made"),
    "backup.restored": _("Backup restored"),
    "job.retried": _("Job started again"),
    "job.cancelled": _("Job cancelled"),
    "database.migrated": _("Database brought up to date"),
    "ledger.verified": _("Ledger verified"),
    "ledger.key_changed": _("Key that signs the ledger changed"),
}
"""Kind -> English title. `object.happened`, both in lower case."""

_KIND = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*(\.[a-z][a-z0-9_]*){1,3}")


def register(sector: str, kinds: Mapping[str, str]) -> None:
    """Add a sector's kinds (kind -> marked English title). Raises ValueError unless each begins with `<sector>.`."""
    for kind, title in kinds.items():
        if not kind.startswith(f"{sector}.") or not _KIND.fullmatch(kind) or not title:
            raise ValueError(f"the event kind {kind!r} of the sector {sector!r} must look like {sector}.something")
        if KINDS.get(kind, title) != title:
            raise ValueError(f"the event kind {kind!r} is taken")
    KINDS.update(kinds)
