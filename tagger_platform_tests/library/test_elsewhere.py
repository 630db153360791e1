"""What the catalogue does not know is asked of Shazam and AcoustID, over HTTP, and paid from the streams' budget."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.errors import AudioError
from tagger_platform.library.elsewhere import Elsewhere
from tagger_platform.model import Status
from tagger_platform.recognize.budget import BURST
from tagger_platform.recognize.providers import budgets, others
from tagger_platform.settings import Settings
from tagger_platform_tests.fingerprint.tunes import RATE, tune
from tagger_platform_tests.standins.acoustid import AcoustidStandIn, result
from tagger_platform_tests.standins.loopback import Loopback
from tagger_platform_tests.standins.shazam import Mode, ShazamStandIn, song

Made = Callable[..., Settings]


@pytest.fixture
def asking(environ: dict[str, str]) -> Made:
    """Settings that ask the stand-ins they are given."""

    def made(shazam: Loopback | None = None, acoustid: Loopback | None = None) -> Settings:
        told = {"SHAZAM_ENABLED": "true", "SHAZAM_URL": shazam.url} if shazam else {}
        if acoustid:
            told |= {"ACOUSTID_ENABLED": "true", "ACOUSTID_API_KEY": "a-key", "ACOUSTID_URL": acoustid.url}
        return Settings.load(environ | told)

    return made


def elsewhere(settings: Settings) -> Elsewhere:
    return Elsewhere(others(settings), find_ffmpeg(None))


def sound(folder: Path, seconds: float, name: str = "clip.flac") -> Path:
    soundfile.write(folder / name, tune(1, seconds), RATE)
    return folder / name


@pytest.mark.parametrize(
    ("seconds", "timeskew", "asked_ms", "begins_at"),
    [(5.0, 0.0, 5_000, 70.0), (12.0, 0.0, 12_000, 70.0), (40.0, 0.0, 12_000, 56.0), (40.0, 0.05, 12_000, 55.3)],
)
def test_shazam_is_asked_about_the_middle_and_told_is_where_the_file_begins(
    asking: Made, tmp_path: Path, seconds: float, timeskew: float, asked_ms: int, begins_at: float
) -> None:
    answer = song("1", "Song", "Band", offset_s=70.0, timeskew=timeskew)
    with ShazamStandIn(lambda asked: answer) as shazam:
        (said,) = elsewhere(asking(shazam)).ask(sound(tmp_path, seconds))
    assert (said.status, said.matched.title) == (Status.MATCH, "Song")
    assert said.offset_s == pytest.approx(begins_at, abs=0.01)
    assert [one.samples_ms for one in shazam.asked] == [pytest.approx(asked_ms, abs=200)]


@pytest.mark.real
def test_who_knows_whole_files_is_asked_about_the_whole_one_where_the_first_knew_nothing(
    asking: Made, tmp_path: Path
) -> None:
    with ShazamStandIn() as shazam, AcoustidStandIn(lambda asked: [result("9f", "Other")]) as acoustid:
        said = elsewhere(asking(shazam, acoustid)).ask(sound(tmp_path, 40.0))
    assert [(one.provider, one.status) for one in said] == [("shazam", Status.NO_MATCH), ("acoustid", Status.MATCH)]
    assert [one.duration for one in acoustid.asked] == [40]


def test_nobody_else_is_asked_once_one_knew_it(asking: Made, tmp_path: Path) -> None:
    with ShazamStandIn(lambda asked: song("1", "Song")) as shazam, AcoustidStandIn() as acoustid:
        said = elsewhere(asking(shazam, acoustid)).ask(sound(tmp_path, 12.0))
    assert ([one.provider for one in said], acoustid.asked) == (["shazam"], [])


@pytest.mark.parametrize("mode", [Mode.THROTTLED, Mode.GARBAGE, Mode.REFUSED, Mode.SERVER_ERROR])
def test_who_gives_no_answer_is_not_asked_about_further_files(asking: Made, tmp_path: Path, mode: Mode) -> None:
    with ShazamStandIn(mode=mode) as shazam:
        settings = asking(shazam)
        asked = elsewhere(settings)
        first, second = asked.ask(sound(tmp_path, 12.0)), asked.ask(sound(tmp_path, 12.0))
    assert (first[0].status in (Status.THROTTLED, Status.BAD_ANSWER, Status.PROVIDER_DOWN), second) == (True, [])
    assert len(shazam.asked) == (0 if mode is Mode.REFUSED else 1)
    assert budgets(settings)["shazam"].remaining() == pytest.approx(BURST - 1, abs=0.9)


def test_questions_come_out_of_the_budget_of_the_streams_which_keep_half_and_none_waits_for_it(
    asking: Made, tmp_path: Path
) -> None:
    clip = sound(tmp_path, 12.0)
    with ShazamStandIn() as shazam:
        settings = asking(shazam)
        said = [elsewhere(settings).ask(clip)[0] for _ in range(BURST // 2 + 1)]
        left = budgets(settings)["shazam"].remaining()
    assert [one.status for one in said] == [Status.NO_MATCH] * (BURST // 2) + [Status.THROTTLED]
    assert "our own budget; it may be asked again in " in said[-1].detail
    assert len(shazam.asked) == BURST // 2
    assert left >= BURST // 2, "nothing is left to the streams"


def test_a_budget_that_cannot_be_kept_asks_nobody(asking: Made, tmp_path: Path) -> None:
    with ShazamStandIn() as shazam:
        settings = asking(shazam)
        settings.budget_path.mkdir(parents=True)
        (said,) = elsewhere(settings).ask(sound(tmp_path, 12.0))
    assert (said.status, shazam.asked) == (Status.PROVIDER_DOWN, [])
    assert str(settings.budget_path) in said.detail


def test_silence_is_never_sent(asking: Made, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(20 * RATE), RATE)
    with ShazamStandIn() as shazam:
        (said,) = elsewhere(asking(shazam)).ask(tmp_path / "silence.wav")
    assert (said.status, shazam.asked) == (Status.SILENT, [])


def test_what_is_no_audio_is_an_error_and_costs_nothing(asking: Made, tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("Once upon a time")
    with ShazamStandIn() as shazam, pytest.raises(AudioError, match="not audio"):
        elsewhere(asking(shazam)).ask(tmp_path / "text.mp3")
    assert shazam.asked == []


def test_where_nobody_is_switched_on_the_file_is_not_even_read(asking: Made, tmp_path: Path) -> None:
    assert elsewhere(asking()).ask(tmp_path / "gone.wav") == []
