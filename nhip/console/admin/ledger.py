"""The ledger as people read it: the newest events, narrowed by kind, object and actor; the signed head."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromQuery

from nhip.console.admin.common import HOME, AnyRequest, crumbs
from nhip.console.common import installation_of
from nhip.kernel.i18n import _
from nhip.ledger.kinds import KINDS
from nhip.ledger.store import find_head, get_tip, list_rows
from nhip.web.render import page

LEDGER = f"{HOME}/ledger"
_SHOWN = 100


@get(LEDGER, permission="ledger.read", everywhere=True)
async def show(
    request: AnyRequest, kind: FromQuery[str] = "", what: FromQuery[str] = "", before: FromQuery[int | None] = None
) -> Response[str]:
    """A hundred events at a time, the newest first."""
    async with installation_of(request).db.read() as tx:
        asked: dict[str, Any] = {"kind": kind or None, "what": what.strip() or None, "before_seq": before}
        rows = await list_rows(tx, limit=_SHOWN, **asked)
        tip, head = await get_tip(tx), await find_head(tx)
    older = rows[-1].seq if len(rows) == _SHOWN else None
    values: dict[str, Any] = {"rows": rows, "kinds": KINDS, "kind": kind, "what": what, "tip": tip, "head": head}
    return page(request, "console/admin/ledger.html", crumbs=crumbs(_("Ledger")), older=older, **values)


ROUTES = [show]
