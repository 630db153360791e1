"""Cover art over real TLS, from a server on loopback that answers as image servers do, well and badly."""

from pathlib import Path

import pytest
from PIL import Image

from tagger_platform.recognize.cover_art import HOSTS, MOST_REDIRECTS, NoPictureError, Picture, fetch, keep
from tagger_platform_tests.standins.pictures import Certificate, Mode, PictureStandIn, image


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("tls"))


def fetched(
    server: PictureStandIn, certificate: Certificate, path: str = "/cover.jpg", timeout_s: float = 5
) -> Picture:
    return fetch(server.url + path, hosts={server.host}, context=certificate.trusted, timeout_s=timeout_s)


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_picture_is_fetched_as_it_is_and_named_by_what_it_is(certificate, kind, suffix):
    with PictureStandIn(certificate, content=image(kind)) as server:
        assert fetched(server, certificate) == Picture(image(kind), suffix)


@pytest.mark.parametrize("mode", [Mode.NO_LENGTH, Mode.LARGEST, Mode.REDIRECT])
def test_other_ways_to_send_a_picture(certificate, mode):
    with PictureStandIn(certificate, mode) as server:
        assert fetched(server, certificate).content.startswith(server.content)


NEVER = [
    (Mode.TOO_LARGE, "larger than 512 kB"),
    (Mode.ENDLESS, "larger than 512 kB"),
    (Mode.TOO_MANY_PIXELS, "3001 x 64 pixels"),
    (Mode.HTML, "not an image"),
    (Mode.SVG, "not an image"),
    (Mode.GIF, "not an image"),
    (Mode.TRUNCATED, "not an image"),
    (Mode.NOTHING, "not an image"),
    (Mode.NOT_FOUND, "HTTP 404"),
    (Mode.REDIRECT_OUTSIDE, "localhost is not a host of cover art"),
    (Mode.REDIRECT_TO_HTTP, "not https but http"),
    (Mode.REDIRECT_IN_CIRCLES, "redirects"),
    (Mode.REDIRECT_NOWHERE, "redirects"),
]
LATER = [
    (Mode.SERVER_ERROR, "HTTP 500"),
    (Mode.THROTTLED, "HTTP 429"),
    (Mode.CUT, "early"),
    (Mode.RESET, "RemoteDisconnected"),
    (Mode.REFUSED, "ConnectionRefused"),
]


@pytest.mark.parametrize(
    ("mode", "detail", "again"), [*((*case, False) for case in NEVER), *((*case, True) for case in LATER)]
)
def test_whatever_goes_wrong_has_a_reason_and_says_whether_to_ask_again(certificate, mode, detail, again):
    with PictureStandIn(certificate, mode) as server, pytest.raises(NoPictureError, match=detail) as caught:
        fetched(server, certificate)
    assert caught.value.again is again
    assert "/moved" not in server.asked
    assert len(server.asked) <= 1 + MOST_REDIRECTS


@pytest.mark.parametrize("mode", [Mode.HANG, Mode.TRICKLE])
def test_an_answer_that_does_not_come_or_never_ends_is_given_up(certificate, mode):
    with PictureStandIn(certificate, mode) as server, pytest.raises(NoPictureError) as caught:
        fetched(server, certificate, timeout_s=0.3)
    assert caught.value.again


def test_every_mode_of_the_stand_in_is_met_in_this_file():
    met = {Mode.IMAGE, Mode.NO_LENGTH, Mode.LARGEST, Mode.REDIRECT, Mode.HANG, Mode.TRICKLE}
    assert {mode for mode, _ in (*NEVER, *LATER)} | met == set(Mode)


def test_a_server_that_cannot_prove_its_name_is_not_believed(certificate):
    with PictureStandIn(certificate) as server, pytest.raises(NoPictureError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(server.url + "/cover.jpg", hosts={server.host})
    assert server.asked == []


REFUSED = [
    "",
    "cover.jpg",
    "http://is1-ssl.mzstatic.com/cover.jpg",
    "file:///etc/passwd",
    "https://",
    "https://127.0.0.1/cover.jpg",
    "https://[::1]/cover.jpg",
    "https://[oops/cover.jpg",
    "https://192.168.1.1/cover.jpg",
    "https://is1-ssl.mzstatic.com.evil.example/cover.jpg",
    "https://evil.example/is1-ssl.mzstatic.com",
    "https://is1-ssl.mzstatic.com@127.0.0.1/cover.jpg",
    "https://user@is1-ssl.mzstatic.com/cover.jpg",
    "https://is1-ssl.mzstatic.com:8443/cover.jpg",
    "https://is1-ssl.mzstatic.com:x/cover.jpg",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_outside_the_list_is_never_asked(url):
    with pytest.raises(NoPictureError) as caught:
        fetch(url)
    assert not caught.value.again


def test_the_list_holds_public_names_of_image_servers_only():
    assert all(host.endswith((".mzstatic.com", ".shazam.com")) for host in HOSTS)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/a b/é.jpg", "/a%20b/%C3%A9.jpg"),
        ("/v4/Music/x.jpg/400x400cc.jpg?l=en&x=%20", "/v4/Music/x.jpg/400x400cc.jpg?l=en&x=%20"),
        ("", "/"),
    ],
)
def test_an_odd_path_is_asked_for_as_browsers_would(certificate, path, asked):
    with PictureStandIn(certificate) as server:
        fetched(server, certificate, path)
    assert server.asked == [asked]


def test_a_picture_is_kept_under_a_name_that_its_address_gives(tmp_path: Path):
    folder = tmp_path / "art"
    names = {keep(Picture(image(), "jpg"), f"https://host/{number}", folder) for number in (1, 2, 2)}
    assert {path.name for path in folder.iterdir()} == names
    assert len(names) == 2
    for name in names:
        assert Image.open(folder / name).size == (64, 64)


def test_a_picture_that_cannot_be_written_is_asked_for_again(tmp_path: Path):
    (tmp_path / "art").write_text("a file where the folder should be")
    with pytest.raises(NoPictureError, match="cannot be written") as caught:
        keep(Picture(image(), "jpg"), "https://host/1", tmp_path / "art")
    assert caught.value.again
