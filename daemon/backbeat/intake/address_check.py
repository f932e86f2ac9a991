"""Where a host name leads, and whether the daemon may go there.

An address that somebody sends must not make the daemon talk to the router's or another program's local pages. The name is
resolved once, every answer is checked, and the connection goes to the checked address itself: resolving again for the
connection would let a name server give a public address first and a private one second (DNS rebinding).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from backbeat.errors import DownloadError

_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses written as IPv6 (RFC 6052)."""


@dataclass(frozen=True, kw_only=True)
class HostAddress:
    """ip: in digits, as the socket functions take it. port: TCP."""

    ip: str
    port: int


Resolve = Callable[[str, int], tuple[HostAddress, ...]]
"""Host name and port to the addresses that may be connected to; raises DownloadError."""


def resolve_public(host: str, port: int) -> tuple[HostAddress, ...]:
    """The addresses of `host`; raises DownloadError when it is unknown, or when any of them is local or reserved."""
    addresses = resolve_any(host, port)
    for address in addresses:
        if not is_public(address.ip):
            raise DownloadError(
                f"{host} is an address on this computer or the local network ({address.ip}), which is not allowed.",
                advice="If you trust it, set limits.allow_local_addresses = true in the config, or copy the file yourself.",
            )
    return addresses


def resolve_any(host: str, port: int) -> tuple[HostAddress, ...]:
    """The addresses of `host`, unchecked; raises DownloadError when it is unknown."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadError(
            f"There is no server called {host}.", advice="Check the address for typing errors, and your network connection."
        ) from error
    return tuple(dict.fromkeys(HostAddress(ip=str(entry[4][0]), port=port) for entry in found))


def is_public(ip: str) -> bool:
    """Whether an address (in digits) belongs to the public internet; IPv4 inside IPv6 is judged by the IPv4 address."""
    address = ip_address(ip.partition("%")[0])
    return all(part.is_global and not part.is_multicast for part in (address, *_embedded(address)))


def _embedded(address: IPv4Address | IPv6Address) -> tuple[IPv4Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inside.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return tuple(part for part in inside if part is not None)
