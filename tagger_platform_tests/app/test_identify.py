"""The page Identify: a clip is sent once, its answer is shown and kept, and what cannot be answered is a sentence."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from tagger_platform.store.identifications import Identification, note_identification
from tagger_platform_tests import samples
from tagger_platform_tests.api.served import served
from tagger_platform_tests.api.test_identify import audio
from tagger_platform_tests.api.test_library import Library, send, work
from tagger_platform_tests.api.test_serving import free_ports
from tagger_platform_tests.app.opening import forget, opened, words

NOTHING = dict.fromkeys(("track_id", "title", "artist", "offset_s", "speed", "confidence", "provider", "runner_up"))


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """An empty library; nothing answers on the api's port yet."""
    ports = free_ports(5)
    for name, value in samples.environ(tmp_path / "data", ports).items():
        monkeypatch.setenv(name, value)
    forget()
    yield Library(samples.settings(tmp_path / "data", ports))
    forget()


@pytest.fixture
def api(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    with served(library.settings) as client:
        monkeypatch.setenv("API_URL", str(client.base_url))
        forget()
        yield client


def note(library: Library, count: int, others: Mapping[str, str] = {}, **answer: object) -> list[Identification]:
    """So many answers about nothing that is known, the oldest first."""
    start = datetime(2025, 11, 20, 20, tzinfo=UTC)
    with library.database.writing() as connection:
        return [
            note_identification(
                connection,
                {**NOTHING, "match": False, "file": f"{number}.wav", "elapsed_ms": 90, **answer},
                start + timedelta(minutes=number),
                others,
            )
            for number in range(count)
        ]


def rows(page: AppTest) -> list[dict[str, object]]:
    return page.dataframe[0].value.to_dict("records")


def test_a_clip_is_named_with_its_place_how_sure_and_when_it_was_last_heard(api, library, tmp_path):
    send(api, ("My Song.wav", audio(tmp_path, 1)))
    work(library)
    (item,) = api.get("/api/library").json()["items"]
    song = samples.Track("catalogue", item["item_id"], "My Song")
    samples.write_plays(library.database, [samples.play("kexp", samples.noon(samples.DAY), of=song)])

    page = opened("identify")
    page.file_uploader[0].upload("кліп.wav", audio(tmp_path, 1, 5.0, 13.0), "audio/wav").run()
    told = words(page)
    for text in ("My Song", "0:05", "Nov 20, 2025 12:00 on KEXP 90", f"/?date={samples.DAY}&stream=kexp", "кліп"):
        assert text in told.replace("\\", "")
    (row,) = rows(page)
    assert (row["file"], row["title"], row["place"]) == ("кліп.wav", "My Song", "0:05")
    assert row["sure"] > 0.9

    page.run()
    assert len(rows(page)) == 1, "a page that is drawn again asks again"
    again = opened("identify", asked=page.query_params["asked"])
    assert "0:05" in words(again)


def test_a_recording_of_what_nobody_knows_says_what_to_do(api, library, tmp_path):
    page = opened("identify")
    page.audio_input[0].upload("recording.wav", audio(tmp_path, 3, 0.0, 6.0)).run()
    assert "Nothing in the library sounds like this" in words(page)
    assert rows(page)[0]["title"] == "nothing known"


def test_a_track_that_another_provider_named_says_who_and_what_it_does_not_know(library):
    told = {"track_id": "acoustid:9f", "title": "Other", "artist": "Band", "provider": "acoustid"}
    (noted,) = note(library, 1, {"shazam": "no_match", "acoustid": "match"}, **told)
    page = opened("identify", asked=noted.identification_id)
    assert "recognised by acoustid" in words(page)
    assert words(page).count("it does not say") == 2
    assert (rows(page)[0]["title"], rows(page)[0]["place"]) == ("Other", "")


@pytest.mark.parametrize(
    ("others", "says", "silent_on"),
    [
        ({}, ["Nothing in the library"], ["shazam", "Not everybody answered"]),
        ({"shazam": "no_match"}, ["shazam**: no match"], ["Not everybody answered"]),
        (
            {"shazam": "throttled", "acoustid": "no_match"},
            ["shazam**: told to slow down", "Not everybody answered"],
            [],
        ),
        ({"acoustid": "disabled"}, ["acoustid**: switched off"], ["Not everybody answered"]),
    ],
)
def test_who_else_was_asked_and_did_not_know_it_is_told(library, others, says, silent_on):
    (noted,) = note(library, 1, others)
    told = words(opened("identify", asked=noted.identification_id))
    assert [text for text in says if text not in told] == []
    assert [text for text in silent_on if text in told] == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("text.mp3", b"Once upon a time", "is not audio"),
        ("empty.mp3", b"", "empty"),
        ("notes.txt", b"x", "is no audio file: send"),
    ],
)
def test_what_is_no_audio_is_a_sentence(api, name, content, says):
    page = opened("identify")
    page.file_uploader[0].upload(name, content, "audio/mpeg").run()
    assert says in page.error[0].value.replace("\\", "")
    assert not page.dataframe


def test_an_api_that_is_down_is_a_sentence_and_the_clip_is_not_sent_over_and_over(library, tmp_path):
    page = opened("identify")
    page.file_uploader[0].upload("clip.wav", audio(tmp_path, 1), "audio/wav").run()
    assert "The api does not answer" in page.error[0].value
    page.run()
    assert len(page.error) == 1


def test_nobody_has_asked_yet(library):
    assert "Record what is playing near you" in opened("identify").info[0].value


def test_the_history_is_paged_newest_first(library):
    noted = note(library, 30)
    page = opened("identify")
    assert [row["file"] for row in rows(page)] == [f"{number}.wav" for number in range(29, 4, -1)]
    assert rows(page)[0]["asked"] == "Nov 20, 2025 12:29"
    page.button(key="chevron_right").click().run()
    assert (page.query_params["page"], len(rows(page))) == ("2", 5)
    assert page.button(key="chevron_right").disabled
    assert "There are no answers so old" in words(opened("identify", page="9"))
    assert "29.wav" in words(opened("identify", page="2", asked=noted[-1].identification_id)).replace("\\", "")


def test_titles_from_outside_are_shown_as_they_are(library):
    (noted,) = note(
        library,
        1,
        match=True,
        track_id="catalogue:1",
        title="<b>x</b> [a](http://b)",
        artist="<i>y",
        offset_s=-0.2,
        speed=1.0,
        confidence=0.5,
        runner_up={"title": "*z*", "score": 1.0},
    )
    page = opened("identify", asked=noted.identification_id)
    markup = "".join(element.proto.body for element in page.get("html"))
    assert "&lt;b&gt;x&lt;/b&gt; [a](http://b)" in markup
    assert r"\*z\*" in page.caption[-1].value
    assert "never" in words(page)


@pytest.mark.parametrize("asked", ["0" * 32, "<script>", "'; --"])
def test_an_answer_that_is_not_there_is_a_sentence(library, asked):
    note(library, 1)
    page = opened("identify", asked=asked)
    assert "only the newest thousand are kept" in page.warning[0].value
    assert rows(page)
