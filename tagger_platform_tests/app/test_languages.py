"""Languages: every text of the pages is in every catalogue, and no text bypasses them."""

import ast
import string
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import streamlit_app
from streamlit_app import formats, preferences, words
from streamlit_app.api_client import ApiError
from streamlit_app.preferences import LANGUAGES, Clock, Preferences, Theme, read
from streamlit_app.ui import failures
from tagger_platform_tests import samples
from tagger_platform_tests.app.texts_in_code import bare_sentences, bare_texts, looked_up

FOLDER = Path(streamlit_app.__file__).parent
FOREIGN = [language for language in LANGUAGES if language != "en"]
BACKSTAGE = {"api_client.py", "document.py", "listen.py", "plays_file.py", "server.py", "words.py"}
"""What draws nothing."""
MODULES = sorted(path for path in FOLDER.rglob("*.py") if path.name not in BACKSTAGE)


@cache
def extracted() -> frozenset[str | tuple[str, ...]]:
    found = extract_from_dir(FOLDER, comment_tags=())
    return frozenset(message for _, _, message, _, _ in found)


def catalogue_of(language: str) -> Catalog:
    with words.catalogue_path(language).open("rb") as file:
        return read_po(file, language)


@pytest.mark.parametrize("language", FOREIGN)
def test_every_text_is_translated_and_none_is_left_over(language):
    catalogue = catalogue_of(language)
    held = {message.id for message in catalogue if message.id}
    assert held == extracted(), "run 'make messages' and translate what is new"
    empty = [message.id for message in catalogue if message.id and not all(_forms(message))]
    assert empty == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert not catalogue.obsolete


@pytest.mark.parametrize("language", FOREIGN)
def test_every_translation_has_the_places_of_its_text(language):
    for message in catalogue_of(language):
        for form in _forms(message):
            assert _places(form) == _places(message.id if isinstance(message.id, str) else message.id[1]), form


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_text_is_shown_without_a_translation(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(bare_texts(tree)) == []
    assert list(bare_sentences(tree)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_text_that_is_looked_up_can_be_found(path):
    """Babel does not look into an f-string: a call within one is to be taken out of it."""
    held = {text for message in extracted() for text in ([message] if isinstance(message, str) else message)}
    assert set(looked_up(ast.parse(path.read_text(encoding="utf-8")))) - held == set()


def test_a_text_is_seen_wherever_it_is_looked_up():
    code = 'def page(): st.write(f\'{_("one")}: {ngettext("two", "three", count)}\', _(\'four\'))'
    assert set(looked_up(ast.parse(code))) == {"one", "two", "three", "four"}


@pytest.mark.parametrize(
    "code",
    [
        "st.info('Nothing here')",
        "column.metric('Plays', 3)",
        "st.button(f'Play {name}')",
        "st.text_input(label, placeholder='type here')",
        "st.warning('A ' + name)",
        "st.error(text if text else 'Wrong')",
        "st.error('Wrong {}'.format(name))",
        "_(f'Play {name}')",
        "_(name + ' x')",
        "ngettext('{count} play', many, count)",
        "rows = [{'Time': 1}]",
        "states.empty('Nothing')",
        "Figure('Plays', 3)",
    ],
)
def test_the_check_sees_a_text_that_bypasses_the_catalogues(code):
    assert list(bare_texts(ast.parse(code)))


@pytest.mark.parametrize(
    "code", ["st.info(_('Nothing here'))", "st.html('<b>' + _('x') + '</b>')", "st.button('', icon=':material/x:')"]
)
def test_the_check_lets_translated_texts_and_markup_pass(code):
    assert list(bare_texts(ast.parse(code))) == []


@pytest.mark.parametrize(
    "code",
    [
        "def why(): return 'No stream yet'",
        "NOTHING = f'<p>Nothing at {time}</p>'",
        "ngettext('{count} play', '{count} plays', count, of='the whole day')",
        "words = {'x': 'not at all'}",
    ],
)
def test_the_check_sees_a_sentence_before_it_is_shown(code):
    assert list(bare_sentences(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "def why():\n    'Says why not.'\n    return _('No stream yet')",
        "X = 1\n'What this is for.'",
        'return_ = f\'<img src="{path}" alt="" class="cover">\'',
        "log.error('it could not be drawn')",
    ],
)
def test_the_check_lets_docstrings_markup_and_the_log_pass(code):
    assert list(bare_sentences(ast.parse(code))) == []


@pytest.fixture(params=["es", "uk", "ru"])
def speaking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A visitor's browser that asks for this language, and has chosen a clock of twelve hours."""
    visitor = read({"tagger_language": request.param, "tagger_clock": "12"}, "en-US")
    monkeypatch.setattr(preferences, "current", lambda: visitor)
    return request.param


def test_plurals_dates_and_times_follow_the_language(speaking):
    now = datetime(2025, 11, 20, 2, 27, tzinfo=UTC)
    told = {
        "es": ["hace 3 días", "hace 5 días", "20 nov 2025"],
        "uk": ["3 дні тому", "5 днів тому", "20 лист. 2025 р."],
        "ru": ["3 дня назад", "5 дней назад", "20 нояб. 2025 г."],
    }
    days = [formats.ago(now - timedelta(days=count), now) for count in (3, 5)]
    shown = [*days, formats.day(date(2025, 11, 20))]
    assert [text.replace("\u202f", " ") for text in shown] == told[speaking]
    assert formats.clock(now, samples.TZ).startswith("6:27")
    assert formats.percent(0.85).replace("\u00a0", " ") in ("85 %", "85%")


def test_what_the_api_refuses_is_told_in_the_language_and_then_in_the_apis_words(speaking):
    told = {
        "es": "Este nombre no se puede usar.",
        "uk": "Це ім’я використати не можна.",
        "ru": "Это имя использовать нельзя.",
    }
    refused = ApiError("bad_parameter", "the name is taken", "name")
    assert failures.sentence(refused) == f"{told[speaking]}\n\nthe name is taken"


def test_english_and_24_hours_are_what_nobody_has_to_choose():
    evening = datetime(2025, 11, 21, 2, 27, tzinfo=UTC)
    assert (formats.clock(evening, samples.TZ), formats.number(12345.67)) == ("18:27", "12,345.7")
    assert [formats.length(seconds) for seconds in (7, 187, 3787)] == ["0:07", "3:07", "1:03:07"]


@pytest.mark.parametrize(
    ("cookies", "locale", "chosen"),
    [
        ({}, "", Preferences()),
        ({}, "uk-UA", Preferences("uk")),
        ({"tagger_language": "ru"}, "es", Preferences("ru")),
        ({"tagger_language": "xx", "tagger_theme": "<b>", "tagger_clock": ""}, "fr-FR", Preferences()),
        ({"tagger_theme": "light", "tagger_clock": "12"}, "", Preferences("en", Theme.LIGHT, Clock.H12)),
    ],
)
def test_cookies_that_make_no_sense_count_as_none(cookies, locale, chosen):
    assert read(cookies, locale) == chosen
