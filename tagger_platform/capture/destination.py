"""Where the URL of a stream leads, for streams that somebody adds while the platform runs.

What belongs here: refusing what an address leads to. What does not: whether it is well-formed (`stream_config`), and
streams from the environment or `streams.yaml`: whoever writes those may read our files anyway.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from tagger_platform import stream_config

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str], list[str]]

EMBEDDING = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses by which a network that speaks only IPv6 reaches IPv4: the last four bytes are the other's address."""


def resolve(host: str) -> list[str]:
    """Every address of `host`. Raises OSError where it has none."""
    found: list[tuple[Any, ...]] = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return sorted({str(entry[4][0]) for entry in found})


def refusal(url: str, *, private: bool, resolve: Resolve = resolve) -> str | None:
    """Why a stream with this URL may not be added, in words that do not repeat its secrets; None where it may.

    `private`: whether it may lead into this machine or its networks. The host's name is looked up, which can take
    seconds. A name can be pointed elsewhere later, and a server can send on to another: whom that worries keeps the
    machine off those networks.
    """
    url = stream_config.quote_userinfo(url.strip())
    if problem := stream_config.url_problem(url):
        return f"the URL {problem}"
    parts = urlsplit(url)
    if parts.scheme == "file":
        return "the URL is a file's: files can be played from STREAM_n_URL and streams.yaml only"
    host = parts.hostname or ""
    if private:
        return None
    try:
        addresses = resolve(host)
    except (OSError, UnicodeError):
        return f"the host name {host} is not known: check its spelling, and the network"
    inside = [address for address in addresses if not _is_public(address)]
    if not inside:
        return None
    return f"{host} is {', '.join(inside)}, which is not in the public internet: STREAMS_ADDED_PRIVATE=true allows that"


def _is_public(text: str) -> bool:
    """Also of the addresses within the address: several kinds of IPv6 address lead to one of IPv4."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _meant(address))


def _meant(address: Address) -> Iterator[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    within: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    within += list(address.teredo or ())
    if address in EMBEDDING:
        within.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.ipv4_mapped is None and address not in EMBEDDING:
        yield address
    yield from within
