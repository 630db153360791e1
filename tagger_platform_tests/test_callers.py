"""Which hosts, origins and tokens are ours, in tables; and that no text makes the judgement fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.callers import host_is_ours, origin_is_ours, token_is_right

NAMED = ("music.example",)
UI_PORT = 44101
TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:44100",
        "127.0.0.1",
        "[::1]:44100",
        "[fe80::1%25eth0]",
        "192.168.1.20:44100",
        "localhost:44100",
        "LOCALHOST",
        "api:44100",
        "studio.local:44100",
        "music.example",
        "Music.Example:443",
        "music.example.",
    ],
)
def test_addresses_local_names_and_named_hosts_are_ours(host: str):
    assert host_is_ours(host, NAMED)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":44100",
        "evil.example",
        "evil.example:44100",
        "127.0.0.1.evil.example",
        "music.example.evil.example",
        "evilmusic.example",
        "local.evil.example",
        "[::1",
        "127.0.0.1@evil.example",
        "evil.example#127.0.0.1",
    ],
)
def test_other_names_are_not(host: str):
    assert not host_is_ours(host, NAMED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "127.0.0.1:44100"),
        ("http://127.0.0.1:44100", "127.0.0.1:44100"),
        ("http://127.0.0.1:44101", "127.0.0.1:44100"),
        ("http://studio.local:44101", "studio.local:44100"),
        ("https://music.example", "127.0.0.1:44100"),
        ("https://music.example", "music.example"),
    ],
)
def test_our_own_pages_and_programs_may_change_something(origin: str | None, host: str):
    assert origin_is_ours(origin, host, ports=(UI_PORT,), named=NAMED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "127.0.0.1:44100"),
        ("", "127.0.0.1:44100"),
        ("", ""),
        ("http://evil.example", "127.0.0.1:44100"),
        ("http://127.0.0.1:3000", "127.0.0.1:44100"),
        ("http://localhost:44101", "127.0.0.1:44100"),
        ("http://127.0.0.1:44101.evil.example", "127.0.0.1:44100"),
        ("http://user@127.0.0.1:44100@evil.example", "127.0.0.1:44100"),
        ("http://127.0.0.1:port", "127.0.0.1:44100"),
    ],
)
def test_pages_of_others_may_not(origin: str, host: str):
    assert not origin_is_ours(origin, host, ports=(UI_PORT,), named=NAMED)


@pytest.mark.parametrize(
    ("header", "right"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer  {TOKEN} ", True),
        (TOKEN, False),
        (f"Basic {TOKEN}", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Bearer {TOKEN}0", False),
        ("Bearer ", False),
        ("Bearer ÿ", False),
        ("", False),
        (None, False),
    ],
)
def test_a_token_is_right_or_not(header: str | None, right: bool):
    assert token_is_right(header, TOKEN) is right


@given(st.text(), st.text())
def test_any_text_is_judged_and_no_foreign_ending_gets_in(host: str, origin: str):
    assert isinstance(host_is_ours(host, NAMED), bool)
    assert isinstance(origin_is_ours(origin, host, ports=(UI_PORT,), named=NAMED), bool)
    assert isinstance(token_is_right(host, TOKEN), bool)
    assert not host_is_ours(f"{host}.evil.example", NAMED)
