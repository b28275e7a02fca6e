"""`nhip provider`: identity providers by the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.errors import BadInput
from nhip.security.openid.addresses import public_address, redirect_uri
from nhip.security.openid.model import Provider
from nhip.security.openid.people import link
from nhip.security.openid.profiles import PROFILES
from nhip.security.openid.providers import get_provider, list_providers, put_provider, remove_provider, test_provider
from nhip.security.store import find_account
from nhip.settings import Settings
from nhip.web.i18n import catalogue


@click.group()
def provider() -> None:
    """Identity providers (OpenID Connect) by which people sign in."""


@provider.command("add")
@click.argument("name")
@click.option("--profile", type=click.Choice(sorted(PROFILES)), default="generic", help="What to begin with.")
@click.option("--issuer", help="The provider's address, exactly as it writes it itself.")
@click.option("--client-id", help="The name under which Nhịp is registered there.")
@click.option("--file", "path", type=click.Path(exists=True, path_type=Path), help="A whole profile as JSON.")
@click.option(
    "--set", "changes", multiple=True, help="FIELD=JSON of the profile, e.g. minimum_level=2. Repeat for more."
)
@click.pass_obj
def provider_add(
    settings: Settings,
    name: str,
    profile: str,
    issuer: str | None,
    client_id: str | None,
    path: Path | None,
    changes: tuple[str, ...],
) -> None:
    """Add the provider NAME, or change it. The client secret is asked for, or read from NHIP_CLIENT_SECRET; empty keeps it."""
    given: dict[str, Any] = {"issuer": issuer, "client_id": client_id, **dict(_pair(one) for one in changes)}

    async def work(installation: Installation) -> Provider:
        async with installation.db.tx() as tx:
            known = {one.provider.name: one.provider for one in await list_providers(tx)}
            made = _made(
                known.get(name, PROFILES[profile]), name, path, {k: v for k, v in given.items() if v is not None}
            )
            secret = "" if made.auth == "private_key_jwt" else _secret()
            await put_provider(tx, settings, made, secret)
        return made

    made = with_installation(settings, work)
    click.echo(f"redirect URI: {redirect_uri(settings, name)}")
    click.echo(f"back-channel logout URI: {public_address(settings)}/openid/{name}/backchannel")
    if made.auth == "private_key_jwt":
        click.echo(f"our keys (JWKS): {public_address(settings)}/openid/{name}/jwks.json")


def _made(base: Provider, name: str, path: Path | None, given: dict[str, Any]) -> Provider:
    try:
        told = msgspec.json.decode(path.read_bytes()) if path else {}
        return msgspec.convert({**msgspec.to_builtins(base), **told, **given, "name": name}, Provider)
    except (msgspec.MsgspecError, TypeError) as error:
        raise BadInput(what=str(error)) from error


def _pair(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals or field not in Provider.__struct_fields__:
        raise click.BadParameter(f"{text}: write FIELD=JSON with one of {', '.join(Provider.__struct_fields__)}")
    try:
        return field, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return field, value


def _secret() -> str:
    """From the environment or the keyboard; never from the arguments, which other users of the machine can see."""
    given = os.environ.get("NHIP_CLIENT_SECRET")
    return (
        given
        if given is not None
        else str(click.prompt("client secret", hide_input=True, default="", show_default=False))
    )


@provider.command("list")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def provider_list(settings: Settings, wants_json: bool) -> None:
    """All providers; their secrets are never shown."""

    async def work(installation: Installation) -> Any:
        async with installation.db.read() as tx:
            return await list_providers(tx)

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
        return
    rows = ((k.provider.name, k.provider.issuer, k.identities, "on" if k.provider.enabled else "off") for k in found)
    print_table(("name", "issuer", "linked accounts", "state"), rows)


@provider.command("test")
@click.argument("name")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def provider_test(settings: Settings, name: str, wants_json: bool) -> int:
    """Ask the provider NAME for its metadata and keys, and whether it takes our credentials. Exit 1 if anything is wrong."""

    async def work(installation: Installation) -> Any:
        async with installation.db.read() as tx:
            found, secret = await get_provider(tx, settings, name)
        return await test_provider(settings, found, secret)

    findings = with_installation(settings, work)
    if wants_json:
        print_json(findings)
    else:
        say = catalogue(settings.language).gettext
        print_table(("", "what", "seen"), (("✓" if f.well else "✗", say(f.what), f.seen) for f in findings))
    return 0 if all(finding.well for finding in findings) else 1


@provider.command("remove")
@click.argument("name")
@click.pass_obj
def provider_remove(settings: Settings, name: str) -> None:
    """Forget the provider NAME and its secret; whoever came in by it is signed out."""

    async def work(installation: Installation) -> None:
        async with installation.db.tx() as tx:
            await remove_provider(tx, name)

    with_installation(settings, work)


@provider.command("link")
@click.argument("name")
@click.argument("account")
@click.argument("subject")
@click.pass_obj
def provider_link(settings: Settings, name: str, account: str, subject: str) -> None:
    """Let whoever the provider NAME knows as SUBJECT (its claim sub) sign in to ACCOUNT."""

    async def work(installation: Installation) -> None:
        async with installation.db.tx() as tx:
            found, _unused = await get_provider(tx, settings, name)
            target = await find_account(tx, account)
            if target is None:
                raise BadInput(what=account)
            await link(tx, found, target.party_id, subject)

    with_installation(settings, work)
