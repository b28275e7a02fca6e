"""Who is at the other end of a connection: the client's address behind believed proxies, and the key it is counted by.

`X-Forwarded-For` is read from the right: each believed proxy names the hop before it, and the first address that is no believed
proxy is the client; what stands further left is the client's own claim. `Forwarded`, `X-Real-IP` and the like are never read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from litestar.types import Scope

from nhip.errors import BadInput
from nhip.settings import Settings

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

THIS_MACHINE: tuple[IpNetwork, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_MOST_HOPS = 20


@lru_cache(maxsize=16)
def networks(text: str, setting: str) -> tuple[IpNetwork, ...]:
    """The networks of a comma-separated list. Raises BadInput naming `setting` and what of it cannot be read."""
    try:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadInput(what=f"{setting}: {error}") from error


def believed(settings: Settings | None) -> tuple[IpNetwork, ...]:
    """Networks whose machines are believed about the address before them."""
    return THIS_MACHINE + (networks(settings.trusted_proxies, "trusted_proxies") if settings else ())


def address_in(text: str) -> IpAddress | None:
    """The address of one hop: `203.0.113.9`, `203.0.113.9:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; None for anything else.

    IPv4 wrapped into IPv6 is unwrapped and a zone is dropped, so that one machine has one address.
    """
    text = text.strip()[:64]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def client_of(peer: str, told: Iterable[str], proxies: tuple[IpNetwork, ...]) -> str:
    """The client's address: `peer`, or what believed proxies say (`told`: the X-Forwarded-For lines in their order).

    A hop that is no address ends the walk: then the proxy that passed it on counts as the client.
    """
    found = address_in(peer)
    if found is None:
        return peer
    for hop in ",".join(told).split(",")[: -_MOST_HOPS - 1 : -1]:
        if not within(found, proxies) or (before := address_in(hop)) is None:
            break
        found = before
    return str(found)


def within(address: IpAddress, nets: Iterable[IpNetwork]) -> bool:
    """Whether one of `nets` holds `address`."""
    return any(address.version == net.version and address in net for net in nets)


def client_in(scope: Scope, proxies: tuple[IpNetwork, ...]) -> str:
    """The client's address of an ASGI connection, "" when the server names none (a Unix socket)."""
    peer = scope.get("client")
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return client_of(peer[0], told, proxies) if peer else ""


def counted_as(address: str) -> str:
    """The key that an address is counted by: itself, or its /64, which is what one IPv6 customer has at least."""
    found = address_in(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found or address)


def in_process(scope: Scope) -> bool:
    """Whether the caller came by no network: its peer is named but is no address, which no server can report of a socket."""
    peer = scope.get("client")
    return peer is not None and address_in(peer[0]) is None
