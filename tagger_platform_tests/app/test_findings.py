"""What the parts of the platform are found to be, in every language: a sentence for each code, no English left over."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from streamlit_app import preferences
from streamlit_app.live_reads import Finding
from streamlit_app.preferences import Preferences
from streamlit_app.ui import findings
from tagger_platform.health.marks import SENSOR, leave_mark
from tagger_platform.health.nightly import BACKUP, RETENTION, UPKEEP, WORKS
from tagger_platform.health.parts import look
from tagger_platform.health.report import Code, State
from tagger_platform.model import CanaryOutcome, CanaryResult, Recognition, Slot, Status
from tagger_platform.recognize.budget import Budget
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool
from tagger_platform.store.canary import note_canaries
from tagger_platform.store.runs import note_run
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin
from tagger_platform_tests.app.opening import forget, opened, words
from tagger_platform_tests.health.conftest import NOW, Around
from tagger_platform_tests.test_spool import publish

FOREIGN = ("es", "uk", "ru")
GB = 1_000_000_000
Trouble = Callable[[Around], object]


@pytest.fixture
def around(environ: dict[str, str]) -> Around:
    """A platform that is well."""
    made = Around(
        Settings.load(environ | {"SHAZAM_ENABLED": "true", "QUEUE_MAX_SIZE": "10", "DISK_RESERVE_MB": "1000"})
    )
    made.be_well()
    return made


def speaks(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    visitor = Preferences(language)
    monkeypatch.setattr(preferences, "current", lambda: visitor)


def wait_in_the_spool(around: Around, slots: int) -> None:
    for number in range(slots):
        publish(Spool(around.settings.spool_dir), Slot.containing(NOW - timedelta(minutes=60 + number), 60))


def throttle(around: Around) -> None:
    budget = Budget(around.settings.budget_path, "shazam", 4, clock=NOW.timestamp)
    budget.told(Recognition("", "shazam", Status.THROTTLED, detail="HTTP 429", retry_after_s=60.0))


def fail_the_canary(around: Around) -> None:
    with around.watched.database.writing() as connection:
        note_canaries(connection, [CanaryResult("shazam", NOW, CanaryOutcome.TIMEOUT, None, "no answer within 10 s")])


def end_a_night(around: Around, hours_ago: int, *also: str) -> None:
    with around.watched.database.writing() as connection:
        for name in (RETENTION, *also):
            note_run(connection, name, NOW - timedelta(hours=hours_ago))


def lose_the_windows(around: Around) -> None:
    for stream in around.capture["streams"]:
        stream["last_window"] = "2026-11-21T00:30:00Z"


def leave_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free, total=9 * GB))


TROUBLES: dict[str, Trouble] = {
    "capture is down": lambda around: setattr(around, "capture", None),
    "capture complains": lambda around: around.capture.update(problems=["the disk is full"]),
    "capture talks nonsense": lambda around: around.capture.update(since="yesterday", streams=[{"enabled": True}]),
    "no windows": lose_the_windows,
    "no streams": lambda around: around.capture.update(streams=[]),
    "slots wait": lambda around: wait_in_the_spool(around, 1),
    "spool is full": lambda around: wait_in_the_spool(around, 5),
    "asked": lambda around: Budget(around.settings.budget_path, "shazam", 4, clock=NOW.timestamp).take("kexp"),
    "throttled": throttle,
    "canary": fail_the_canary,
    "no store": lambda around: around.settings.database_path.write_bytes(b"not a database at all" * 500),
    "never ticked": lambda around: (around.settings.marks_dir / SENSOR).unlink(),
    "ticks no more": lambda around: leave_mark(around.settings.marks_dir, SENSOR, NOW - timedelta(hours=3)),
    "a night": lambda around: end_a_night(around, 20),
    "a late night": lambda around: end_a_night(around, 40),
    "everything late": lambda around: end_a_night(around, 9 * 24, BACKUP, UPKEEP),
    "never anything": lambda around: around.has_run_for(timedelta(days=40)),
    "well": lambda around: None,
}
DISKS = {Code.DISK_FREE: 9 * GB, Code.DISK_LOW: 1.9 * GB, Code.DISK_SHEDS_CLIPS: 0.9 * GB, Code.DISK_FULL: 0.4 * GB}


def told_by(around: Around) -> list[Finding]:
    """As the pages have it from the api."""
    told = [one.as_json() for part in look(around.watched).parts for one in part.findings]
    return [Finding(str(one["code"]), one["sentence"], one["details"]) for one in told]


def in_every_language(monkeypatch: pytest.MonkeyPatch, finding: Finding) -> set[str]:
    said = set()
    for language in ("en", *FOREIGN):
        speaks(monkeypatch, language)
        said.add(findings.sentence(finding))
    return said


@pytest.mark.parametrize("trouble", TROUBLES)
def test_whatever_is_found_has_a_sentence_in_every_language(around: Around, environ, monkeypatch, trouble: str):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    TROUBLES[trouble](around)
    for finding in told_by(around):
        said = in_every_language(monkeypatch, finding)
        assert len(said) == 4
        assert finding.sentence not in said
        assert not any(mark in text for text in said for mark in "{}")


@pytest.mark.parametrize(("code", "free"), DISKS.items())
def test_so_has_what_is_left_of_the_disk(around: Around, monkeypatch, code: Code, free: int):
    leave_free(monkeypatch, free)
    (finding,) = [one for one in told_by(around) if one.code.startswith("disk")]
    assert finding.code == code
    assert len(in_every_language(monkeypatch, finding) - {finding.sentence}) == 4


def test_a_folder_that_cannot_be_written_has_one_too(around: Around, monkeypatch):
    monkeypatch.setattr("tagger_platform.health.parts.unwritable", lambda folder: "Read-only file system")
    (finding,) = [one for one in told_by(around) if one.code == Code.NOT_WRITABLE]
    assert len(in_every_language(monkeypatch, finding) - {finding.sentence}) == 4
    assert findings.why(finding) == "Read-only file system"


def test_there_is_a_sentence_for_every_code_and_for_no_other():
    assert set(findings.sentences()) == set(Code)


def test_everything_that_comes_by_itself_has_a_name(monkeypatch):
    speaks(monkeypatch, "en")
    assert list(findings.runs()) == [work.name for work in WORKS]


@pytest.mark.parametrize(
    "finding",
    [
        Finding("a code that came later", "it is so", {"why": "because"}),
        Finding("no_windows", "it is so"),
        Finding("no_windows", "it is so", {"age_s": None}),
        Finding("night_ended", "it is so", {"ended_at": "yesterday"}),
        Finding("log_read", "it is so", {"path": "/x", "plays": []}),
    ],
)
def test_of_an_api_of_another_version_its_own_sentence_is_shown(finding: Finding):
    assert findings.sentence(finding) == "it is so"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptureStandIn]:
    with capture_standin() as standin:
        for name, value in samples.environ(tmp_path / "pages", (standin.port, 1, 2, 3, 4)).items():
            monkeypatch.setenv(name, value)
        forget()
        yield standin
        forget()


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize("path", ["", "diagnostics"])
def test_a_platform_in_trouble_is_told_without_an_english_sentence(
    api: CaptureStandIn, around: Around, monkeypatch, path: str, language: str
):
    for trouble in ("capture is down", "slots wait", "throttled", "canary", "ticks no more", "a late night"):
        TROUBLES[trouble](around)
    leave_free(monkeypatch, int(0.9 * GB))
    report = look(around.watched)
    assert [one.name for one in report.parts if one.state is State.OK] == ["store"]
    api.health = {"streams": [], "parts": report.as_json()["parts"]}
    speaks(monkeypatch, "en")
    in_english = {findings.sentence(one) for one in told_by(around)} | {one.sentence for one in told_by(around)}
    speaks(monkeypatch, language)
    told = in_one_line(words(opened(path)))
    for finding in told_by(around):
        if finding.code != Code.LOG_READ or path:
            assert in_one_line(findings.sentence(finding)) in told
    assert [text for text in in_english - {findings.why(one) for one in told_by(around)} if text in told] == []


def in_one_line(text: str) -> str:
    """Without what keeps Streamlit from reading it as Markdown."""
    return " ".join(text.replace("\\", "").split())
