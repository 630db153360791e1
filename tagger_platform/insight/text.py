"""The one normaliser of titles, artists and albums, and of what people type to find them.

What belongs here: which ways of writing a name are the same. What does not: finding (`ranking`), typos (`spelling`).
Pure: standard library only.

A text is cut at spaces into *chunks*. A chunk has *forms*, every way in which it is written: cut at punctuation
(``AC/DC`` -> ac dc), glued (acdc), with signs read as the letters they stand for (``P!nk`` -> pink), with umlauts
spelled out (motoerhead). A track is stored with all forms of its chunks and found by any form of a query's, so nobody
needs to know how a name is written. Scripts without spaces are compared by character.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

LONGEST_TEXT = 1000
"""Characters of a text that are looked at, and chunks: more is no name, and no query that a person typed."""
MOST_CHUNKS = 32
CACHED_PIECES = 50_000
"""Words come again and again: remembering their forms halves the time to index a log."""

_PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
)
"""Letters that no decomposition turns into plain ones."""
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_LETTER_SIGNS = (
    (re.compile(r"(?<=\w)!(?=\w)"), "i"),
    (re.compile(r"(?<=\w)\$|\$(?=\w)"), "s"),
    (re.compile(r"(?<=\w)@|@(?=\w)"), "a"),
    (re.compile(r"(?<=\w)€|€(?=\w)"), "e"),
)
_VOICING = "\u3099\u309a"
"""Marks that tell Japanese syllables apart; others are accents."""
_UNSPACED = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0003ffff]"
)
"""Han, kana, Hangul, Thai, Lao, Burmese and Khmer."""
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_SEGMENT = re.compile(r"[(\[]|\s[-–—]\s|\b(?:feat|ft|featuring)\b")
_ARTISTS = re.compile(_SEGMENT.pattern + r"|[,&;/]|\s(?:x|vs\.?|and|with)\s", re.IGNORECASE)

_SAME_WORD = {"ft": "feat", "featuring": "feat", "&": "and", "+": "and"}
CONNECTING = frozenset({"feat", "and", "n", "the", "by", "with", "x", "vs"})
"""Words that are written or left out at will: nobody has to type them, and a track without them is a hit."""

Form = tuple[str, ...]
"""Words that have to be there together."""


@dataclass(frozen=True)
class Chunk:
    """What stood between two spaces: as it was written, and its forms, the first being the usual one."""

    written: str
    forms: tuple[Form, ...]

    @property
    def is_connecting(self) -> bool:
        return all(word in CONNECTING for word in self.forms[0])

    @property
    def glued(self) -> str:
        return "".join(self.forms[0])


@dataclass(frozen=True)
class TrackText:
    """A track's words as the index stores them, parted by spaces.

    `also` are other forms of the words; `whole` are whole names without spaces, each after a WHOLE mark.
    """

    title: str
    artist: str
    album: str
    also: str
    whole: str


WHOLE = "="
"""Marks a word that is a whole name: no word of a text begins so."""
_SIGNS = str.maketrans({WHOLE: "≡", '"': "″", "'": "′"})
"""Signs that mean something to the index, in texts of signs alone."""


def fold(text: str) -> str:
    """`text` without case and accents, in plain letters where there are any: Björk -> bjork, Straße -> strasse."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (c for c in decomposed if not unicodedata.combining(c) or c in _VOICING)
    return unicodedata.normalize("NFC", "".join(kept).translate(_PLAIN))


def clean(text: str) -> str:
    """`text` without what cannot be seen: control characters are spaces, marks of direction and joiners go."""
    if text.isascii() and text.isprintable():
        return text[:LONGEST_TEXT]
    return "".join(_seen(c) for c in text[:LONGEST_TEXT])


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    return "" if category == "Cf" else " " if category[0] in "CZ" else character


