"""The looks that pages share: pictures, colours, harmless texts, and the command that serves the pages."""

import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import streamlit_app
from streamlit_app import art
from streamlit_app.ui import cards, theme
from streamlit_app.ui.text import plain, web_link
from tagger_platform.api.limits import UPLOAD_BYTES
from tagger_platform.model import Track
from tagger_platform_tests import samples


def test_a_track_has_always_the_same_picture_and_others_have_others():
    assert art.tile("shazam:1") == art.tile("shazam:1")
    assert len({art.tile(f"shazam:{number}") for number in range(100)}) == 100


def test_a_picture_asks_for_nothing():
    for url in (art.tile("shazam:1"), art.blank()):
        assert url.startswith("data:image/svg+xml,<svg") or unquote(url).startswith("data:image/svg+xml,<svg")
        assert unquote(url).count("http") == 1  # the name of the format


@pytest.mark.parametrize("artwork", ["", "https://images.example/1.jpg", "javascript:alert(1)", "//host/api/art/1.jpg"])
def test_a_track_without_a_local_copy_has_a_drawn_picture(artwork):
    assert art.picture(Track("shazam", "1", "Song", artwork=artwork)) == art.tile("shazam:1")
    assert art.picture(Track("shazam", "1", "Song", artwork="/api/art/1.jpg")) == "/api/art/1.jpg"


@pytest.mark.parametrize("palette", [theme.DARK, theme.LIGHT])
def test_every_stream_has_its_colour_also_when_there_are_more_streams_than_colours(palette):
    names = [f"s{number}" for number in range(len(palette.streams) + 1)]
    colours = palette.of_streams(names)
    assert len(set(colours.values())) == len(palette.streams)
    assert colours["s0"] == colours[names[-1]]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "data:text/html,x", "//host", " https://x"])
def test_only_web_links_are_followed(url):
    assert web_link(url) is None
    assert web_link("https://music.example/1") == "https://music.example/1"


def test_markdown_in_a_title_is_shown_as_it_is():
    assert plain("*Bad* [x](http://y)") == r"\*Bad\* \[x\]\(http\:\/\/y\)".replace(r"\/\/", "//")


def test_a_card_escapes_what_stations_send(monkeypatch):
    drawn = []
    monkeypatch.setattr(st, "html", drawn.append)
    evil = '"><script>alert(1)</script>'
    cards.cards([cards.Card("#000", "#000", evil, art.blank(), evil, evil, evil, evil, evil)])
    assert "<script" not in drawn[0]
    assert drawn[0].count("&lt;script&gt;") == 6


def test_a_wrong_setting_is_a_sentence(monkeypatch, tmp_path):
    st.cache_resource.clear()
    for name, value in samples.environ(tmp_path, TZ="Mars/Olympus").items():
        monkeypatch.setenv(name, value)
    page = AppTest.from_file(str(Path(streamlit_app.__file__).with_name("app.py")), default_timeout=30).run()
    st.cache_resource.clear()
    assert not page.exception
    assert "TZ must be a time zone" in page.error[0].value.replace("\\", "")


def test_the_command_names_host_and_port(tmp_path):
    command = streamlit_app.command(samples.settings(tmp_path))
    assert command[1:4] == ["-m", "streamlit", "run"]
    assert Path(command[4]).is_file()
    assert {f"--server.port={samples.PORTS[1]}", "--server.address=127.0.0.1", "--server.headless=true"} <= set(command)


def test_looks_and_limits_are_those_of_the_code_and_every_font_is_here():
    folder = Path(streamlit_app.__file__).parent
    config = tomllib.loads((folder / ".streamlit" / "config.toml").read_text())
    assert config["browser"] == {"gatherUsageStats": False}
    assert config["server"]["maxUploadSize"] * 1024**2 < UPLOAD_BYTES
    for name, palette in (("dark", theme.DARK), ("light", theme.LIGHT)):
        told = config["theme"][name]
        assert (told["backgroundColor"], told["textColor"]) == (palette.ground, palette.text)
    fonts = [face["url"] for face in config["theme"]["fontFaces"]]
    assert fonts
    assert all((folder / url.removeprefix("app/")).is_file() for url in fonts)
    assert (folder / "static" / "inter-LICENSE.txt").read_text().count("SIL OPEN FONT LICENSE")
