"""What the providers that are asked over HTTP have in common: one question, and a status for whatever becomes of it.

What belongs here: turning a question's failure into a recognition, and reading JSON that may hold anything. What does
not: any provider, and asking again (budget and catch-up decide when).
"""

import asyncio
import json
import math
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tagger_platform.model import Recognition, Status, Window

DETAIL_CHARS = 200
"""How much of an unexpected body is told: enough to recognise an error page."""

MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError)
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
    return replace(given, latency_ms=round((time.perf_counter() - began) * 1000, 1))


def packed(raw: object) -> bytes:
    """The provider's own words as they are kept: compressed JSON. Raises ValueError for text that is no Unicode."""
    return zlib.compress(json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode())


def unpacked(raw: bytes) -> bytes:
    """What `packed` kept, as JSON; the catalogue's words are kept as they are."""
    return raw if raw.startswith(b"{") else zlib.decompress(raw)


def number(value: object) -> float | None:
    """`value` if it is a number that can be reckoned with."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
