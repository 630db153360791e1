"""An image server on loopback: real HTTPS with a certificate of its own, for fetching cover art.

What belongs here: the answers of such servers, good and bad. What does not: anything of ours that reads them.

    with PictureStandIn(certificate) as pictures:
        fetch(pictures.url + "/cover.jpg", hosts={pictures.host}, context=certificate.trusted)
"""

import io
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from tagger_platform_tests.standins.loopback import Loopback, cut, hang, reset, trickle


class Mode(StrEnum):
    IMAGE = "image"
    NO_LENGTH = "image in chunks"
    LARGEST = "image of 512 kB"
    TOO_LARGE = "one byte more"
    ENDLESS = "endless"
    TOO_MANY_PIXELS = "3001 pixels wide"
    HTML = "html"
    SVG = "svg"
    GIF = "gif"
    TRUNCATED = "half an image"
    NOTHING = "nothing"
    NOT_FOUND = "404"
    SERVER_ERROR = "500"
    THROTTLED = "429"
    REDIRECT = "redirect inside"
    REDIRECT_OUTSIDE = "redirect to another host"
    REDIRECT_TO_HTTP = "redirect to http"
    REDIRECT_IN_CIRCLES = "redirect in circles"
    REDIRECT_NOWHERE = "redirect without an address"
    CUT = "cut"
    RESET = "reset"
    HANG = "hang"
    TRICKLE = "trickle"
    REFUSED = "refused"


LARGEST_BYTES = 512_000
STATUSES = {Mode.NOT_FOUND: 404, Mode.SERVER_ERROR: 500, Mode.THROTTLED: 429}


def image(kind: str = "JPEG", side: int = 64) -> bytes:
    """A small picture as a file of the given kind."""
    file = io.BytesIO()
    Image.new("RGB", (side, 64), (200, 80, 40)).save(file, kind)
    return file.getvalue()


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that nobody but `trusted` trusts."""

    served: ssl.SSLContext
    trusted: ssl.SSLContext

    @classmethod
    def make(cls, folder: Path) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        )
        made = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / "certificate.pem"
        path.write_bytes(made + secret)
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(path)
        return cls(served, ssl.create_default_context(cadata=made.decode()))


class PictureStandIn(Loopback):
    """Answers every path as `mode` says; after a redirect inside, with the image."""

    def __init__(self, certificate: Certificate, mode: Mode = Mode.IMAGE, content: bytes | None = None) -> None:
        super().__init__(refuses=mode is Mode.REFUSED, tls=certificate.served)
        self.mode = mode
        self.content = content or image()
        self.host = f"127.0.0.1:{self.port}"
        self.asked: list[str] = []

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/{rest:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.raw_path)
        if status := STATUSES.get(self.mode):
            return web.Response(status=status, text="sorry")
        if self.mode.startswith("redirect") and request.path != "/moved":
            return self._redirect(request)
        match self.mode:
            case Mode.NO_LENGTH:
                return await in_chunks(request, self.content)
            case Mode.LARGEST:
                return jpeg(self.content.ljust(LARGEST_BYTES, b"\0"))
            case Mode.TOO_LARGE:
                return jpeg(self.content.ljust(LARGEST_BYTES + 1, b"\0"))
            case Mode.ENDLESS:
                return await in_chunks(request, self.content, bytes(LARGEST_BYTES), bytes(LARGEST_BYTES))
            case Mode.TOO_MANY_PIXELS:
                return jpeg(image("PNG", side=3001))
            case Mode.HTML:
                return jpeg(b"<html><script>alert(1)</script></html>")
            case Mode.SVG:
                return jpeg(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
            case Mode.GIF:
                return jpeg(image("GIF"))
            case Mode.TRUNCATED:
                return jpeg(self.content[: len(self.content) // 2])
            case Mode.NOTHING:
                return jpeg(b"")
            case Mode.CUT:
                return await cut(request, self.content, "image/jpeg")
            case Mode.RESET:
                return await reset(request)
            case Mode.HANG:
                return await hang()
            case Mode.TRICKLE:
                return await trickle(request, "image/jpeg")
        return jpeg(self.content)

    def _redirect(self, request: web.Request) -> web.Response:
        circle = f"/{len(self.asked)}"
        locations = {
            Mode.REDIRECT: "/moved",
            Mode.REDIRECT_OUTSIDE: f"https://localhost:{self.port}/moved",
            Mode.REDIRECT_TO_HTTP: f"http://{self.host}/moved",
            Mode.REDIRECT_IN_CIRCLES: circle,
        }
        location = locations.get(self.mode)
        return web.Response(status=302, headers={"Location": location} if location else {})


def jpeg(content: bytes) -> web.Response:
    """What the server calls a JPEG, whatever it is."""
    return web.Response(body=content, content_type="image/jpeg")


async def in_chunks(request: web.Request, *chunks: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
    await response.prepare(request)
    for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response
