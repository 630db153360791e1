"""The On air page: its data, its filters, and what it says when there is nothing to show."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import streamlit_app
from streamlit_app import drawn_day, preferences
from tagger_platform.model import PlayStatus, Track
from tagger_platform.store import airtime
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin
from tagger_platform_tests.app.opening import forget, part, read_ahead

APP = str(Path(streamlit_app.__file__).with_name("app.py"))
Open = Callable[..., AppTest]


@pytest.fixture
def api() -> Iterator[CaptureStandIn]:
    """A server that answers like the api's /api/streams."""
    with capture_standin() as standin:
        states = {"kexp": "live", "nova": "reconnecting", "kitchen": "disabled"}
        standin.health = {
            "streams": [
                {"name": name, "title": title, "state": states.get(name, "live"), "last_error": None}
                for name, title in samples.STREAMS.items()
            ]
        }
        yield standin


@pytest.fixture
def open_page(tmp_path: Path, api: CaptureStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the page with parameters in its address."""
    for name, value in samples.environ(tmp_path, (api.port, 1, 2, 3, 4)).items():
        monkeypatch.setenv(name, value)

    def opened(**parameters: str) -> AppTest:
        page = AppTest.from_file(APP, default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    forget()
    yield opened
    forget()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


@pytest.fixture
def plays(database: Database) -> list[samples.Play]:
    """Two plays each on two streams on 20 November 2025, one of them probable, and one play the day before."""
    hour = datetime(2025, 11, 20, 9, tzinfo=samples.TZ)
    written = [
        samples.play("kexp", hour, of=samples.track(1), confidence=0.8),
        samples.play("nova", hour + timedelta(minutes=10), of=samples.track(2)),
        samples.play("kexp", hour + timedelta(minutes=20), of=samples.track(1), confidence=0.9),
        samples.play(
            "nova", hour + timedelta(minutes=30), of=samples.track(3), status=PlayStatus.PROBABLE, confidence=0.5
        ),
    ]
    samples.write_plays(database, [*written, samples.play("kexp", hour - timedelta(days=1))])
    return written


def table_of(page: AppTest) -> list[dict[str, object]]:
    return page.dataframe[0].value.to_dict("records")


def metrics_of(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def cards_of(page: AppTest) -> str:
    return next(element.proto.body for element in page.get("html") if 'class="card"' in element.proto.body)


def test_a_day_is_listed_newest_first(open_page, plays):
    rows = table_of(open_page(date="2025-11-20"))
    assert [row["time"] for row in rows] == ["09:30", "09:20", "09:10", "09:00"]
    assert rows[-1]["title"] == plays[0].track.title
    assert rows[-1]["stream"] == "KEXP 90.3"
    assert {row["length"] for row in rows} == {"3:20"}
    assert [row["by"] for row in rows if "probable" in str(row["by"])] == [rows[0]["by"]]


def test_a_link_leads_to_the_web_or_nowhere(open_page, database):
    evil = Track("shazam", "evil", "<b>*Bold*</b>", "[A](http://x)", link="javascript:alert(1)")
    samples.write_plays(database, [samples.play("kexp", datetime(2025, 11, 20, 9, tzinfo=samples.TZ), of=evil)])
    page = open_page(date="2025-11-20")
    assert table_of(page)[0]["link"] == ""
    assert "<b>" not in cards_of(page)
    assert metrics_of(page)["Most played artist"] == r"\[A\]\(http\://x\)"


def test_four_numbers(open_page, plays):
    artist = plays[0].track.artist
    assert metrics_of(open_page(date="2025-11-20")) == {
        "Plays": "4",
        "Different tracks": "3",
        "Most played artist": artist,
        "Median confidence": "85%",
    }


def test_the_day_before_stands_beside_each_number(open_page, plays):
    beside = [metric.delta for metric in open_page(date="2025-11-20").metric]
    assert beside[:2] == ["the day before: 1", "the day before: 1"]
    assert beside[3] == "the day before: 90%"


def test_a_day_that_is_not_over_is_compared_with_yesterday_by_now(open_page, database):
    now = datetime.now(samples.TZ)
    yesterday = [samples.play("kexp", now - timedelta(days=1, minutes=minutes)) for minutes in (-30, 30)]
    samples.write_plays(database, [*yesterday, samples.play("kexp", now - timedelta(seconds=30))])
    beside = open_page().metric[0].delta
    assert beside.startswith("yesterday by now: ")
    assert int(beside.rpartition(" ")[2]) <= 1


def test_hours_are_deep_linked_and_list_what_began_in_them(open_page, plays):
    page = open_page(date="2025-11-20", hours="9.25-9.5")
    assert [row["time"] for row in table_of(page)] == ["09:20"]
    assert metrics_of(page)["Plays"] == "1"
    page.select_slider[0].set_value((36, 37)).run()
    assert page.query_params["hours"] == "9-9.25"
    assert [row["time"] for row in table_of(page)] == ["09:10", "09:00"]
    page.select_slider[0].set_value((0, 96)).run()
    assert "hours" not in page.query_params
    assert len(table_of(page)) == 4


def test_hours_without_a_play_say_so(open_page, plays):
    page = open_page(date="2025-11-20", hours="0-1")
    assert "No play began in these hours" in page.info[0].value
    assert metrics_of(page)["Median confidence"] == "–"


def test_a_long_day_is_leafed_through(open_page, database):
    first = datetime(2025, 11, 20, 1, tzinfo=samples.TZ)
    samples.write_plays(
        database, [samples.play("kexp", first + timedelta(minutes=number), seconds=20) for number in range(201)]
    )
    page = open_page(date="2025-11-20")
    assert (len(table_of(page)), page.button(key="newer").disabled) == (200, True)
    page.button(key="older").click().run()
    assert [row["time"] for row in table_of(page)] == ["01:00"]
    assert page.query_params["page"] == "2"
    assert page.button(key="older").disabled


def test_a_deep_link_filters_by_stream(open_page, plays):
    page = open_page(date="2025-11-20", stream="nova")
    assert {row["stream"] for row in table_of(page)} == {"Nova Jazz"}
    assert page.button_group[0].value == ["nova"]


def test_picking_streams_and_days_changes_the_address(open_page, plays):
    page = open_page(date="2025-11-20")
    page.button_group[0].set_value(["nova", "kexp"]).run()
    assert page.query_params["stream"] == "kexp,nova"
    page.button(key="day_before").click().run()
    assert page.query_params["date"] == "2025-11-19"
    assert len(table_of(page)) == 1
    page.date_input[0].set_value(samples.DAY).run()
    assert page.query_params["date"] == "2025-11-20"
    assert len(table_of(page)) == 4


def test_the_day_before_is_ready_when_it_is_asked_for(open_page, plays, monkeypatch):
    page = open_page(date="2025-11-20")
    read_ahead()
    asked = []
    monkeypatch.setattr(airtime, "drawn", lambda *_: asked.append("drawn"))
    monkeypatch.setattr(airtime, "listed", lambda *_, **__: asked.append("listed"))
    monkeypatch.setattr(drawn_day, "prepare_the_day_before", lambda _: None)
    page.button(key="day_before").click().run()
    assert (len(table_of(page)), asked) == (1, [])


def test_what_is_made_ready_for_a_visitor_who_has_gone_is_made_as_they_wanted_it(open_page, plays, monkeypatch):
    late, drawn_for, troubles = [], [], []

    class Late(threading.Thread):
        def start(self) -> None:
            late.append(self)

    monkeypatch.setattr(drawn_day, "Thread", Late)
    open_page(date="2025-11-20")
    monkeypatch.setattr(drawn_day, "_drawn", lambda *arguments: drawn_for.append(arguments[5]))
    monkeypatch.setattr(threading, "excepthook", troubles.append)
    for thread in late:
        threading.Thread.start(thread)
        thread.join()
    assert (drawn_for, troubles) == ([preferences.Preferences()], [])


def test_today_needs_no_date_and_has_no_day_after(open_page, database):
    today = datetime.now(samples.TZ)
    samples.write_plays(database, [samples.play("kexp", today - timedelta(seconds=30), seconds=20)])
    page = open_page()
    assert page.button(key="day_after").disabled
    page.button(key="day_before").click().run()
    page.button(key="day_after").click().run()
    assert "date" not in page.query_params


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"date": "2026-99-99"}, "this is today"),
        ({"date": "2199-01-01"}, "this is today"),
        ({"stream": "<script>alert(1)</script>"}, "these are all streams"),
        ({"stream": "gone", "date": "x" * 5000}, "a stream called gone"),
    ],
)
def test_a_damaged_address_is_told_and_shows_today(open_page, plays, parameters, says):
    page = open_page(**parameters)
    assert any(says in warning.value for warning in page.warning)
    assert page.date_input[0].value == datetime.now(samples.TZ).date()


def test_the_25_hour_day_is_whole_and_its_double_hour_is_told_apart(open_page, database):
    midnight = datetime(2025, 11, 2, tzinfo=samples.TZ).timestamp()
    starts = [datetime.fromtimestamp(midnight + hour * 3600, samples.TZ) for hour in (0, 1.5, 2.5, 24.9, 25)]
    samples.write_plays(database, [samples.play("kexp", start) for start in starts])
    rows = table_of(open_page(date="2025-11-02"))
    assert [row["time"] for row in rows] == ["23:54", "01:30 PST", "01:30 PDT", "00:00"]


def test_cards_say_how_streams_are_and_what_was_last(open_page, database):
    now = datetime.now(UTC)
    song = Track("shazam", "1", "Song & Dance", "Trio")
    samples.write_plays(
        database,
        [
            samples.play("kexp", now - timedelta(minutes=3), of=song, seconds=120),
            samples.play("playa", now - timedelta(minutes=90), seconds=120),
        ],
    )
    cards = cards_of(open_page())
    assert cards.count("<article") == len(samples.STREAMS)
    assert "Song &amp; Dance" in cards
    assert [
        text for text in ("3 min", "1 h ago", "reconnecting", "switched off", "Listening") if text not in cards
    ] == []


@pytest.mark.parametrize("port", [9])
def test_an_api_that_is_down_is_a_sentence(open_page, plays, monkeypatch, port):
    monkeypatch.setenv("PORT", str(port))
    page = open_page(date="2025-11-20")
    assert "The api does not answer at http://127.0.0.1:9" in page.warning[0].value.replace("\\", "")
    assert len(table_of(page)) == 4
    assert cards_of(page).count("<article") == len(samples.STREAMS)


def test_an_api_that_talks_nonsense_counts_as_down(open_page, api):
    api.plain_text = "[1]"
    assert "does not answer" in open_page().warning[0].value


def test_capture_being_down_is_a_sentence(open_page, api):
    for stream in api.health["streams"]:
        stream["state"] = "capture_down"
    assert open_page().warning[0].value.startswith("Capture does not answer")


def test_a_card_shows_the_level_and_leads_to_what_made_its_play(open_page, database, api):
    now = datetime.now(UTC)
    samples.write_plays(database, [samples.play("kexp", now - timedelta(minutes=3), seconds=170)])
    api.health["streams"][0]["level_dbfs"] = -15.2
    cards = cards_of(open_page())
    assert cards.count("level -15 dBFS") == 2
    assert cards.count('class="level"') == 1
    assert "width:75%" in cards
    assert f'href="/?play=kexp-{int((now - timedelta(minutes=3)).timestamp())}"' in cards
    assert "since " in cards


def test_the_hint_of_a_card_says_what_is_wrong_in_a_sentence_of_ours_first(open_page, api):
    api.health["streams"][1] |= {"state": "stalled", "last_error": "nothing for <20> s"}
    hint = "stalled · It is connected, but nothing comes: restart its server if this lasts. · nothing for &lt;20&gt; s"
    assert f'title="{hint}"' in cards_of(open_page())


def test_what_is_not_well_is_one_line(open_page, api):
    down = part("failing", "capture_silent", why="*nobody* at CAPTURE_PORT")
    api.health["parts"] = {"store": part("ok", "log_read"), "capture": down, "dagster": part("failing", "never_ticked")}
    (warning,) = open_page().warning
    assert warning.value.replace("\\", "") == (
        "Capture: Capture does not answer: nothing is being recorded now. (*nobody* at CAPTURE_PORT) "
        "Dagster: Its sensor has never ticked: is its daemon running?"
    )
    assert r"\*nobody\*" in warning.value
    assert "/readyz" in api.asked


def test_what_is_well_is_not_told(open_page, api):
    api.health["parts"] = {"store": part("ok", "log_read")}
    assert not open_page().warning
    assert "/readyz" in api.asked


def test_without_a_log_the_page_says_what_to_do_and_makes_none(open_page, database):
    assert "tagger up" in open_page().info[0].value
    assert not database.path.exists()


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"date": "2025-11-18"}, "Nothing was heard on any stream that day"),
        ({"date": "2025-11-18", "stream": "nova"}, "Nothing was heard on these streams that day"),
        ({}, "yet today"),
    ],
)
def test_an_empty_day_says_what_to_do(open_page, plays, parameters, says):
    assert says in open_page(**parameters).info[0].value


def test_a_day_that_was_heard_and_not_named_says_so(open_page, database):
    start = datetime(2025, 11, 20, 9, tzinfo=samples.TZ)
    samples.write_outage(database, "nova", start, timedelta(minutes=2))
    assert "Nothing was named" in open_page(date="2025-11-20").info[0].value


def test_without_streams_the_page_says_how_to_have_some(open_page, api):
    api.health = {"streams": []}
    assert "STREAM_1_URL" in open_page().info[0].value


def test_a_stream_of_the_past_stays_in_the_log(open_page, database):
    start = datetime(2025, 11, 20, 9, tzinfo=samples.TZ)
    with database.writing() as connection:
        connection.execute("INSERT INTO streams VALUES ('gone-fm', 'Gone FM', '2020-01-01', '2021-01-01')")
    samples.write_plays(database, [samples.play("gone-fm", start)])
    page = open_page(date="2025-11-20", stream="gone-fm")
    assert table_of(page)[0]["stream"] == "Gone FM"
    assert "Gone FM" not in cards_of(page)


def test_a_busy_store_is_a_sentence(open_page, database, plays, monkeypatch):
    monkeypatch.setattr("streamlit_app.reads.STORE_TIMEOUT_S", 0.05)
    with database.writing():
        page = open_page(date="2025-11-20")
    assert "was busy for too long" in page.error[0].value


def test_a_new_play_is_seen_at_the_next_look(open_page, database, plays):
    page = open_page(date="2025-11-20")
    samples.write_plays(database, [samples.play("kexp", datetime(2025, 11, 20, 22, tzinfo=samples.TZ))])
    assert len(table_of(page.run())) == 5
