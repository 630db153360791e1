"""Which questions Diagnostics lists: its address, understood.

What belongs here: from the address to a day, filters, a page of the list and an answer. What does not: drawing, asking
for them.
"""

from dataclasses import dataclass
from datetime import date

from streamlit_app import address, reads, stream_reads
from streamlit_app.provider_list import PROVIDERS
from tagger_platform.model import Status
from tagger_platform.store.recent import Span
from tagger_platform.store.reports import day_bounds

STATUSES = tuple(str(status) for status in Status)
MOST_PAGES = 9999


@dataclass(frozen=True)
class Shown:
    """The day and what of it is listed; `answer` is a window's id and a provider, such as ``kexp/SLOT+0/shazam``."""

    day: date
    streams: tuple[str, ...]
    providers: tuple[str, ...]
    statuses: tuple[str, ...]
    page: int
    answer: str
    problems: list[str]
    today: date
    version: str
    titles: dict[str, str]

    @property
    def span(self) -> Span:
        return Span(*day_bounds(self.day, reads.settings().tz), self.streams)


def shown_now() -> Shown:
    """What the address asks for now."""
    today, version = reads.today(), reads.version()
    titles = stream_reads.titles(version)
    asked = address.asked_now()
    return Shown(
        day=asked.day(today),
        streams=asked.streams(list(titles)),
        providers=asked.choices("provider", PROVIDERS),
        statuses=asked.choices("status", STATUSES),
        page=asked.number("page", 1, MOST_PAGES, 1),
        answer=asked.text("answer"),
        problems=asked.problems,
        today=today,
        version=version,
        titles=titles,
    )
