"""`nhip key`: keys and OAuth clients of programs by the command line."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.errors import BadInput
from nhip.kernel.time import now
from nhip.security.parties.errors import OrganisationNotFound
from nhip.security.parties.store import find_by_code, list_parties
from nhip.security.programs.errors import KeyNotFound, ProgramNotFound
from nhip.security.programs.model import Issued, Limits
from nhip.security.programs.service import issue_client, issue_key, list_keys, make_program, revoke_key
from nhip.settings import Settings


@click.group()
def key() -> None:
    """Keys by which programs (service accounts) read and deliver."""


@key.command("issue")
@click.argument("program")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="A permission that the key gives. Repeat for more."
)
@click.option(
    "--organisation", help="Code of the organisation; the program is made there if there is none of this name."
)
@click.option("--title", default="", help="What the key is for.")
@click.option("--days", default=365, show_default=True, help="Days until it expires, at most 730.")
@click.option("--network", "networks", multiple=True, help="Network (CIDR) that it may be used from. Repeat for more.")
@click.option("--per-minute", default=600, show_default=True, help="Requests a minute.")
@click.option("--per-day", default=100_000, show_default=True, help="Requests a day.")
@click.option("--client", is_flag=True, help="An OAuth client, which asks for tokens, in place of a key.")
@click.option(
    "--jwks", type=click.Path(exists=True, path_type=Path), help="Public keys of a client that signs (JWK set)."
)
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def key_issue(settings: Settings, /, program: str, scopes: tuple[str, ...], wants_json: bool, **given: Any) -> None:
    """Issue a key to PROGRAM. Its text is shown this once."""
    limits = Limits(
        scopes=scopes,
        expires_at=now() + timedelta(days=given["days"]),
        networks=given["networks"],
        per_minute=given["per_minute"],
        per_day=given["per_day"],
    )

    async def work(installation: Installation) -> Issued:
        async with installation.db.tx() as tx:
            party = await _program(tx, program, given["organisation"])
            if given["client"] or given["jwks"]:
                return await issue_client(tx, party, given["title"], limits, _jwks(given["jwks"]))
            return await issue_key(tx, party, given["title"], limits)

    issued = with_installation(settings, work)
    if wants_json:
        print_json({"text": issued.text, "credential": issued.credential})
        return
    if issued.credential.kind == "client":
        click.echo(f"client_id: {issued.credential.public_id}")
    if issued.text:
        click.echo(issued.text)


async def _program(tx: Connection, name: str, organisation: str | None) -> uuid.UUID:
    """The service account of this name, made where an organisation is named and there is none yet."""
    found = [party for party in await list_parties(tx, ["service"], text=name) if party.name == name]
    above = await find_by_code(tx, organisation) if organisation else None
    if organisation and above is None:
        raise OrganisationNotFound(code=organisation)
    matching = [party for party in found if above is None or party.parent_id == above.id]
    if len(matching) == 1:
        return matching[0].id
    if matching or above is None:
        raise ProgramNotFound(name=name)
    return (await make_program(tx, name, above.id)).id


def _jwks(path: Path | None) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any]) if path else None
    except msgspec.MsgspecError as error:
        raise BadInput(what=f"{path}: {error}") from error


@key.command("list")
@click.option("--all", "ended", is_flag=True, help="The revoked and expired ones too.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def key_list(settings: Settings, ended: bool, wants_json: bool) -> None:
    """Keys and clients; their texts cannot be shown again."""

    async def work(installation: Installation) -> Any:
        async with installation.db.read() as tx:
            return await list_keys(tx, ended=ended)

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
        return
    rows = (
        (
            c.public_id,
            c.kind,
            c.program,
            c.title,
            " ".join(c.scopes),
            c.expires_at.date(),
            c.last_used_at,
            c.state(now()),
        )
        for c in found
    )
    print_table(("id", "kind", "program", "for", "scopes", "expires", "last used", "state"), rows)


@key.command("revoke")
@click.argument("public_id")
@click.pass_obj
def key_revoke(settings: Settings, public_id: str) -> None:
    """The key PUBLIC_ID (see `nhip key list`) and all its tokens open nothing from now on."""

    async def work(installation: Installation) -> None:
        async with installation.db.tx() as tx:
            found = [one for one in await list_keys(tx, ended=True) if one.public_id == public_id]
            if not found:
                raise KeyNotFound
            await revoke_key(tx, found[0].id)

    with_installation(settings, work)
