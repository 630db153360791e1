"""The evidence of a play, as the page On air opens it beside itself; the api is the real one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from streamlit.testing.v1 import AppTest

import streamlit_app
from streamlit_app.play_evidence import rule_in_words
from tagger_platform.decide.policies import POLICIES
from tagger_platform.model import PlayStatus
from tagger_platform.store.database import Database
from tagger_platform.store.derivation import replace_plays
from tagger_platform_tests import samples
from tagger_platform_tests.api.served import served
from tagger_platform_tests.app.evidence import SONG, write_evidence
from tagger_platform_tests.app.opening import forget

Open = Callable[[str], AppTest]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


@pytest.fixture
def proven(database: Database, tmp_path: Path) -> samples.Play:
    return write_evidence(database, samples.settings(tmp_path).clips_dir)


@pytest.fixture
def open_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the permanent link of a play."""
    with served(samples.settings(tmp_path)) as client:
        ports = (client.base_url.port or 0, *samples.PORTS[1:])
        for name, value in samples.environ(tmp_path, ports).items():
            monkeypatch.setenv(name, value)

        def opened(play_id: str) -> AppTest:
            page = AppTest.from_file(str(Path(streamlit_app.__file__).with_name("app.py")), default_timeout=60)
            page.query_params["play"] = play_id
            page.run()
            assert not page.exception
            return page

        forget()
        yield opened
        forget()


def markup(page: AppTest, css_class: str) -> str:
    return "".join(one.proto.body for one in page.get("html") if f'class="{css_class}"' in one.proto.body)


def test_a_permanent_link_opens_the_day_of_the_play_and_what_made_it(open_play, proven):
    page = open_play(proven.play_id)
    assert page.date_input[0].value == samples.DAY
    assert not page.error
    rule = next(one.proto.body for one in page.get("html") if 'class="detail"' in one.proto.body)
    assert rule.startswith("<p>Shazam named it in two consecutive windows that it was asked about.</p>")
    assert "consecutive windows (23:56:00 and 23:56:30)" in rule
    windows = markup(page, "windows")
    assert windows.count("at 1:02 of the track") == windows.count("at 1:32 of the track") == 1
    assert windows.count("<audio") == 1
    assert f'src="/api/windows/{quote(proven.windows[0])}/clip"' in windows
    assert windows.count("Its audio is no longer kept") == 1
    assert "Beyond &lt;all&gt;" in windows


@pytest.mark.parametrize(
    ("policy", "status", "says"),
    [
        ("shazam_two_hit+timeline", PlayStatus.CONFIRMED, "Shazam named it in two consecutive windows"),
        ("catalogue_two_hit+timeline", PlayStatus.PROBABLE, "It was heard, but not in a way that a rule asks for: The"),
        ("a rule that is gone", PlayStatus.CONFIRMED, "</p>"),
    ],
)
def test_the_rules_are_told_in_words_and_what_is_between_them_is_no_markup(
    open_play, proven, database, policy, status, says
):
    with database.writing() as connection:
        other = replace(proven, play_id="p2", policy=policy, status=status, explanation="heard in <b>one</b>")
        replace_plays(connection, [], [other])
    rule = next(one.proto.body for one in open_play("p2").get("html") if 'class="detail"' in one.proto.body)
    assert rule.startswith(f"<p>{says}")
    assert ("Its offsets advance" in rule) == ("timeline" in policy)
    assert '<p class="detail" lang="en">heard in &lt;b&gt;one&lt;/b&gt;</p>' in rule


def test_every_rule_has_a_sentence():
    assert [name for name in POLICIES if not rule_in_words(name)] == []


def test_a_providers_own_words_are_shown_when_they_are_picked(open_play, proven):
    page = open_play(proven.play_id)
    assert not page.json
    page.button_group(key="raw_answer").select(f"/api/windows/{quote(proven.windows[0])}/raw/shazam").run()
    assert SONG.title in page.json[0].value


def test_a_play_of_the_made_up_history_says_so(open_play, proven, database):
    made_up = replace(proven, play_id="made-up-1", policy="made_up", windows=(), explanation="made up")
    with database.writing() as connection:
        replace_plays(connection, [], [made_up])
    page = open_play("made-up-1")
    assert any("nothing was heard" in info.value for info in page.info)
    assert markup(page, "windows") == ""


def test_a_play_that_is_gone_is_a_sentence(open_play, proven):
    assert any("no such play" in warning.value for warning in open_play("nobody").warning)


def test_with_the_api_down_the_play_is_shown_and_a_sentence_says_what_is_missing(open_play, proven, monkeypatch):
    monkeypatch.setenv("PORT", "9")
    page = open_play(proven.play_id)
    assert any("does not answer" in error.value for error in page.error)
    assert "KEXP 90.3" in markup(page, "facts")
