"""Search and the page of a track: what they show, why, and what they say when there is nothing to show."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tagger_platform.model import Track
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn

SONG = Track("shazam", "a/b 1", "Song & <b>Dance</b>", "Trio", album="Night", link="https://music.example/1")
NO_FIT: dict[str, Any] = {"words": [], "begun": [], "corrected": {}, "cosine": None}
Open = Callable[..., AppTest]


def search() -> None:
    from streamlit_app.ui import failures
    from streamlit_app.views import search

    with failures.told():
        search.page()


def track() -> None:
    from streamlit_app.ui import failures
    from streamlit_app.views import track

    with failures.told():
        track.page()


@pytest.fixture
def api(standin: CaptureStandIn) -> CaptureStandIn:
    """A server that gives the same answer to every question of these pages."""
    standin.health = {
        "streams": [{"name": name, "title": title, "state": "live"} for name, title in samples.STREAMS.items()],
        "words_alone": None,
        "results": [],
        "missing": None,
        "similar": [],
    }
    return standin


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


@pytest.fixture
def open_page(api: CaptureStandIn) -> Open:
    """Opens a page with parameters in its address."""

    def opened(draw: Callable[[], None], **parameters: str) -> AppTest:
        page = AppTest.from_function(draw, default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return opened


def markup(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def result(of: Track = SONG, **why: Any) -> dict[str, Any]:
    names = {name: getattr(of, name) for name in ("track_id", "title", "artist", "album", "isrc")}
    return {**names, "score": 0.5, "exact": True, "why": NO_FIT | why, "plays_by_day": [0] * 28 + [2, 1]}


def test_a_result_says_its_name_its_plays_and_why_it_is_there(open_page, api):
    api.health["results"] = [
        result(words=["song"], begun=["dan"], cosine=0.513),
        result(samples.track(1), corrected={"dnacing": "dancing"}),
        result(samples.track(2), cosine=0.4),
    ]
    page = open_page(search, q="song dan")
    shown = markup(page)
    assert "has song · begins with dan · alike in meaning: 0.51" in shown
    assert "dnacing read as dancing" in shown
    assert 'alt="3 plays in 30 days"' in shown
    assert 'href="/track?id=shazam%3Aa%2Fb%201"' in shown
    assert "Song &amp; &lt;b&gt;Dance" in shown
    assert page.caption[0].value.startswith("3 tracks · 2 by words, 1 by meaning")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("not_embedded", "no track has a vector yet."),
        ("starting", "what finds by meaning is starting, or busy."),
        ("no_model", 'the model cannot be used. <span lang="en">(it is not at'),
        ("a code that came later", 'the model cannot be used. <span lang="en">(it is not at'),
    ],
)
def test_when_words_alone_decided_it_says_why(open_page, api, code, says):
    why = {"words_alone": "it is not at https://<x>.example", "words_alone_code": code}
    api.health |= {**why, "results": [result(words=["song"])]}
    told = markup(open_page(search, q="song")).partition("</p>")[0]
    assert f"Found by words alone, not by meaning: {says}" in told
    assert ("https://&lt;x&gt;.example" in told) == (code not in ("not_embedded", "starting"))
    assert "<a href=" not in told


def test_nothing_found_says_what_to_try(open_page):
    assert "Try fewer words" in open_page(search, q="zzz").info[0].value


def test_typing_changes_the_address_and_leaves_out_what_is_empty(open_page, api):
    page = open_page(search, q="old")
    assert page.text_input[0].value == "old"
    page.text_input[0].set_value(" neon ").run()
    assert page.query_params["q"] == "neon"
    page.text_input[0].set_value("").run()
    assert "q" not in page.query_params


def test_an_empty_box_shows_what_was_heard_most_lately(open_page, database):
    now = datetime.now(UTC)
    plays = [samples.play("kexp", now - timedelta(hours=hours), of=SONG) for hours in (1, 2, 3)]
    samples.write_plays(database, [*plays, samples.play("nova", now - timedelta(hours=1), of=samples.track(4))])
    page = open_page(search)
    assert page.subheader[0].value == "Heard most lately"
    shown = markup(page)
    assert shown.index("3 plays") < shown.index(samples.track(4).title) < shown.index("1 play<")


@pytest.mark.parametrize(("logged", "says"), [(False, "Start `tagger up`"), (True, "in the last 30 days")])
def test_an_empty_box_over_an_empty_log_says_what_to_do(open_page, database, logged, says):
    if logged:
        samples.write_plays(database, [samples.play("kexp", samples.noon(samples.DAY))])
    assert says in open_page(search).info[0].value


@pytest.mark.parametrize("draw", [search, track])
def test_an_api_that_is_down_is_a_sentence_and_the_rest_stays(open_page, database, monkeypatch, draw):
    monkeypatch.setenv("PORT", "9")
    samples.write_plays(database, [samples.play("kexp", samples.noon(samples.DAY), of=SONG)])
    page = open_page(draw, q="song", id=SONG.track_id)
    assert "does not answer" in page.error[0].value
    assert page.text_input or page.dataframe


@pytest.mark.parametrize(
    ("code", "details", "says"),
    [
        ("unavailable", {}, "This cannot be done just now."),
        ("bad_parameter", {"parameter": "url"}, "This address cannot be used."),
        ("conflict", {"parameter": "no such parameter"}, "The list of streams does not allow this."),
        ("a code that came later", None, "The api refused this."),
    ],
)
def test_an_api_that_refuses_is_a_sentence_of_the_pages_and_then_its_own(open_page, api, code, details, says):
    api.health["error"] = {"code": code, "message": "the search index cannot be read", "details": details}
    api.health_status = 503
    assert open_page(search, q="song").error[0].value == f"{says}\n\nthe search index cannot be read"


def told(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_a_track_shows_its_plays_streams_and_numbers(open_page, database):
    noon = samples.noon(samples.DAY)
    plays = [samples.play("kexp", noon - timedelta(days=day), of=SONG) for day in range(60)]
    samples.write_plays(database, [*plays, samples.play("nova", noon, of=SONG)])
    page = open_page(track, id=SONG.track_id)
    numbers = told(page)
    assert (numbers["Plays"], numbers["Streams"], numbers["First heard"]) == ("61", "2", "Sep 22, 2025")
    shown = markup(page)
    assert "<h1>Song &amp; &lt;b&gt;Dance" in shown
    assert 'href="https://music.example/1"' in shown
    assert shown.index("KEXP 90.3") < shown.index("Nova Jazz")
    rows = page.dataframe[0].value.to_dict("records")
    assert (len(rows), rows[0]["moment"], rows[0]["length"]) == (50, "Nov 20, 2025 12:00", "3:20")
    page.button(key="page_after").click().run()
    assert page.query_params["page"] == "2"
    assert len(page.dataframe[0].value) == 11
    assert page.button(key="page_after").disabled
    page.button(key="page_before").click().run()
    assert "page" not in page.query_params


@pytest.mark.parametrize(("number", "problem"), [("99", ""), ("0", "page"), ("-1", "page"), ("x" * 5000, "page")])
def test_a_page_of_plays_that_does_not_exist_is_another(open_page, database, number, problem):
    samples.write_plays(database, [samples.play("kexp", samples.noon(samples.DAY), of=SONG)])
    page = open_page(track, id=SONG.track_id, page=number)
    assert len(page.dataframe[0].value) == 1
    assert [problem in warning.value for warning in page.warning] == [True] * bool(problem)


@pytest.mark.parametrize(
    ("missing", "says"),
    [("no_vectors", "there are none yet"), ("no_vector", "This track has no vector yet")],
)
def test_without_vectors_the_track_says_what_is_missing(open_page, api, database, missing, says):
    api.health["missing"] = missing
    samples.write_plays(database, [samples.play("kexp", samples.noon(samples.DAY), of=SONG)])
    assert says in open_page(track, id=SONG.track_id).info[0].value


def test_similar_tracks_lead_to_their_own_pages(open_page, api, database):
    api.health["similar"] = [{"track_id": "shazam:2", "title": "Rain", "artist": "Band", "artwork": "", "cosine": 0.91}]
    samples.write_plays(database, [samples.play("kexp", samples.noon(samples.DAY), of=SONG)])
    shown = markup(open_page(track, id=SONG.track_id))
    assert 'href="/track?id=shazam%3A2"' in shown
    assert "0.91" in shown


@pytest.mark.parametrize(
    ("parameters", "says"), [({}, "choose it"), ({"id": "gone:1"}, "no longer"), ({"id": "x" * 5000}, "no longer")]
)
def test_a_track_that_is_not_there_says_where_to_find_others(open_page, database, parameters, says):
    database.migrate()
    assert says in open_page(track, **parameters).info[0].value
