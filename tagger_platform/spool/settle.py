"""What becomes of a window's audio when its slot has been decided.

What belongs here: the one rule. What does not: finding out what is still waited for and what is evidence (the store).
"""

import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

from tagger_platform.model import parts_of
from tagger_platform.spool.clips import Clips
from tagger_platform.spool.pending import Pending


def settle(
    audio: Sequence[tuple[str, Path | None]],
    *,
    waiting: Collection[str],
    evidence: Collection[str],
    pending: Pending,
    clips: Clips,
) -> None:
    """Put the audio (by window id; None where there is none any more) where it belongs.

    What somebody still has to answer waits, what is evidence of a play is kept, and all other audio goes, because it
    may hold people's talk.
    """
    for window_id, path in audio:
        if path is None:
            if window_id not in waiting:
                pending.forget(window_id)
            continue
        with contextlib.suppress(FileNotFoundError):  # another run that found the same was faster
            if window_id in waiting:
                pending.keep(window_id, path)
            elif window_id in evidence:
                clips.keep(window_id, path)
            else:
                path.unlink()
    pending.drop_empty({parts_of(window_id)[1] for window_id, _ in audio})
