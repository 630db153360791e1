"""Which addresses a stream that is added at run time may lead to."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.capture.destination import refusal, resolve

PUBLIC = "93.184.216.34"
INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.20",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:192.168.1.20",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
]


def nobody(host: str) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("address", INSIDE)
def test_what_leads_inside_is_refused_and_named(address: str):
    told = refusal("http://radio.example/live", private=False, resolve=lambda host: [PUBLIC, address])
    assert told
    assert f"radio.example is {address}," in told
    assert "STREAMS_ADDED_PRIVATE" in told


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "rtsps"])
def test_what_leads_into_the_internet_is_taken(scheme: str, address: str):
    assert refusal(f"{scheme}://u:p@radio.example/live", private=False, resolve=lambda host: [address]) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "127.1"])
def test_however_this_machine_is_written_it_is_known(host: str):
    assert refusal(f"http://{host}:8000/live", private=False, resolve=resolve)


def test_where_private_networks_are_allowed_nobody_is_asked_for_addresses():
    assert refusal("rtsp://u:p@192.168.1.20/audio", private=True, resolve=nobody) is None


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "files can be played from"),
        ("FILE:///etc/passwd", "files can be played from"),
        ("ftp://h/x", "must begin with one of"),
        ("concat:/etc/passwd", "must begin with one of"),
        ("http://", "has no host name"),
        ("-i", "must begin with one of"),
    ],
)
def test_what_is_no_address_of_a_stream_is_refused_either_way(url: str, words: str, private: bool):
    assert words in (refusal(url, private=private, resolve=lambda host: [PUBLIC]) or "")


def test_a_name_that_nobody_knows_is_refused():
    told = refusal("http://u:s3cret@radio.example/live", private=False, resolve=nobody)
    assert told == "the host name radio.example is not known: check its spelling, and the network"


@given(st.text(), st.ip_addresses())
def test_any_text_gets_an_answer_and_no_inside_address_gets_by(text: str, address: object):
    for url in (text, f"http://{text}"):
        told = refusal(url, private=False, resolve=lambda host: [str(address), "127.0.0.1"])
        assert told
