"""The page Library: sending and watching files, filters and pages, one item, taking it out. With the real api."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import soundfile
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest

from streamlit_app.api_client import Api
from streamlit_app.library_reads import ROWS
from streamlit_app.library_upload import ENDINGS, KINDS, SENT_KEY
from tagger_platform.audio import SUFFIXES
from tagger_platform.library.files import KINDS as KNOWN_KINDS
from tagger_platform.library.intake import take_note
from tagger_platform.library.places import Library
from tagger_platform.library.work import fingerprint_queued
from tagger_platform.model import Track
from tagger_platform.store.library import ItemStatus, LibraryItem, write_items
from tagger_platform_tests import samples
from tagger_platform_tests.api.served import served
from tagger_platform_tests.app.opening import forget
from tagger_platform_tests.app.test_streams import settled, told
from tagger_platform_tests.fingerprint.tunes import RATE, tune

Open = Callable[..., AppTest]
ADDED = datetime(2026, 11, 20, 9, tzinfo=UTC)
EVIL = "<b>*Bold*</b>"


def drawn() -> None:
    from streamlit_app.ui import failures
    from streamlit_app.views import library

    with failures.told():
        library.page()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Of the pages and of the api that is running."""
    settings = samples.settings(tmp_path)
    with served(settings) as api:
        for name, value in {**samples.environ(tmp_path), "API_URL": str(api.base_url)}.items():
            monkeypatch.setenv(name, value)
        forget()
        yield Library(settings)
        forget()


@pytest.fixture
def items(library: Library) -> list[LibraryItem]:
    """60 pieces of music, an ad that failed, and a copy."""
    music = [
        LibraryItem(
            f"m{number:02}",
            Path(f"/m/{number}.mp3"),
            f"Song {number:02}",
            artist="Trio",
            duration_s=3600.0,
            status=ItemStatus.READY,
            added_at=ADDED + timedelta(minutes=number),
        )
        for number in range(60)
    ]
    later = ADDED + timedelta(days=1)
    failed = LibraryItem(
        "bad", Path("/m/bad.mp3"), EVIL, "ad", status=ItemStatus.FAILED, reason="not audio: it is text"
    )
    copy = LibraryItem(
        "copy", Path("/m/copy.mp3"), "Copy", status=ItemStatus.DUPLICATE, duplicate_of="m07", added_at=later
    )
    with library.database.writing() as connection:
        write_items(connection, [*music, failed, copy])
    return [*music, failed, copy]


@pytest.fixture
def open_page(library: Library) -> Open:
    def opened(**parameters: str) -> AppTest:
        page = AppTest.from_function(drawn, default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        return settled(page.run())

    return opened


def titles(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["title"]) if page.dataframe else []


def markup(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def send(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader[0].set_value([(name, content, "audio/flac") for name, content in files])
    return settled(next(one for one in page.button if one.label == "Add to the library").click().run())


def test_the_form_offers_what_the_api_takes():
    assert {f".{ending}" for ending in ENDINGS} == SUFFIXES
    assert set(KINDS) == set(KNOWN_KINDS)


def test_an_empty_library_says_what_to_do(open_page):
    page = open_page()
    assert "Drop music, jingles or ads above" in told(page)
    assert not page.dataframe


def test_files_go_from_queued_to_ready_and_failed_before_ones_eyes(open_page, library, tmp_path):
    song = tmp_path / "song.flac"
    soundfile.write(song, tune(1, 8.0), RATE)
    page = send(open_page(), ("song.flac", song.read_bytes()), ("text.mp3", b"Once upon a time"))
    assert markup(page).count("queued") == 2
    take_note(library)
    fingerprint_queued(library)
    page = settled(page.run())
    shown = markup(page)
    assert ("ready" in shown, "failed" in shown, "not audio" in shown) == (True, True, True)
    assert sorted(titles(page)) == ["song", "text"]
    again = send(page, ("again.flac", song.read_bytes()))
    assert "ready" in markup(again)


def test_a_click_while_files_are_sent_keeps_none_of_them_back(open_page, library, monkeypatch):
    sent = []

    def send_while_clicked(self: Api, path: str, files: Mapping[str, object], fields: object) -> dict[str, object]:
        sent.extend(files)
        context = get_script_run_ctx()
        assert context
        assert context.script_requests
        context.script_requests.request_rerun(RerunData(page_script_hash=context.page_script_hash))
        return {"items": [{"item_id": name} for name in files]}

    page = open_page()
    monkeypatch.setattr(Api, "send", send_while_clicked)
    names = [f"{number}.flac" for number in range(6)]
    page = settled(send(page, *((name, b"x") for name in names)).run())
    assert sent == names
    assert markup(page).count("queued") == 6


def test_sending_nothing_says_so(open_page):
    assert "No file was chosen" in told(send(open_page()))


def test_a_file_that_is_refused_is_told_and_the_others_are_sent(open_page, library):
    page = send(open_page(), ("..mp3", b"x"), ("text.mp3", b"Once upon a time"))
    assert "is no audio file" in told(page)
    assert [path.name for path in (library.watched / "music").iterdir()] == ["text.mp3"]


def test_an_api_that_is_down_is_a_sentence_and_the_list_is_still_there(open_page, items, monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    page = send(open_page(), ("song.flac", b"x"))
    assert "The api does not answer at http://127.0.0.1:9" in told(page)
    assert titles(page)


def test_the_numbers_say_how_much_of_it_was_heard(open_page, items, library):
    now = datetime.now(UTC)
    for stream, item_id in (("kexp", "m01"), ("nova", "m02")):
        samples.write_plays(library.database, [samples.play(stream, now, of=Track("catalogue", item_id, item_id))])
    numbers = {metric.label: metric.value for metric in open_page().metric}
    assert numbers["Can be recognised"] == "60"
    assert numbers["Hours"] == "60"
    assert numbers["Heard in 30 days"] == "2"
    assert numbers["Last heard"] != "–"


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"q": "song 07"}, ["Song 07"]),
        ({"status": "FAILED"}, [EVIL]),
        ({"kind": "ad"}, [EVIL]),
        ({"status": "DUPLICATE", "q": "cop"}, ["Copy"]),
        ({"status": "READY", "page": "2"}, [f"Song {number:02}" for number in reversed(range(10))]),
    ],
)
def test_a_deep_link_shows_what_it_names(open_page, items, parameters, found):
    assert titles(open_page(**parameters)) == found


