"""Which network addresses Nhịp may connect to: public ones, and those that an administrator allowed.

Every name is resolved here, judged here, and connected to by the very address that was judged, so that a name that
changes between look and use (DNS rebinding) gains nothing. Ranges: IANA special-purpose registries (RFC 6890 and later).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import msgspec

from nhip.errors import BadInput
from nhip.security.connecting import connect
from nhip.security.outgoing_errors import AddressRefused, NameNotFound, TimedOut, Unreachable
from nhip.settings import Settings

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[..., list[Any]]

_RANGES = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
240.0.0.0/4 ::/128 ::1/128 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fe80::/10
fec0::/10 ff00::/8
"""
_REFUSED: tuple[IpNetwork, ...] = tuple(ipaddress.ip_network(text) for text in _RANGES.split())
_METADATA: frozenset[IpAddress] = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Cloud machines' own data services. They hold no city data, so not even a setting opens them."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE = ipaddress.IPv6Network("::/96")


class CheckedAddress(msgspec.Struct, frozen=True):
    """An address that was judged and may be connected to. `host` is the name that was asked for."""

    host: str
    ip: str
    port: int


def allowed_networks(settings: Settings) -> tuple[IpNetwork, ...]:
    """The networks of `Settings.outgoing_private`. Raises BadInput naming the one that cannot be read."""
    networks: list[IpNetwork] = []
    for text in filter(None, (part.strip() for part in settings.outgoing_private.split(","))):
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            raise BadInput(what=f"outgoing_private: {error}") from error
    return tuple(networks)


def plain_address(text: str) -> IpAddress:
    """The address of `text` without its zone, IPv4 where IPv6 only wraps it (`::ffff:127.0.0.1`)."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _carried(address: IpAddress) -> IpAddress | None:
    """The IPv4 address that packets to this IPv6 address end at: NAT64, 6to4 or the old compatible form."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or address in _V4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def may_connect(address: IpAddress, allowed: tuple[IpNetwork, ...]) -> bool:
    """Whether `address` (from `plain_address`) is public or inside `allowed`; a tunnel is judged by what it carries."""
    carried = _carried(address)
    if address in _METADATA or carried in _METADATA:
        return False
    if any(address.version == net.version and address in net for net in allowed):
        return True
    if carried is not None:
        return may_connect(carried, ())
    return address.is_global and not any(address.version == net.version and address in net for net in _REFUSED)


def checked_address(
    host: str, port: int, settings: Settings, resolve: Resolver = socket.getaddrinfo
) -> tuple[CheckedAddress, ...]:
    """Resolve `host` once and return the addresses that may be connected to, in the resolver's order; never empty.

    Forms such as `2130706433`, `0x7f.1` or `0177.0.0.1` are judged by what the resolver makes of them.
    Raises NameNotFound, or AddressRefused when no address of the name may be used.
    """
    allowed = allowed_networks(settings)
    name = host.strip("[]").rstrip(".")
    try:
        found = resolve(name, port, type=socket.SOCK_STREAM) if name and 0 < port < 65_536 else []
    except (OSError, UnicodeError) as error:
        raise NameNotFound(host=host) from error
    if not found:
        raise NameNotFound(host=host)
    good, refused = [], ""
    for *_kind, where in found:
        address = plain_address(str(where[0]))
        if may_connect(address, allowed):
            good.append(CheckedAddress(name, str(address), port))
        else:
            refused = refused or str(address)
    if not good:
        raise AddressRefused(host=host, address=refused)
    return tuple(good)


def open_socket(
    host: str, port: int, settings: Settings, timeout_s: float = 10.0, resolve: Resolver = socket.getaddrinfo
) -> socket.socket:
    """A TCP connection to a checked address of `host`; the first that answers, all within the time. Also for SFTP and databases.

    Raises NameNotFound, AddressRefused, TimedOut, Unreachable.
    """
    found = checked_address(host, port, settings, resolve)
    try:
        return connect(found, timeout_s)
    except TimeoutError as error:
        raise TimedOut(host=host, seconds=round(timeout_s)) from error
    except OSError as error:
        raise Unreachable(host=host, port=port, why=error.strerror or "") from error
