"""Cover art: fetched over https from the hosts that serve it, checked as an image, and kept as a file.

What belongs here: one picture. What does not: which pictures are wanted and when one is asked for again (store.art).
The address comes from an unofficial API, so it is not trusted: neither where it leads nor what is there.
"""

import hashlib
import http.client
import io
import ssl
import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from tagger_platform.files import write_durably

HOSTS = frozenset(
    {
        *(
            f"is{number}-ssl.mzstatic.com" for number in range(1, 6)
        ),  # Apple's image servers: nearly all of Shazam's art
        "images.shazam.com",  # Shazam's own, for tracks that Apple does not sell
    }
)
"""Public names only, and over https a server has to prove its name: no address leads into the user's own network."""

MOST_BYTES = 512_000
MOST_PIXELS = 3000
"""Of a side. A small file can unfold into gigabytes."""
TIMEOUT_S = 10.0
"""Seconds for a picture, redirects included."""
MOST_REDIRECTS = 3
CHUNK_BYTES = 65_536

SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MAY_PASS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class NoPictureError(Exception):
    """Why there is no picture, and whether asking `again` can help."""

    def __init__(self, detail: str, *, again: bool = False) -> None:
        self.again = again
        super().__init__(detail)


@dataclass(frozen=True)
class Picture:
    content: bytes
    suffix: str


def fetch(
    url: str,
    *,
    hosts: Collection[str] = HOSTS,
    context: ssl.SSLContext | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Picture:
    """The picture at `url`, asked of `hosts` only (names, with a port where it is not 443). Raises NoPictureError."""
    until = time.monotonic() + timeout_s
    try:
        for _ in range(MOST_REDIRECTS + 1):
            parts = _allowed(url, hosts)
            with closing(http.client.HTTPSConnection(parts.netloc, timeout=timeout_s, context=context)) as connection:
                answer = _answer(connection, parts)
                if 300 <= answer.status < 400:
                    url = urljoin(url, answer.headers.get("Location", ""))
                    continue
                return _picture(_body(answer, until))
    except (OSError, http.client.HTTPException) as error:
        raise NoPictureError(f"{type(error).__name__}: {error}", again=True) from error
    raise NoPictureError(f"more than {MOST_REDIRECTS} redirects")


def keep(picture: Picture, url: str, folder: Path) -> str:
    """Write the picture into `folder`, whole or not at all; returns the file's name. Raises NoPictureError."""
    name = f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.{picture.suffix}"
    temporary = folder / f".{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(temporary, picture.content)
        temporary.replace(folder / name)
    except OSError as error:
        raise NoPictureError(f"cannot be written to {folder}: {error.strerror}", again=True) from error
    return name


def _allowed(url: str, hosts: Collection[str]) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NoPictureError(f"not an address: {error}") from error
    if parts.scheme != "https":
        raise NoPictureError(f"not https but {parts.scheme or 'nothing'}")
    if parts.netloc.lower() not in hosts:
        raise NoPictureError(f"{parts.hostname or 'nobody'} is not a host of cover art")
    return parts


def _answer(connection: http.client.HTTPSConnection, parts: SplitResult) -> http.client.HTTPResponse:
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        f"?{quote(parts.query, safe='=&%+')}" if parts.query else ""
    )
    connection.request("GET", target, headers={"Accept": "image/*", "User-Agent": "tagger"})
    answer = connection.getresponse()
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise NoPictureError(f"HTTP {answer.status}", again=answer.status in MAY_PASS or answer.status >= 500)
    return answer


def _body(answer: http.client.HTTPResponse, until: float) -> bytes:
    """All of it. `read1` takes what has come: otherwise an answer that trickles in would never be looked at."""
    content = bytearray()
    while chunk := answer.read1(CHUNK_BYTES):
        content += chunk
        if len(content) > MOST_BYTES:
            raise NoPictureError(f"larger than {MOST_BYTES // 1000} kB")
        if time.monotonic() > until:
            raise NoPictureError("it did not come in time", again=True)
    if answer.length:
        raise NoPictureError(f"the connection ended {answer.length} bytes early", again=True)
    return bytes(content)


def _picture(content: bytes) -> Picture:
    from PIL import Image  # heavy, and few processes fetch pictures

    try:
        with Image.open(io.BytesIO(content), formats=tuple(SUFFIXES)) as image:
            if max(image.size) > MOST_PIXELS:
                raise NoPictureError(f"{image.width} x {image.height} pixels are too many")
            image.load()
            return Picture(content, SUFFIXES[str(image.format)])
    except NoPictureError:
        raise
    except Exception as error:  # Pillow raises errors of many kinds for what it cannot read
        raise NoPictureError(f"not an image: {type(error).__name__}: {error}") from error
