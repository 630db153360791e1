"""When several providers mean the same track.

What belongs here: the normal form of titles, artists and ISRCs, and the groups of tracks that follow from it.
What does not: what was heard when (policies, spans).
"""

import re
import unicodedata
from collections.abc import Iterable

from tagger_platform.model import Track

_FEATURED_IN_BRACKETS = re.compile(r"[(\[]\s*(?:feat|ft|featuring)\b[^)\]]*[)\]]")
_FEATURED_AT_THE_END = re.compile(r"(?<=\s)(?:feat|ft|featuring)\b.*")
_NOT_A_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def normal_text(text: str) -> str:
    """`text` for comparing: no case, accents, guests, punctuation or spaces, so that AC/DC, AC DC and ACDC agree."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("&", " and ")
    without_guests = _FEATURED_AT_THE_END.sub("", _FEATURED_IN_BRACKETS.sub(" ", plain))
    return _NOT_A_LETTER_OR_DIGIT.sub("", without_guests)


def names_of(track: Track) -> list[str]:
    """Every name `track` is known by; two tracks with a name in common are the same.

    A title counts only together with its artist: two files called "Intro" by nobody are not one track.
    """
    names = [_id_of(track)]
    if isrc := normal_text(track.isrc):
        names.append(f"isrc:{isrc}")
    title, artist = normal_text(track.title), normal_text(track.artist)
    if title and artist:
        names.append(f"text:{artist}/{title}")
    return names


def _id_of(track: Track) -> str:
    return f"id:{track.track_id}"


class Links:
    """Groups of tracks that are the same one: equal ISRC, or equal normalised title and artist,
    directly or by way of others.

    A group goes by its smallest name, so it does not matter in which order the tracks came.
    """

    def __init__(self, tracks: Iterable[Track]) -> None:
        self._parents: dict[str, str] = {}
        for track in tracks:
            first, *others = names_of(track)
            for other in others:
                self._join(first, other)

    def group(self, track: Track) -> str:
        return self._root(_id_of(track))

    def same(self, one: Track, other: Track) -> bool:
        return self.group(one) == self.group(other)

    def _root(self, name: str) -> str:
        while (parent := self._parents.get(name, name)) != name:
            name = parent
        return name

    def _join(self, one: str, other: str) -> None:
        low, high = sorted((self._root(one), self._root(other)))
        self._parents[high] = low
