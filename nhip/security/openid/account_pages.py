"""The page on which people link accounts of identity providers to their own, and unlink them."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.kernel.i18n import _
from nhip.security.openid import people, store
from nhip.security.openid.model import Offer
from nhip.security.permissions.catalogue import SELF
from nhip.security.signin.common import AnyRequest, db_of, me
from nhip.security.signin.service import get_account
from nhip.security.signin.store import get_factors
from nhip.web.i18n import language
from nhip.web.render import page, redirect

HOME = "/account/providers"


@get(HOME, permission=SELF, any_level=True, include_in_schema=False)
async def show_linked(request: AnyRequest) -> Response[str]:
    """Which accounts of providers are linked, and which providers could be."""
    found = await me(request)
    async with db_of(request).read() as tx:
        linked = await store.list_identities(tx, found.id)
        known = [one.provider for one in await store.list_providers(tx)]
    by_issuer = {one.issuer: one.label(language()) for one in known}
    taken = {one.issuer for one in linked}
    offers = [Offer(one.name, one.label(language())) for one in known if one.enabled and one.issuer not in taken]
    return page(request, "security/openid-account.html", linked=linked, labels=by_issuer, offers=offers)


@post(f"{HOME}/{{identity_id:uuid}}/unlink", permission=SELF, fresh=True, include_in_schema=False, status_code=303)
async def unlink(request: AnyRequest, identity_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Take a link away. Raises LastWayIn."""
    found = await me(request)
    async with db_of(request).tx() as tx:
        factors = await get_factors(tx, (await get_account(tx, found)).id)
        await people.unlink(tx, found.id, identity_id, other_ways=factors.passkeys > 0)
    return redirect(HOME, _("The link was taken away."))


ROUTES = [show_linked, unlink]
"""For `nhip.web.app.build(routes=…)`."""
