"""Which sentence a failure becomes, whether the page is drawn again by itself, and what becomes of a choice then."""

from pathlib import Path

import pytest
import streamlit as st

from streamlit_app import reads
from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.ui.failures import can_pass, sentence
from tagger_platform.errors import DiskFullError, NewerVersionError, RequestError, SettingsError, StoreBusyError
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn
from tagger_platform_tests.app.opening import opened
from tagger_platform_tests.app.questions import write_questions

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("error", "says", "passes"),
    [
        (StoreBusyError("no turn in 5 s"), "busy for too long", True),
        (DiskFullError("the disk is full"), "make room", True),
        (RequestError("a restore was interrupted"), "cannot be read just now", True),
        (ApiDownError(URL), "is it running?", True),
        (ApiError("store_busy", "no turn in 5 s"), "The log is busy just now", True),
        (ApiError("not_found", "no such item"), "There is no such thing", False),
        (NewerVersionError("written by 9.9"), "upgrade this one", False),
        (SettingsError(["PORT: not a number"]), "The settings are wrong", False),
        (ValueError("a defect of ours"), "Something went wrong here", False),
    ],
)
def test_a_failure_is_a_sentence_and_the_page_is_tried_again_where_it_can_pass(
    error: Exception, says: str, *, passes: bool
) -> None:
    assert says in sentence(error)
    assert can_pass(error) is passes


@pytest.mark.parametrize("error", [RequestError("see *there*"), DiskFullError("see *there*"), ApiError("x", "*there*")])
def test_the_english_words_behind_it_are_shown_as_they_are(error: Exception) -> None:
    assert r"\*there\*" in sentence(error).partition("\n\n")[2]


@pytest.mark.parametrize("path", ["", "diagnostics"])
def test_what_is_chosen_while_the_log_is_busy_is_what_is_shown_afterwards(
    path: str, standin: CaptureStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(tmp_path / "tagger.duckdb")
    write_questions(database, samples.DAY)
    samples.write_plays(database, [samples.play("kexp", samples.noon(samples.DAY))])
    monkeypatch.setattr(reads, "STORE_TIMEOUT_S", 0.1)
    page = opened(path, date=samples.DAY.isoformat(), page="2")
    with database.writing():
        st.cache_data.clear()  # as if the log had changed
        page.button(key="day_before").click().run()
    assert not page.exception
    assert "busy for too long" in page.error[0].value
    assert page.query_params == {"date": "2025-11-19"}
    page.run()
    assert not page.error
