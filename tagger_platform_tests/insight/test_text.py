"""Which ways of writing a name are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.insight.text import MOST_CHUNKS, chunks, fold, required, spaced, track_text, whole


def stored(title: str, artist: str = "") -> str:
    """The words that a track is found by."""
    text = track_text(title=title, artist=artist)
    return f" {text.title} {text.artist} {text.also} "


def has(track: str, query: str) -> bool:
    """Whether a track of this title has every word of the query."""
    words = stored(track)
    return all(
        any(all(f" {spaced(word)} " in words for word in form) for form in chunk.forms)
        for chunk in required(chunks(query))
    )


SAME = [
    ("AC/DC", "acdc"),
    ("AC/DC", "ac dc"),
    ("AC/DC", "AC-DC"),
    ("R.E.M.", "rem"),
    ("R.E.M.", "r.e.m"),
    ("R.E.M.", "R E M"),
    ("M.I.A.", "mia"),
    ("Don't Stop", "dont stop"),
    ("Don’t Stop", "don't stop"),
    ("Don't Stop", "DON T STOP"),
    ("L'amour", "amour"),
    ("Straße", "strasse"),
    ("Strasse", "straße"),
    ("STRASSE", "Straße"),
    ("Björk", "bjork"),
    ("Björk", "bjo\u0308rk"),
    ("Motörhead", "motoerhead"),
    ("Müller", "Mueller"),
    ("Sigur Rós", "sigur ros"),
    ("Mø", "mo"),
    ("Łona", "lona"),
    ("Ægir", "aegir"),
    ("P!nk", "pink"),
    ("P!nk", "p!nk"),
    ("Ke$ha", "kesha"),
    ("A$AP Rocky", "asap rocky"),
    ("$uicideboy$", "suicideboys"),
    ("Beyoncé feat. Jay-Z", "beyonce ft jay z"),
    ("Beyoncé feat. Jay-Z", "beyonce featuring jayz"),
    ("Beyoncé feat. Jay-Z", "beyonce jay-z"),
    ("Simon & Garfunkel", "simon and garfunkel"),
    ("Simon and Garfunkel", "simon&garfunkel"),
    ("Guns N' Roses", "guns and roses"),
    ("Guns & Roses", "guns n roses"),
    ("Smashing Pumpkins", "the smashing pumpkins"),
    ("The Beatles", "beatles"),
    ("blink-182", "blink 182"),
    ("blink-182", "blink182"),
    ("(I Can't Get No) Satisfaction", "i cant get no satisfaction"),
    ("ＡＢＢＡ", "abba"),
    ("Кино", "КИНО"),
    ("Ёлка", "елка"),
    ("Σεισμός", "σεισμοσ"),
    ("宇多田ヒカル", "宇多田"),
    ("宇多田ヒカル", "ヒカル"),
    ("宇多田ヒカル", "宇多田 ヒカル"),
    ("YOASOBI「夜に駆ける」", "夜に駆ける yoasobi"),
    ("アイドル", "ｱｲﾄﾞﾙ"),
    ("방탄소년단", "소년단"),
    ("!!!", "!!!"),
    ("=", "="),
    ("🔥", "🔥"),
    ("The The", "the the"),
]
NOT_SAME = [
    ("Queen", "Queens"),
    ("かき", "がき"),
    ("The The", "who"),
    ("Кино", "kino"),
    ("U2", "u"),
    ("夜に駆ける", "駆夜"),
]


@pytest.mark.parametrize(("name", "query"), SAME)
def test_a_name_is_found_however_it_is_written(name: str, query: str) -> None:
    assert has(name, query)


@pytest.mark.parametrize(("name", "query"), NOT_SAME)
def test_other_words_are_other_words(name: str, query: str) -> None:
    assert not has(name, query)


@pytest.mark.parametrize("text", ["", " ", "\0", "\t\n", "\u200b", "\ud800", "\x1b"])
def test_what_cannot_be_seen_is_no_text(text: str) -> None:
    assert chunks(text) == []
    assert whole(chunks(text)) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Daft Punk", "daftpunk"),
        ("The Beatles", "Beatles"),
        ("AC/DC", "ac dc"),
        ("Simon & Garfunkel", "simon and garfunkel"),
    ],
)
def test_a_whole_name_is_one_word(one: str, other: str) -> None:
    assert whole(chunks(one)) == whole(chunks(other))


def test_a_track_goes_by_its_whole_names() -> None:
    text = track_text(title="Smooth (Radio Edit)", artist="Santana feat. Rob Thomas & P!nk")
    assert {"=smooth", "=smoothradioedit", "=santana", "=robthomas", "=pink"} <= set(text.whole.split())


def test_an_isrc_is_found_with_hyphens_and_without() -> None:
    text = track_text(title="x", isrc="US-RC1-76-07839")
    assert {"usrc17607839", "us", "07839"} <= set(text.also.split())


ANY = st.text(max_size=60)


@given(ANY)
def test_every_text_finds_itself(text: str) -> None:
    assert has(text, text)


@given(ANY)
def test_case_and_accents_never_matter(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert has(text, text.casefold())


@given(ANY)
def test_words_are_apart_and_hold_no_space(text: str) -> None:
    for chunk in chunks(text):
        assert all(word and not any(c.isspace() for c in word) for form in chunk.forms for word in form)


@given(ANY, ANY)
def test_two_texts_together_are_found_by_each(one: str, other: str) -> None:
    together = f"{one} {other}"
    if all(any(c.isalnum() for c in text) for text in (one, other)):
        assert has(together, one)
        assert has(together, other)


@given(st.text(min_size=1000, max_size=20_000))
def test_a_long_text_is_cut(text: str) -> None:
    assert len(chunks(text)) <= MOST_CHUNKS
