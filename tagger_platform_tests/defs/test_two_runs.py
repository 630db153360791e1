"""Two runs of one slot, one of which does all its work in the middle of the other's: what it found stands."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
import soundfile

from tagger_platform.defs.platform import Platform
from tagger_platform.model import Recognition, Window
from tagger_platform.settings import Settings
from tagger_platform.spool import Manifest
from tagger_platform_tests.defs.test_hot_path import NOISE, Hot, Table, answers
from tagger_platform_tests.test_spool import FIRST, window


@dataclass(frozen=True)
class Interrupted(Platform):
    """A platform that lets `meanwhile` happen once, before or after it looks for the first window's audio."""

    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    found_before: bool = False

    def audio(self, window: Window) -> Path | None:
        found = super().audio(window)
        while self.meanwhile:
            self.meanwhile.pop()()
            found = found if self.found_before else super().audio(window)
        return found


@dataclass
class Slow(Table):
    """A table that lets `meanwhile` happen before its first answer."""

    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        while self.meanwhile:
            await asyncio.to_thread(self.meanwhile.pop())
        return await super().recognize(window, audio)


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that fails here is a bug: fail at once instead of after its infrastructure retries."""
    monkeypatch.setattr(dg.RetryPolicy, "max_retries", 0)


def publish(hot: Hot) -> None:
    """A heard stream, a silent one, a damaged one, and a confirm window that nobody has to ask about."""
    spool = hot.platform.spool
    windows = (
        window(FIRST, "cafe"),
        window(FIRST, "cafe", 30),
        window(FIRST, "bar", level_dbfs=None),
        window(FIRST, "pub"),
    )
    for each in windows:
        soundfile.write(spool.path_for(each), NOISE if each.stream != "pub" else NOISE[:1000], 16_000, format="FLAC")
    spool.publish(Manifest(FIRST, "capture", 120, windows, titles=(("cafe", "Café"),)))


def other_run(settings: Settings) -> None:
    """A whole run of the slot, in a thread of its own, because it has its own event loop."""
    with dg.DagsterInstance.ephemeral() as instance:
        worker = threading.Thread(target=Hot(settings, instance, shazam()).run)
        worker.start()
        worker.join()


def shazam(kind: type[Table] = Table, **more: list[Callable[[], None]]) -> Table:
    return kind(answers(), name="shazam", asks_every_window=False, **more)


@pytest.mark.parametrize("moment", ["before the audio is looked for", "before it is read", "before it is answered"])
def test_what_the_other_run_found_stands(settings: Settings, instance: dg.DagsterInstance, moment: str) -> None:
    hot = Hot(settings, instance, shazam())
    publish(hot)
    meanwhile = [lambda: other_run(settings)]
    if moment == "before it is answered":
        hot = Hot(settings, instance, shazam(Slow, meanwhile=meanwhile))
    else:
        found_before = moment == "before it is read"
        hot.use(Interrupted(settings, [shazam()], meanwhile=meanwhile, found_before=found_before))
    hot.run()
    with hot.platform.database.reading() as connection:
        states = connection.execute("SELECT stream, offset_s, state FROM windows ORDER BY ALL").fetchall()
        said = connection.execute("SELECT window_id, status FROM recognitions ORDER BY ALL").fetchall()
    assert meanwhile == []
    assert states == [("bar", 0, "silent"), ("cafe", 0, "heard"), ("cafe", 30, "not_needed"), ("pub", 0, "corrupt")]
    assert [status for _, status in said] == ["silent", "no_match", "not_needed"]
    assert hot.audio() == []
