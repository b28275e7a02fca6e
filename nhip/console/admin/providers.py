"""Identity providers by which people sign in: adding, changing, trying, removing; their secrets are written, never shown."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.console.admin.common import HOME, AnyRequest, crumbs
from nhip.console.common import installation_of
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.security.openid.addresses import public_address, redirect_uri
from nhip.security.openid.model import ClaimNames, Provider
from nhip.security.openid.profiles import PROFILES
from nhip.security.openid.providers import (
    Finding,
    get_provider,
    list_providers,
    put_provider,
    remove_provider,
    test_provider,
)
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

PROVIDERS = f"{HOME}/providers"
TITLES = {
    "vneid": _("VNeID, the national electronic identification"),
    "keycloak": _("Keycloak"),
    "generic": _("Another OpenID Connect provider"),
}
_CLAIMS = tuple(ClaimNames.__struct_fields__)


@get(PROVIDERS, permission="setting.read", everywhere=True)
async def show_all(request: AnyRequest) -> Response[str]:
    """Providers and how many accounts are linked to each."""
    async with installation_of(request).db.read() as tx:
        found = await list_providers(tx)
    values: dict[str, Any] = {"providers": found, "titles": TITLES}
    return page(request, "console/admin/providers.html", crumbs=crumbs(_("Identity providers")), **values)


@get(f"{PROVIDERS}/new", permission="secret.set", everywhere=True)
async def ask(request: AnyRequest, profile: FromQuery[str] = "generic") -> Response[str]:
    """The form for a new provider, filled with what is known of its kind."""
    base = PROFILES.get(profile, PROFILES["generic"])
    return _form(request, _filled(base), None)


@post(f"{PROVIDERS}/new", permission="secret.set", everywhere=True)
async def add(request: AnyRequest) -> Response[Any]:
    """Add the provider."""
    return await _save(request, None)


@get(f"{PROVIDERS}/{{name:str}}", permission="secret.set", everywhere=True)
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The form to change a provider."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        provider, _secret = await get_provider(tx, installation.settings, name)
    return _form(request, _filled(provider), provider)


@post(f"{PROVIDERS}/{{name:str}}", permission="secret.set", everywhere=True)
async def change(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Change the provider; an empty secret keeps the one that is there."""
    return await _save(request, name)


@post(f"{PROVIDERS}/{{name:str}}/test", permission="secret.set", everywhere=True, status_code=200)
async def test(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """Ask the provider for its metadata and keys, and whether it takes our credentials."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        provider, secret = await get_provider(tx, installation.settings, name)
    findings = await test_provider(installation.settings, provider, secret)
    return _form(request, _filled(provider), provider, findings=findings)


@post(f"{PROVIDERS}/{{name:str}}/remove", permission="secret.set", everywhere=True)
async def remove(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Forget the provider and its secret; whoever came in by it is signed out."""
    async with installation_of(request).db.tx() as tx:
        await remove_provider(tx, name)
    return redirect(PROVIDERS, _("The provider {name} is removed."), name=name)


def _filled(provider: Provider) -> Form:
    claims = {f"claim-{name}": getattr(provider.claims, name) for name in _CLAIMS}
    plain = {
        n: getattr(provider, n) for n in ("name", "issuer", "client_id", "auth", "unknown", "label_vi", "label_en")
    }
    return Form.of(
        **plain,
        **claims,
        scopes=" ".join(provider.scopes),
        acr_levels=_lines(provider.acr_levels),
        amr_levels=_lines(provider.amr_levels),
        minimum_level=provider.minimum_level,
        vouches_for_number=provider.vouches_for_number,
        userinfo=provider.userinfo,
        enabled=provider.enabled,
    )


def _lines(levels: Any) -> str:
    return "\n".join(f"{name} = {level}" for name, level in levels.items())


def _levels(form: Form, field: str) -> dict[str, int]:
    found = {}
    for line in form.raw(field).splitlines():
        name, equals, level = line.rpartition("=")
        if line.strip() and (not equals or level.strip() not in ("1", "2", "3")):
            form.fail(field, _("Write one value a line, like gold = 2; levels go from 1 to 3."))
        elif line.strip():
            found[name.strip()] = int(level)
    return found


def _read(form: Form, name: str | None, base: Provider) -> Provider:
    return msgspec.structs.replace(
        base,
        name=name or form.text("name", required=_("Give the provider a name."), longest=31),
        issuer=form.text("issuer", required=_("Enter the issuer."), longest=500),
        client_id=form.text("client_id", required=_("Enter the client id."), longest=255),
        auth=form.choice("auth", ("client_secret_basic", "client_secret_post", "private_key_jwt"))
        or "client_secret_basic",
        scopes=tuple(form.raw("scopes").split()) or ("openid",),
        claims=ClaimNames(**{n: form.text(f"claim-{n}", longest=100) for n in _CLAIMS}),
        acr_levels=_levels(form, "acr_levels"),
        amr_levels=_levels(form, "amr_levels"),
        minimum_level=form.integer("minimum_level", lowest=1, highest=3) or 1,
        unknown="citizen" if form.raw("unknown") == "citizen" else "refuse",
        vouches_for_number=form.checked("vouches_for_number"),
        userinfo=form.checked("userinfo"),
        label_vi=form.text("label_vi", longest=100),
        label_en=form.text("label_en", longest=100),
        enabled=form.checked("enabled"),
    )


async def _save(request: AnyRequest, name: str | None) -> Response[Any]:
    installation = installation_of(request)
    form = await Form.read(request)
    known = None
    async with installation.db.read() as tx:
        if name is not None:
            known, _secret = await get_provider(tx, installation.settings, name)
    provider = _read(form, name, known or PROFILES["generic"])
    if not form.errors:
        try:
            async with installation.db.tx() as tx:
                await put_provider(tx, installation.settings, provider, form.raw("client_secret"))
            return redirect(f"{PROVIDERS}/{provider.name}", _("Saved. Try it before people see it."))
        except NhipError as error:
            form.fail("issuer", error.template(), **error.values)
    return _form(request, form, known, status=422)


def _form(
    request: AnyRequest, form: Form, provider: Provider | None, status: int = 200, findings: list[Finding] | None = None
) -> Response[str]:
    settings = installation_of(request).settings
    last = Crumb(provider.name if provider else translate(_("Add an identity provider")))
    values: dict[str, Any] = {"form": form, "provider": provider, "findings": findings or []}
    if provider:
        values["redirect"] = redirect_uri(settings, provider.name)
        values["backchannel"] = f"{public_address(settings)}/openid/{provider.name}/backchannel"
        values["keys"] = f"{public_address(settings)}/openid/{provider.name}/jwks.json"
    trail = crumbs(_("Identity providers"), PROVIDERS, last)
    return page(request, "console/admin/provider.html", status=status, crumbs=trail, **values)


ROUTES = [show_all, ask, add, show, change, test, remove]
