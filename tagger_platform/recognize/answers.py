"""What the providers that are asked over HTTP have in common: one question, and a status for whatever becomes of it.

What belongs here: turning a question's failure into a recognition, and reading JSON that may hold anything. What does
not: any provider, and asking again (budget and catch-up decide when).
"""

import asyncio
import json
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tagger_platform.model import Recognition, Status, Window

DETAIL_CHARS = 200
"""How much of an unexpected body is told: enough to recognise an error page."""

MOST_DETAIL = 500
"""Characters of a detail: what is told of a body, and words of ours around it."""
MOST_TEXT = 1000
"""Characters of a title, a name or an address; longer ones are no such thing."""

MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading JSON of another shape raises."""


class NoAnswerError(Exception):
    """Why there is no answer, as the status of the recognition, and how long the provider asks to wait."""

    def __init__(self, status: Status, detail: str, retry_after_s: float | None = None) -> None:
        self.status = status
        self.retry_after_s = retry_after_s
        super().__init__(detail)


async def answer(
    window: Window,
    provider: str,
    question: Awaitable[Any],
    read: Callable[[Any], Recognition],
    *,
    timeout_s: float,
) -> Recognition:
    """What `read` makes of the provider's own words, or the status that says why there are none: nothing is raised.

    `question` gets `timeout_s`; both it and `read` may raise NoAnswerError, and `read` one of MISSHAPEN.
    """
    began = time.perf_counter()
    try:
        given = read(await asyncio.wait_for(question, timeout_s))
    except TimeoutError:
        given = Recognition(window.window_id, provider, Status.TIMEOUT, detail=f"no answer within {timeout_s:g} s")
    except NoAnswerError as error:
        given = Recognition(
            window.window_id, provider, error.status, detail=str(error), retry_after_s=error.retry_after_s
        )
    except MISSHAPEN as error:
        detail = f"not the shape of an answer: {type(error).__name__}: {error}"
        given = Recognition(window.window_id, provider, Status.BAD_ANSWER, detail=detail)
    return replace(given, detail=_kept(given.detail), latency_ms=round((time.perf_counter() - began) * 1000, 1))


def _kept(detail: str) -> str:
    """As much of a detail as is kept, as UTF-8 can hold it: it may quote anything, of any length."""
    return detail[:MOST_DETAIL].encode(errors="backslashreplace").decode()


def packed(raw: object) -> bytes:
    """The provider's own words as they are kept: compressed JSON. Raises ValueError for text that is no Unicode."""
    return zlib.compress(json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode())


def unpacked(raw: bytes) -> bytes:
    """What `packed` kept, as JSON; the catalogue's words are kept as they are."""
    return raw if raw.startswith(b"{") else zlib.decompress(raw)


def number(value: object, most: float = 86_400.0) -> float | None:
    """`value` if it is a number that can be reckoned with: of seconds, nobody plays a track for more than a day."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= most else None


def text(value: object) -> str:
    """`value` as a word of a track's; empty where there is none. Raises TypeError, ValueError for what is none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"a {type(value).__name__} instead of text")
    if len(word := str(value).strip()) > MOST_TEXT:
        raise ValueError(f"{len(word)} characters instead of a title or a name")
    return word


def needed(value: object) -> str:
    """The same of a word that must be there."""
    if word := text(value):
        return word
    raise ValueError("nothing where a title or an id belongs")
