"""What is this audio, where the catalogue does not know it: whoever else may be asked, one after the other.

What belongs here: which part of a file each is given, and paying for the question. What does not: the catalogue
(`identify`), what the answers mean (`recognize`). Nothing is kept, and no play comes of it.
"""

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile

from tagger_platform.audio import decode
from tagger_platform.capture.timeline import level_dbfs
from tagger_platform.model import ANSWERED, CaptureState, Recognition, Slot, Status, Window
from tagger_platform.recognize.acoustid import AcoustidRecognizer
from tagger_platform.recognize.base import Metered, Recognizer
from tagger_platform.recognize.budget import BURST, Budget, Wait
from tagger_platform.recognize.panel import answer_of, is_silent

NAME = "identify"
"""In the place of a stream's name."""
RATE = 16_000
"""Samples a second, as capture cuts windows."""
PIECE_S = 12
"""Seconds from the middle of a file: what a window is, and of a song more telling than how it begins."""
LONGEST_S = 20 * 60
"""Seconds of a file that are looked at: longer than a song."""
LEFT_TO_STREAMS = BURST // 2
"""Questions that are left of a budget at least: what is on air comes first."""
WHOLE = frozenset({AcoustidRecognizer.name})
"""Who knows whole files, and no pieces of them."""
SAID = ANSWERED | {Status.SILENT}


@dataclass(frozen=True)
class _Sound:
    """A file as it is asked about: `whole` and `piece` are FLAC, the piece begins `from_s` into the file."""

    whole: Path
    piece: Path
    from_s: float
    level_dbfs: float | None


class Elsewhere:
    """The providers to ask, for as many files as one command names.

    Each question takes from the budget that the streams live on, never its last half, and none waits for it. Who gave
    no answer once is not asked again: a thousand files must not wait for a provider that is down a thousand times.
    """

    def __init__(self, recognizers: Sequence[Recognizer], ffmpeg: str) -> None:
        self._recognizers = list(recognizers)
        self._ffmpeg = ffmpeg

    def ask(self, file: Path) -> list[Recognition]:
        """What each said of the file, until one knew it: `offset_s` is where in the track the file begins.

        Raises AudioError.
        """
        if not self._recognizers:
            return []
        with tempfile.TemporaryDirectory(prefix="tagger-identify-") as folder:
            return asyncio.run(self._ask(_sound(file, Path(folder), self._ffmpeg)))

    async def _ask(self, sound: _Sound) -> list[Recognition]:
        said: list[Recognition] = []
        for recognizer in tuple(self._recognizers):
            said.append(await _answer(recognizer, sound))
            if said[-1].status not in SAID:
                self._recognizers.remove(recognizer)
            if said[-1].status is Status.MATCH:
                break
        return said


async def _answer(recognizer: Recognizer, sound: _Sound) -> Recognition:
    """The answer about the file, or the status that says why there is none: nothing is raised."""
    window = Window(
        NAME, Slot(datetime.fromtimestamp(0, UTC)), 0, PIECE_S, CaptureState.CAPTURED, level_dbfs=sound.level_dbfs
    )
    if is_silent(window):
        return Recognition(window.window_id, recognizer.name, Status.SILENT)
    budget = recognizer.budget if isinstance(recognizer, Metered) else None
    if refused := _refused(budget, recognizer.name, window):
        return refused
    given = await answer_of((window, sound.whole if recognizer.name in WHOLE else sound.piece), recognizer)
    with contextlib.suppress(sqlite3.Error):  # the next question will tell
        if budget:
            budget.told(given)
    if given.offset_s is None or recognizer.name in WHOLE:
        return given
    return replace(given, offset_s=given.offset_s - sound.from_s * (given.speed or 1))


def _refused(budget: Budget | None, provider: str, window: Window) -> Recognition | None:
    """Why the question cannot be asked now; None where it is paid for."""
    if budget is None:
        return None
    try:
        budget.path.parent.mkdir(parents=True, exist_ok=True)
        wait = budget.take(NAME, leaving=LEFT_TO_STREAMS)
    except (sqlite3.Error, OSError) as error:
        detail = f"its budget cannot be kept in {budget.path}: {error}"
        return Recognition(window.window_id, provider, Status.PROVIDER_DOWN, detail=detail)
    return Recognition(window.window_id, provider, wait.status, detail=_why(wait)) if wait else None


def _why(wait: Wait) -> str:
    return f"{wait.detail}; it may be asked again in {max(1, round(wait.seconds))} s"


def _sound(file: Path, folder: Path, ffmpeg: str) -> _Sound:
    whole, piece = folder / "whole.flac", folder / "piece.flac"
    with soundfile.SoundFile(whole, "w", RATE, 1, "PCM_16") as written:
        with contextlib.closing(decode(file, RATE, ffmpeg)) as blocks:
            for block in blocks:
                written.write(block)
                if written.frames >= LONGEST_S * RATE:
                    break
        length = written.frames
    first = max(0, (length - PIECE_S * RATE) // 2)
    samples, _ = soundfile.read(whole, frames=PIECE_S * RATE, start=first, dtype="int16")
    soundfile.write(piece, samples, RATE)
    return _Sound(whole, piece, first / RATE, level_dbfs(np.asarray(samples)))
