"""What the owner of an endpoint told in confidence (headers, passwords, tokens) is sealed at rest, apart from the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit

import orjson

from nhip.db.sql import load
from nhip.security.resealing import SealedColumn
from nhip.security.secrets import Vault

Members = dict[str, Any]
_PAIRS = ("receiverInfo", "notifierInfo")
_NO_SECRETS = frozenset({"Delivery", "MQTT-Version", "MQTT-QoS", "jsonldContext", "Accept", "Content-Type"})
"""Keys of pairs whose values say how, not who."""
FROM_REQUEST = "urn:ngsi-ld:request"
"""The value of a header that is passed on as it came with a request: no secret itself."""
MASK = "***"


class Sealing:
    """Of the rows of one table, whose name is authenticated with tenant and id: a sealed value opens in its own row only."""

    def __init__(self, vault: Vault, table: str) -> None:
        self._vault, self._aad = vault, aad_of(table)

    def seal(self, tenant: int, id: str, secrets: Members) -> bytes | None:
        """Sealed bytes of members that are secret; None when there are none."""
        if not secrets:
            return None
        written = {name: orjson.dumps(value).decode() for name, value in secrets.items()}
        return self._vault.seal(written, self._aad(f"{tenant} {id}"))

    def open_(self, tenant: int, id: str, sealed: bytes | None) -> Members:
        """The members that were sealed. Raises SecretUnreadable."""
        if sealed is None:
            return {}
        secret = self._vault.open_(sealed, self._aad(f"{tenant} {id}"))
        return {name: orjson.loads(secret.value(name)) for name in secret.names()}


def without_secrets(doc: Members) -> tuple[Members, Members]:
    """A subscription's document without the secrets of its endpoint, and those."""
    endpoint = doc["notification"]["endpoint"]
    secrets = {name: endpoint[name] for name in _PAIRS if name in endpoint}
    if (bare := _bare(endpoint["uri"])) != endpoint["uri"]:
        secrets["uri"] = endpoint["uri"]
    left = {name: value for name, value in endpoint.items() if name not in _PAIRS} | {"uri": bare}
    return _with_endpoint(doc, left), secrets


def masked(pairs: Any) -> Any:
    """Pairs of key and value as they are shown to who may not know the secrets among them, and to third parties."""
    if not isinstance(pairs, list):
        return MASK
    return [_masked(one) if isinstance(one, dict) else {"key": MASK, "value": MASK} for one in pairs]


def _masked(pair: Members) -> Members:
    if pair.get("key") in _NO_SECRETS or pair.get("value") == FROM_REQUEST:
        return pair
    return {"key": pair.get("key", MASK), "value": MASK}


def masked_endpoint(endpoint: Members) -> Members:
    """An endpoint as it is shown to who may not know its secrets."""
    shown = {name: masked(value) if name in _PAIRS else value for name, value in endpoint.items()}
    return shown | {"uri": _bare(endpoint["uri"])}


def with_secrets(doc: Members, secrets: Members) -> Members:
    """The document as it was before its secrets were taken out."""
    return _with_endpoint(doc, {**doc["notification"]["endpoint"], **secrets}) if secrets else doc


def _with_endpoint(doc: Members, endpoint: Members) -> Members:
    return {**doc, "notification": {**doc["notification"], "endpoint": endpoint}}


def _bare(uri: str) -> str:
    """The address without user, password and what follows the `?`, where tokens are."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def aad_of(table: str) -> Callable[[str], str]:
    """For whom a secret of this table is sealed, by the key of its row (`tenant id`)."""
    return lambda key: f"{table} {key}"


def _column(table: LiteralString) -> SealedColumn:
    queries = load(__file__, "sealing.sql").renamed({"graph.sub": table})
    return SealedColumn(name=f"{table}.sealed", listing=queries.list_sealed, reseal=queries.reseal, aad=aad_of(table))


SEALED = [_column("graph.sub"), _column("graph.watch"), _column("graph.registration")]
