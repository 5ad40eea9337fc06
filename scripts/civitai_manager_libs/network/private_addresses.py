"""Tells addresses of this machine and of the local network from those of the public internet."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from urllib.parse import urlsplit

__all__ = ["is_private_address", "is_private_url"]

_PRIVATE_NAMES = {"localhost", "ip6-localhost", "ip6-loopback"}
_PRIVATE_SUFFIXES = (".localhost", ".localdomain", ".local", ".internal")
# Mapped, compatible and translated IPv4 addresses (RFC 4291, 2765), and those of NAT64 (RFC 6052).
_IPV4_PREFIXES = [
    ipaddress.IPv6Network(prefix)
    for prefix in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
]
# A network's own NAT64 (RFC 8215) may lead anywhere; and with 6to4 (RFC 3056, given up by RFC 7526)
# the private machines of a site have addresses made of its public IPv4 address.
_MAYBE_PRIVATE = [ipaddress.IPv6Network(prefix) for prefix in ("64:ff9b:1::/48", "2002::/16")]


def is_private_address(text: str) -> bool:
    """Return whether a text is an IP address outside the public internet, such as a loopback one.

    Multicast addresses count as private, too. An IPv6 address that contains an IPv4 address is
    judged by the IPv4 address. Return False for other text.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if address.version == 6:
        if address.is_site_local or any(address in network for network in _MAYBE_PRIVATE):
            return True
        if any(address in network for network in _IPV4_PREFIXES):
            address = ipaddress.IPv4Address(address.packed[-4:])
    return not address.is_global or address.is_multicast


def is_private_url(url: str) -> bool:
    """Return whether a URL's host is this machine or a machine in the local network.

    Only the host's text is checked, without a DNS lookup: private IP addresses, `localhost`, and
    names with endings such as `.local`.
    """
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    with suppress(OSError, UnicodeError):  # no number
        host = socket.inet_ntoa(socket.inet_aton(host))  # `127.1`, `0x7f000001`, `2130706433`
    return host in _PRIVATE_NAMES or host.endswith(_PRIVATE_SUFFIXES) or is_private_address(host)
