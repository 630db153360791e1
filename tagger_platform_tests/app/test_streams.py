"""The page Streams: what it tells of every stream, its filter, and what it lets people change. With the real api."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from tagger_platform.model import Track
from tagger_platform.settings import Settings
from tagger_platform.spool.last_windows import LastWindows
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin
from tagger_platform_tests.api.served import served
from tagger_platform_tests.app.opening import forget

Open = Callable[..., AppTest]
PATIO = {"name": "patio", "url": "rtsp://bob:secret-word@127.0.0.1:1/a", "title": "Patio <b>*cam*</b>"}
WINDOW = "2025-11-20T20:00:00Z"
LIVE = {"kind": "icecast", "enabled": True, "state": "live", "since": WINDOW, "last_window": WINDOW, "last_error": None}
STREAMS = [
    {**LIVE, "name": "kexp", "title": "KEXP 90.3", "icy_title": "Trio - <i>Song</i>", "level_dbfs": -18.0},
    {**LIVE, "name": "nova", "title": "Nova", "state": "auth_failed", "last_error": "h:1 does not accept the password"},
    {**LIVE, "name": "patio", "title": PATIO["title"], "enabled": False, "state": "disabled", "since": None},
]


def drawn() -> None:
    from streamlit_app.ui import failures
    from streamlit_app.views import streams

    with failures.told():
        streams.page()


@pytest.fixture
def capture() -> Iterator[CaptureStandIn]:
    with capture_standin() as standin:
        standin.health = {"status": "ok", "since": WINDOW, "streams": [dict(stream) for stream in STREAMS]}
        yield standin


@pytest.fixture
def settings(tmp_path: Path, capture: CaptureStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Of the pages and of the api that is running; patio is in streams.yaml, the others are set by the environment."""
    (tmp_path / "streams.yaml").write_text(yaml.safe_dump({"streams": [{**PATIO, "enabled": False}]}))
    environ = samples.environ(tmp_path, (*samples.PORTS[:3], capture.port, samples.PORTS[4]))
    with served(Settings.load(environ)) as api:
        for name, value in {**environ, "API_URL": str(api.base_url)}.items():
            monkeypatch.setenv(name, value)
        forget()
        yield Settings.load()
        forget()


