"""What the panel needs a provider to be.

What belongs here: the two protocols. What does not: any provider.
"""

from pathlib import Path
from typing import Protocol, runtime_checkable

from tagger_platform.model import Recognition, Window
from tagger_platform.recognize.budget import Budget


class Recognizer(Protocol):
    """A provider. `asks_every_window`: asking costs so little that confirm windows are asked at once too."""

    name: str
    asks_every_window: bool

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        """The provider's answer about the audio file of `window`, or the status that says why there is none."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A provider whose questions are limited. The panel pays before it asks, and before it counts as in flight.

    Where `budget` is None it may be asked freely.
    """

    budget: Budget | None
