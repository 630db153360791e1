"""What the pages say, in the visitor's language: `_("text")`, and `ngettext("{count} play", "{count} plays", count)`.

What belongs here: looking texts up in `locale/<language>/LC_MESSAGES/streamlit_app.po`, which `make messages` keeps in
step with the code. What does not: dates and numbers (`formats`). Both are called where a text is drawn: never at
import, and never in what is cached for all visitors.
"""

import io
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from streamlit_app import preferences

DOMAIN = "streamlit_app"
FOLDER = Path(__file__).with_name("locale")


def _(text: str) -> str:
    """`text` in the visitor's language."""
    return catalogue(preferences.current().language).gettext(text)


def ngettext(one: str, many: str, count: int, **values: str) -> str:
    """`one` or `many` in the visitor's language, whichever form `count` asks for there; all places are filled in."""
    language = preferences.current().language
    counted = format_decimal(count, locale=language)
    return catalogue(language).ngettext(one, many, count).format(count=counted, **values)


@lru_cache(maxsize=len(preferences.LANGUAGES))
def catalogue(language: str) -> NullTranslations:
    """The texts of a language; English is what the code says."""
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    with catalogue_path(language).open("rb") as file:
        write_mo(compiled, read_po(file, language, DOMAIN))
    compiled.seek(0)
    return GNUTranslations(compiled)


def catalogue_path(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
