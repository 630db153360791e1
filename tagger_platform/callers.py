"""Who may ask the ports of the api and of capture: the host that is asked for, the page it comes from, the token.

What belongs here: the three judgements, on plain texts. What does not: HTTP itself (`api.guard`, `capture.server`).
Pure.

A page of the internet can make its visitor's browser ask any port of the visitor's machine. It cannot forge two
headers: Host, which names the page's own domain even when that was pointed at 127.0.0.1 (DNS rebinding), and Origin.
"""

import hmac
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
"""No one on the internet can own a name with such an ending, nor one without a dot, nor an address as a name."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; what another page asks with them, its browser does not let it read."""
SCHEME = "bearer "
_HOST = re.compile(r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<address>[0-9A-Fa-f:.%\w]+)\])(?::[0-9]{1,5})?", re.ASCII)


def host_is_ours(host: str, named: Collection[str] = ()) -> bool:
    """Whether `host` (as in the header, with or without a port) is an address, a local name, or one of `named`."""
    name = _name(host)
    return bool(name) and ("." not in name or name.endswith(LOCAL_ENDINGS) or name in named or _is_address(name))


def origin_is_ours(origin: str | None, host: str, *, ports: Collection[int] = (), named: Collection[str] = ()) -> bool:
    """Whether a request to `host` comes from no page (None), or from one of that host.

    The page is served by the port that is asked, by one of `ports`, or by a proxy under one of `named`.
    """
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    if parts.netloc.lower() == host.lower() and parts.netloc:
        return True
    name = (parts.hostname or "").rstrip(".")
    return bool(name) and (name in named or (name == _name(host) and port in ports))


def token_is_right(authorization: str | None, token: str) -> bool:
    """Whether the header `Authorization` carries `token` as ``Bearer TOKEN``, compared in constant time."""
    given = authorization or ""
    if given[: len(SCHEME)].lower() != SCHEME:
        return False
    return hmac.compare_digest(given[len(SCHEME) :].strip().encode(), token.encode())


def _name(host: str) -> str:
    """The host without its port, in lower case; empty where it is neither a name nor an address."""
    found = _HOST.fullmatch(host)
    return (found["name"] or found["address"]).lower().rstrip(".") if found else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
