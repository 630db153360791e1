"""What every stage is given: the settings, and the doors to spool, store and providers made from them.

What belongs here: the one resource. What does not: work. Nothing heavy is imported or opened before it is used,
because every run is a new process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from tagger_platform.insight.embedder import Embedder, embedder_of
from tagger_platform.library.places import Library
from tagger_platform.library.watch import Watch
from tagger_platform.model import LATE_AFTER, CaptureState, Slot, Window
from tagger_platform.recognize.base import Metered, Recognizer
from tagger_platform.recognize.catalogue import CatalogueRecognizer
from tagger_platform.recognize.cover_art import Picture, fetch
from tagger_platform.recognize.providers import others
from tagger_platform.settings import Settings
from tagger_platform.spool import Clips, Pending, Spool
from tagger_platform.store.database import Database
from tagger_platform.store.derivation import Rules
from tagger_platform.store.search_index import SearchIndex


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Platform:
    """The platform that the settings describe. `recognizers` stand in for the real ones where given."""

    settings: Settings
    recognizers: Sequence[Recognizer] | None = None
    fetch_picture: Callable[[str], Picture] = fetch
    make_embedder: Callable[[Settings], Embedder] = embedder_of
    clock: Callable[[], datetime] = utc_now

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_path)

    @cached_property
    def search_index(self) -> SearchIndex:
        return SearchIndex(self.settings.search_index_path)

    @cached_property
    def spool(self) -> Spool:
        return Spool(
            self.settings.spool_dir,
            max_windows=self.settings.queue_max_size,
            max_bytes=self.settings.queue_max_mb * 1_000_000,
        )

    @cached_property
    def pending(self) -> Pending:
        return Pending(self.settings.spool_dir / "pending", max_bytes=self.settings.pending_max_mb * 1_000_000)

    @cached_property
    def clips(self) -> Clips:
        return Clips(self.settings.clips_dir)

    @cached_property
    def library(self) -> Library:
        return Library(self.settings)

    @cached_property
    def watch(self) -> Watch:
        """Lives as long as the code server, and so remembers what it saw."""
        return Watch(self.library)

    @property
    def rules(self) -> Rules:
        return Rules(
            policies=self.settings.decision_policy,
            tolerance=self.settings.two_hit_hop_tolerance,
            dedup_s=self.settings.dedup_s,
            hop_s=self.settings.hop_s,
        )

    def panel(self) -> list[Recognizer]:
        """The providers to ask, made anew: some belong to one event loop."""
        if self.recognizers is not None:
            return list(self.recognizers)
        return [CatalogueRecognizer(self.settings.catalogue_dir), *others(self.settings)]

    def may_be_asked_late(self) -> frozenset[str]:
        """Names of the providers that could answer a late question now."""
        return frozenset(
            recognizer.name
            for recognizer in self.panel()
            if not isinstance(recognizer, Metered) or recognizer.budget is None or recognizer.budget.has_spare()
        )

    def audio(self, window: Window) -> Path | None:
        """The window's audio, fresh from capture or waiting for an answer; None when there is none."""
        return self.spool.audio(window) or self.pending.audio(window.window_id)

    def expected_windows(self, slot: Slot) -> list[Window]:
        """The windows that these settings make one expect of a slot."""
        return [
            Window(stream.name, slot, offset, self.settings.window_s, CaptureState.CAPTURED)
            for stream in self.settings.enabled_streams
            for offset in self.settings.window_offsets
        ]

    def is_late(self, slot: Slot) -> bool:
        return self.clock() - slot.start > LATE_AFTER

    @property
    def pending_since(self) -> datetime:
        """Audio that was cut before this has waited CATCHUP_RETAIN_HOURS for an answer."""
        return self.clock() - timedelta(hours=self.settings.catchup_retain_hours)