@pytest.fixture
def open_page(settings: Settings) -> Open:
    def opened(**parameters: str) -> AppTest:
        page = AppTest.from_function(drawn, default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        return settled(page.run())

    return opened


def settled(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def panels(page: AppTest) -> dict[str, str]:
    """The markup of every panel, by the text of its heading."""
    bodies = [element.proto.body for element in page.get("html")]
    return {match[1]: body for body in bodies if (match := re.search(r"<h3>(.*?)</h3>", body))}


def told(page: AppTest) -> str:
    boxes = (*page.success, *page.info, *page.warning, *page.error)
    return "\n".join(str(box.value) for box in boxes).replace("\\", "")


def held(settings: Settings) -> list[dict[str, object]]:
    return yaml.safe_load(settings.streams_file.read_text())["streams"]


def test_a_stream_says_how_it_is_and_what_it_plays_beside_what_was_heard(open_page, settings):
    song = Track("shazam", "1", "Song & Dance", "Trio")
    now = datetime.now(UTC)
    played = samples.play("kexp", now - timedelta(minutes=4), of=song, seconds=60)
    samples.write_plays(Database(settings.database_path), [played])
    panel = panels(open_page())["KEXP 90.3"]
    for text in ("live · icecast", "Trio - &lt;i&gt;Song&lt;/i&gt;", "Song &amp; Dance – Trio · 3 min ago", "-18 dBFS"):
        assert text in panel
    assert "problem" not in panel


def test_what_is_wrong_is_said_in_plain_words_and_never_with_a_password(open_page):
    found = panels(open_page())
    assert "User name or password are refused" in found["Nova"]
    assert "h:1 does not accept the password" in found["Nova"]
    assert "secret-word" not in "".join(found.values())


def test_coverage_and_hit_rate_are_those_of_the_last_day(open_page, settings):
    database = Database(settings.database_path)
    samples.write_outage(database, "nova", datetime.now(UTC) - timedelta(minutes=20), timedelta(minutes=10))
    found = panels(open_page())
    assert "<b>0%</b>" in found["Nova"]
    assert "<b>100%</b>" in found["KEXP 90.3"]
    assert "<b>–</b>" in found["Patio &lt;b&gt;*cam*&lt;/b&gt;"]


@pytest.mark.parametrize("keep_audio", [False, True])
def test_the_last_window_is_seen_and_heard_only_where_it_was_kept(open_page, settings, keep_audio):
    LastWindows(settings.last_windows_dir, keep_audio=keep_audio).keep("kexp", b"png", b"flac")
    found = panels(open_page())
    assert f'src="/api/streams/kexp/last/picture?of={WINDOW}"' in found["KEXP 90.3"]
    assert (f'src="/api/streams/kexp/last/audio?of={WINDOW}"' in found["KEXP 90.3"]) == keep_audio
    assert "appears here" in found["Nova"]


@pytest.mark.parametrize(
    ("show", "titles"),
    [
        ("", ["KEXP 90.3", "Nova", "Patio &lt;b&gt;*cam*&lt;/b&gt;"]),
        ("trouble", ["Nova"]),
        ("off", ["Patio &lt;b&gt;*cam*&lt;/b&gt;"]),
    ],
)
def test_a_deep_link_shows_what_it_names(open_page, show, titles):
    page = open_page(show=show) if show else open_page()
    assert list(panels(page)) == titles
    assert page.button_group[0].value == (show or "all")


def test_picking_changes_the_address(open_page):
    page = open_page()
    page.button_group[0].set_value("trouble").run()
    assert (page.query_params["show"], list(panels(page))) == ("trouble", ["Nova"])
    page.button_group[0].set_value("all").run()
    assert ("show" in page.query_params, len(panels(page))) == (False, 3)


def test_a_filter_that_does_not_exist_is_told_and_shows_all(open_page):
    page = open_page(show="<script>")
    assert "show" in told(page)
    assert len(panels(page)) == 3


def test_a_filter_that_finds_nothing_says_so(open_page, capture):
    for stream in capture.health["streams"]:
        stream["state"] = "live"
    assert "No stream is in trouble" in told(open_page(show="trouble"))


def test_without_streams_the_page_says_what_to_do(open_page, capture):
    capture.health["streams"] = []
    assert "Try its address below" in told(open_page())


def test_capture_being_down_is_a_sentence(open_page, capture):
    for stream in capture.health["streams"]:
        stream["state"] = "capture_down"
    assert "nothing is being recorded now" in told(open_page())


def test_an_api_that_is_down_is_a_sentence_and_its_streams_are_still_listed(open_page, monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    page = open_page()
    assert "The api does not answer at http://127.0.0.1:9" in told(page)
    assert len(panels(page)) == len(samples.STREAMS) + 1


def test_a_stream_is_switched_on_and_only_those_in_the_file_can_be(open_page, settings, capture):
    page = open_page()
    assert [toggle.key for toggle in page.toggle] == ["stream-on-patio-0"]
    settled(page.toggle[0].set_value(True).run())
    assert held(settings) == [{**PATIO, "enabled": True}]
    assert capture.asked.count("/reload") == 1


def test_a_stream_is_removed_and_that_is_told(open_page, settings):
    page = settled(open_page().button(key="stream-remove-patio").click().run())
    assert held(settings) == []
    assert "was removed" in told(page)


def typed(page: AppTest, **values: str) -> AppTest:
    for key, value in values.items():
        page.text_input(key=key).set_value(value)
    return page


def submit(page: AppTest, label: str) -> AppTest:
    return settled(next(one for one in page.button if one.label == label).click().run())


def test_a_stream_is_added_and_the_form_is_empty_again(open_page, settings):
    page = typed(open_page(), stream_url="http://127.0.0.1:1/x", stream_name="porch", stream_title="Porch *1*")
    submit(page, "Add")
    assert held(settings)[1] == {"name": "porch", "url": "http://127.0.0.1:1/x", "title": "Porch *1*"}
    assert "Porch *1* was added" in told(page)
    assert [field.value for field in page.text_input] == ["", "", ""]


def test_what_cannot_be_added_is_told_and_what_was_typed_stays(open_page, settings):
    page = submit(typed(open_page(), stream_url="http://127.0.0.1:1/x", stream_name="Porch!"), "Add")
    assert "the name must be 1 to 40 of a-z" in told(page)
    assert page.text_input(key="stream_name").value == "Porch!"
    assert len(held(settings)) == 1


def test_an_address_is_tried_and_what_is_wrong_is_said_without_its_password(open_page):
    page = submit(typed(open_page(), stream_url="http://bob:secret-word@127.0.0.1:1/x"), "Try it")
    assert "is its server on?" in told(page)
    assert "nothing listens at 127.0.0.1:1" in told(page)
    assert "secret-word" not in told(page)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (
            {"codec": "mp3", "sample_rate_hz": 44100, "channels": "stereo", "level_dbfs": -12.5, "icy_title": "*Song*"},
            "This can be listened to.\n\nmp3 · 44,100 Hz · stereo · level -12.5 dBFS\n\nIt plays now: *Song*",
        ),
        ({"codec": "aac_latm", "level_dbfs": -3.0}, "This can be listened to.\n\naac_latm · level -3 dBFS"),
    ],
)
def test_what_an_address_plays_is_told_in_figures(open_page, found, says):
    page = open_page()
    page.session_state["streams_found"] = {"ok": True, "state": "live", "sentence": "", **found}
    assert says in told(settled(page.run()))


def test_an_address_of_no_use_is_refused_in_a_sentence(open_page):
    assert "file" in told(submit(typed(open_page(), stream_url="file:///etc/passwd"), "Try it"))


def test_without_capture_a_change_is_saved_and_said_to_come_later(open_page, settings, capture):
    page = open_page()
    capture.plain_text = "[1]"
    settled(page.button(key="stream-remove-patio").click().run())
    assert "capture takes it up when it runs again" in told(page)
