"""Taking known secrets out of text that leaves the machine, however they are written in it.

What belongs here: the spellings of a secret, and replacing them. What does not: which secrets there are (`settings`),
and URLs in log lines (`logs`), whose secrets nobody has to know beforehand.
"""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from tagger_platform.observe.logs import redact

SHORTEST = 3
"""Characters: what is shorter would take half of every text along, and is guessed at once anyway."""
HIDDEN = "***"


class Hider:
    """Replaces secrets by ``***``, plain or encoded as in URLs and JSON, and the user info of every URL."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret) if len(spelling) >= SHORTEST}
        longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if longest_first else None

    def __call__(self, text: str) -> str:
        text = redact(text)
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _spellings(secret: str) -> set[str]:
    plain = {secret, unquote(secret), unquote_plus(secret)}
    encoded = {form for one in plain for form in (one, quote(one), quote(one, safe=""), quote_plus(one))}
    twice = {quote(one, safe="") for one in encoded}
    written = encoded | twice
    return written | {json.dumps(one, ensure_ascii=ascii_only)[1:-1] for one in written for ascii_only in (True, False)}
