"""Which sentence a failure becomes, and whether the page is drawn again by itself."""

import pytest

from streamlit_app.api_client import ApiDownError, ApiError
from streamlit_app.ui.failures import can_pass, sentence
from tagger_platform.errors import DiskFullError, NewerVersionError, RequestError, SettingsError, StoreBusyError

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