def chunks(text: str) -> list[Chunk]:
    """The chunks of a text, in order. A text of signs alone (``!!!``) is one chunk of them, an empty text has none."""
    pieces = clean(text).replace("&", " & ").split()[:MOST_CHUNKS]
    found = [Chunk(piece, forms) for piece in pieces if (forms := _forms(piece))]
    if any(any(c.isalnum() for c in word) for chunk in found for word in chunk.forms[0]):
        return found
    signs = "".join(pieces).translate(_SIGNS)
    return [Chunk(signs, ((signs,),))] if signs else []


@lru_cache(maxsize=CACHED_PIECES)
def _forms(piece: str) -> tuple[Form, ...]:
    return tuple(dict.fromkeys(_every_form(piece)))


def _every_form(piece: str) -> Iterator[Form]:
    folded = fold(piece)
    parts = tuple(_SAME_WORD.get(part, part) for part in _words(_SAME_WORD.get(folded, folded)))
    if parts:
        yield parts
    if parts == ("and",):
        yield ("n",)
    if parts == ("n",):
        yield ("and",)
    if len(parts) > 1 and not _UNSPACED.search(folded):
        yield ("".join(parts),)
    for other in (_with_letters_for_signs(folded), _spelled_out(piece)):
        if other != folded and (word := "".join(_words(other))):
            yield (word,)


def _words(folded: str) -> list[str]:
    """What punctuation and changes of script leave of a folded piece."""
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    return ["".join(run) for kind, run in groupby(folded, _kind) if kind]


def _kind(character: str) -> str:
    if _UNSPACED.match(character):
        return "unspaced"
    return "spaced" if character.isalnum() or unicodedata.category(character)[0] == "M" else ""


def _with_letters_for_signs(folded: str) -> str:
    for sign, letter in _LETTER_SIGNS:
        folded = sign.sub(letter, folded)
    return folded


def _spelled_out(piece: str) -> str:
    return fold(unicodedata.normalize("NFC", piece.lower()).translate(_SPELLED_OUT))


def spaced(word: str) -> str:
    """A word as the index holds it: those of scripts without spaces character by character."""
    return " ".join(word) if _UNSPACED.match(word) else word


def required(found: list[Chunk]) -> list[Chunk]:
    """The chunks that a track must have to be a hit: all but connecting words, if there are others."""
    return [chunk for chunk in found if not chunk.is_connecting] or found


def whole(found: list[Chunk]) -> str:
    """A whole name as one word: DaftPunk, daft punk and Daft-Punk are the same, The Beatles and Beatles too."""
    return WHOLE + "".join(chunk.glued for chunk in required(found)) if found else ""


def track_text(*, title: str, artist: str = "", album: str = "", isrc: str = "") -> TrackText:
    """How a track is stored, so that a query in any form finds it."""
    texts = [chunks(text) for text in (title, artist, album, isrc)]
    main = [" ".join(_spread(chunk.forms[:1] for chunk in found)) for found in texts]
    also = dict.fromkeys(_spread(chunk.forms[1:] for found in texts for chunk in found))
    return TrackText(
        title=main[0],
        artist=main[1],
        album=main[2],
        also=" ".join(filter(None, [*also, main[3]])),
        whole=" ".join(_wholes(title, artist)),
    )


def _spread(forms: Iterable[tuple[Form, ...]]) -> Iterator[str]:
    return (spaced(word) for some in forms for form in some for word in form)


def _wholes(title: str, artist: str) -> dict[str, None]:
    """The names that people ask for: the title with and without what follows it, all artists and each."""
    names = [title, _SEGMENT.split(title.lower())[0], artist, *_ARTISTS.split(artist)]
    return dict.fromkeys(word for name in names for word in _ways_of_writing(chunks(name)))


def _ways_of_writing(name: list[Chunk]) -> list[str]:
    if len(name) == 1:
        return [WHOLE + "".join(form) for form in name[0].forms]
    return [whole(name), WHOLE + "".join(chunk.glued for chunk in name)] if name else []
