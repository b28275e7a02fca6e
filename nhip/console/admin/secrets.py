"""Secrets: which are kept and for what, set anew; nobody can read one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.connectors.registry import get_connector
from nhip.console.admin.common import HOME, AnyRequest, crumbs, me
from nhip.console.common import installation_of
from nhip.datasets.access import access_source
from nhip.datasets.sources import set_secret
from nhip.datasets.store import list_sources
from nhip.kernel.i18n import _
from nhip.security.openid.providers import list_providers
from nhip.web.forms import Form
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

SECRETS = f"{HOME}/secrets"


@get(SECRETS, permission="secret.set", everywhere=True)
async def show_all(request: AnyRequest) -> Response[str]:
    """Every kind of secret that the installation keeps, without the secrets."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        sources = [(s, get_connector(s.kind)) for s in await list_sources(tx)]
        providers = await list_providers(tx)
    wanted = [(source, connector) for source, connector in sources if connector.secrets]
    files = sorted(path.name for path in (installation.settings.data_dir / "keys").glob("*.key"))
    values: dict[str, Any] = {"sources": wanted, "providers": providers, "files": files, "meanings": FILES}
    return page(request, "console/admin/secrets.html", crumbs=crumbs(_("Secrets")), **values)


FILES = {
    "secrets.key": _("seals the credentials of sources and providers, and one-time code secrets"),
    "ledger.key": _("signs the heads of the ledger"),
    "subjects.key": _("hashes citizen numbers"),
    "readers.key": _("signs links in letters to readers, and the votes of browsers"),
}
"""Key files in words."""


@get(f"{SECRETS}/sources/{{name:str}}", permission="secret.set")
async def ask(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The form to set a source's credentials anew."""
    return await _form(request, name, Form.of())


@post(f"{SECRETS}/sources/{{name:str}}", permission="secret.set")
async def put(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Seal new credentials; the old ones are gone."""
    installation = installation_of(request)
    form = await Form.read(request)
    async with installation.db.tx() as tx:
        source = await access_source(tx, (await me(request)).rights, name, "secret.set")
        known = [secret.name for secret in get_connector(source.kind).secrets]
        typed = {secret: value for secret in known if (value := form.raw(f"secret-{secret}"))}
        if typed:
            await set_secret(tx, installation, source, typed)
    if not typed:
        form.fail("", _("Type at least one secret."))
        return await _form(request, name, form, status=422)
    return redirect(SECRETS, _("The secret of {name} is set. Nobody can read it back."), name=name)


async def _form(request: AnyRequest, name: str, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        source = await access_source(tx, (await me(request)).rights, name, "secret.set")
    values: dict[str, Any] = {"source": source, "connector": get_connector(source.kind), "form": form}
    trail = crumbs(_("Secrets"), SECRETS, Crumb(source.name))
    return page(request, "console/admin/secret_form.html", status=status, crumbs=trail, **values)


ROUTES = [show_all, ask, put]
