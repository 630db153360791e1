"""A play with all that is behind it, written the way a slot's run writes it: windows, answers, their words, a clip.

What belongs here: data for the tests of what shows evidence. What does not: tests.
"""

from datetime import timedelta
from pathlib import Path

import numpy as np
import soundfile

from tagger_platform.model import CaptureState, Play, Recognition, Slot, Status, Track, Window
from tagger_platform.recognize.answers import packed
from tagger_platform.store.database import Database
from tagger_platform.store.derivation import replace_plays
from tagger_platform.store.reports import day_bounds
from tagger_platform.store.writes import write_recognitions, write_tracks, write_windows
from tagger_platform_tests import samples

RATE, CLIP_S = 16_000, 12
SONG = Track("shazam", "proven", "Beyond <all> *Doubt*", "The Witnesses", link="https://music.example/track/proven")
OFFSET_S = 61.5


def write_evidence(database: Database, clips_dir: Path) -> Play:
    """A play in the last minutes of the sample day, made by two windows; the audio of the first is kept."""
    slot = Slot(day_bounds(samples.DAY, samples.TZ)[1] - timedelta(minutes=4))
    windows = [Window("kexp", slot, offset, CLIP_S, CaptureState.CAPTURED, level_dbfs=-18.0) for offset in (0, 30)]
    answers = [answer for window in windows for answer in _answers(window)]
    first, last = (window.window_id for window in windows)
    play = Play(
        play_id="proven",
        stream="kexp",
        started_at=slot.start,
        ended_at=slot.start + timedelta(seconds=200),
        uncertainty_s=1.5,
        status=samples.PlayStatus.CONFIRMED,
        track=SONG,
        confidence=0.93,
        policy="shazam_two_hit",
        windows=(first, last),
        explanation=f"shazam_two_hit@1: shazam named it in two consecutive windows ({first} and {last})",
    )
    with database.writing() as connection:
        write_windows(connection, windows, titles=samples.STREAMS, source="capture", slot=slot)
        write_recognitions(connection, windows, answers, asked_at=slot.start + timedelta(seconds=44))
        write_tracks(connection, [SONG])
        replace_plays(connection, [], [play])
    clip = clips_dir / "kexp" / f"{slot.key.replace(':', '-')}+0.flac"
    clip.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(clip, np.sin(np.arange(RATE * CLIP_S) / 9).astype("float32") / 4, RATE)
    return play


def _answers(window: Window) -> list[Recognition]:
    raw = packed({"matches": [{"offset": OFFSET_S + window.offset_s}], "track": {"title": SONG.title}})
    return [
        Recognition(
            window.window_id,
            "shazam",
            Status.MATCH,
            SONG,
            offset_s=OFFSET_S + window.offset_s,
            speed=1.0,
            confidence=0.9,
            latency_ms=640.0,
            raw=raw,
        ),
        Recognition(window.window_id, "catalogue", Status.NO_MATCH, latency_ms=31.0),
    ]