@pytest.mark.parametrize(
    ("parameters", "says"),
    [({"status": "<script>"}, "status"), ({"kind": "opera"}, "kind"), ({"page": "-1"}, "page")],
)
def test_a_damaged_address_is_told_and_shows_all(open_page, items, parameters, says):
    page = open_page(**parameters)
    assert says in told(page)
    assert len(titles(page)) == 50


def test_a_filter_that_finds_nothing_says_so(open_page, items):
    assert "Nothing in the library is like this" in told(open_page(q="nothing like it"))


def test_after_the_last_page_comes_the_last_page(open_page, items):
    page = open_page(page="99")
    assert len(titles(page)) == len(items) - ROWS
    assert "Page 2 of 2" in page.text[0].value


def test_filters_and_pages_change_the_address(open_page, items):
    page = open_page()
    page.button(key="page_after").click().run()
    assert (page.query_params["page"], len(titles(page))) == ("2", 12)
    page.selectbox(key="library_status-0").set_value("FAILED").run()
    assert ("page" in page.query_params, page.query_params["status"], titles(page)) == (False, "FAILED", [EVIL])
    page.selectbox(key="library_status-0").set_value("").run()
    page.text_input(key="library_q-0").set_value("song 07").run()
    assert (page.query_params["q"], titles(page)) == ("song 07", ["Song 07"])


def test_an_item_is_listened_to_and_says_why_it_is_so(open_page, items):
    shown = markup(open_page(item="bad"))
    assert "&lt;b&gt;*Bold*&lt;/b&gt;" in shown
    assert 'class="detail" lang="en">not audio: it is text<' in shown
    assert 'src="/api/library/bad/audio"' in shown
    assert 'href="?item=m07"' in markup(open_page(item="copy"))


@pytest.mark.parametrize(
    ("status", "reason", "says"),
    [
        ("FAILED", "it is text", "It could not be taken up"),
        ("DUPLICATE", "the same recording as Song", "It sounds the same as another item"),
        ("READY", "it is cut short", "Only a part of it could be read"),
        ("QUEUED", "the disk is full", "There is no room on the disk"),
        ("READY", "", ""),
        ("QUEUED", "", ""),
    ],
)
def test_why_an_item_is_so_is_told_in_a_sentence_of_the_pages_first(open_page, library, status, reason, says):
    item = LibraryItem("one", Path("/m/one.mp3"), "One", status=ItemStatus(status), reason=reason)
    with library.database.writing() as connection:
        write_items(connection, [item])
    told = re.findall(r'<p class="(?:problem|detail)"[^>]*>([^<]*)', markup(open_page(item="one")))
    assert [text[: len(says)] for text in told[:1]] == ([says] if says else [])
    assert told[1:] == ([reason] if reason else [])


@pytest.mark.parametrize("item", ["gone", "<script>", "x" * 5000])
def test_an_item_that_is_not_there_is_told(open_page, items, item):
    page = open_page(item=item)
    assert "is not in the library" in told(page)
    assert len(titles(page)) == 50


def test_an_item_is_taken_out_with_its_copies(open_page, items):
    page = settled(open_page(item="m07").button(key="library_remove").click().run())
    assert "2 items were removed" in told(page)
    assert "item" not in page.query_params
    assert titles(open_page(q="song 07")) == []


def test_a_file_that_was_sent_and_taken_out_is_not_waited_for(open_page, library, tmp_path):
    song = tmp_path / "song.flac"
    soundfile.write(song, tune(1, 8.0), RATE)
    page = send(open_page(), ("song.flac", song.read_bytes()), ("text.mp3", b"Once upon a time"))
    take_note(library)
    page.query_params["item"] = next(iter(page.session_state[SENT_KEY]))
    page = settled(page.run())
    settled(page.button(key="library_remove").click().run())
    assert "item was removed" in told(page)
    assert "song.flac" not in markup(page)
    assert "text.mp3" in markup(page)


def test_what_was_removed_meanwhile_is_told(open_page, items, library):
    page = open_page(item="m07")
    with library.database.writing() as connection:
        connection.execute("UPDATE library_items SET status = 'REMOVED' WHERE item_id = 'm07'")
    settled(page.button(key="library_remove").click().run())
    assert "nothing at this path" in told(page)


def test_a_busy_store_is_a_sentence(open_page, items, library, monkeypatch):
    monkeypatch.setattr("streamlit_app.reads.STORE_TIMEOUT_S", 0.05)
    with library.database.writing():
        page = open_page()
    assert "was busy for too long" in told(page)
