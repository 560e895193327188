"""Addresses: of clients behind proxies, and whether one is of this machine alone."""

import ipaddress
import socket
from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Network = IPv4Network | IPv6Network


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a list with commas: `10.0.0.0/8, 127.0.0.1`. Raises ValueError."""
    return tuple(ipaddress.ip_network(name.strip()) for name in text.split(",") if name.strip())


def client_address(remote: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of the client: the last one of X-Forwarded-For that is of no trusted proxy.

    The header counts only from trusted proxies: anybody else could write anything.
    """
    address = remote
    names = [name.strip() for name in forwarded_for.split(",")] if forwarded_for else []
    for named in reversed(names):
        if not _is_within(address, trusted):
            break
        try:
            ipaddress.ip_address(named)
        except ValueError:
            break
        address = named
    return address


def counted_address(address: str) -> str:
    """What one visitor's addresses have in common: of IPv6 the /64, of a mapped IPv4 that."""
    try:
        parsed = _unmapped(address)
    except ValueError:  # a socket of this machine has none
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


@cache  # each request asks; a name that can't be resolved is none, until the process ends
def is_this_machine(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        found = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError:
        return False
    return all(ipaddress.ip_address(str(each[4][0])).is_loopback for each in found)


def _is_within(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = _unmapped(address)
    except ValueError:  # a socket of this machine has none
        return False
    return any(parsed in network for network in trusted)


def _unmapped(address: str) -> IPv4Address | IPv6Address:
    """Raises ValueError."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
