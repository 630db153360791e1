"""The pages: what each is called, its icon, its path, and the function that draws it.

What belongs here: the list. What does not: anything drawn. The names are texts of the catalogue, translated by `app`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from streamlit_app.ui import track_list
from streamlit_app.views import diagnostics, identify, library, on_air, search, sound_map, streams, track
from streamlit_app.words import _
from tagger_platform.settings import Settings


@dataclass(frozen=True)
class Page:
    """`path` is that of its address; the empty one is the page that opens first. The navigation has those `listed`."""

    path: str
    icon: str
    draw: Callable[[], None]
    listed: Callable[[Settings], bool] = lambda _settings: True

    @property
    def title(self) -> str:
        return titles()[self.path]


def titles() -> dict[str, str]:
    """What each page is called in the visitor's language, by its path."""
    return {
        "": _("On air"),
        "search": _("Search"),
        "map": _("Sound map"),
        track_list.TRACK_PATH: _("Track"),
        "streams": _("Streams"),
        "library": _("Library"),
        "identify": _("Identify"),
        "diagnostics": _("Diagnostics"),
    }


PAGES = (
    Page("", "radio", on_air.page),
    Page("search", "search", search.page),
    Page("map", "bubble_chart", sound_map.page, lambda settings: settings.clusters_enabled),
    Page(track_list.TRACK_PATH, "music_note", track.page, lambda _settings: False),
    Page("streams", "sensors", streams.page),
    Page("library", "library_music", library.page),
    Page("identify", "mic", identify.page),
    Page("diagnostics", "vital_signs", diagnostics.page),
)
PATHS = tuple(page.path for page in PAGES if page.path)
