"""The way to AcoustID: fpcalc makes the fingerprint, pyacoustid sends it.

What belongs here: asking one question, and which errors it can raise. What does not: what an answer means (acoustid).
Importing pyacoustid and requests costs a fifth of a second of CPU, so nothing imports this file before the first
question. Nothing is ever submitted.

pyacoustid asks one question at a time, of the one server it knows, and cannot be stopped: so it works in a thread of
its own, which nobody waits for when the answer takes too long.
"""

import asyncio
import json
import subprocess
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import acoustid
import requests

from tagger_platform.confined import confine
from tagger_platform.model import Status
from tagger_platform.recognize.answers import DETAIL_CHARS, NoAnswerError

HOST = "https://api.acoustid.org"
"""pyacoustid's own is http, and the key would travel in the clear."""

META = ["recordings", "releasegroups", "compress"]

Result = TypeVar("Result")


async def question(audio: Path, fpcalc: str, key: str, host: str | None, *, step_s: float) -> Any:  # noqa: ANN401 (JSON)
    """AcoustID's own answer about the audio file, as JSON; `host` stands in for AcoustID's where given.

    fpcalc and the answer may take `step_s` each. Raises NoAnswerError.
    """

    def ask() -> Any:  # noqa: ANN401 - JSON of whatever shape
        duration_s, fingerprint = _fingerprint(fpcalc, audio, step_s)
        acoustid.set_base_url(f"{(host or HOST).rstrip('/')}/v2/")
        try:
            return acoustid.lookup(key, fingerprint, duration_s, META, timeout=step_s)
        except acoustid.WebServiceError as error:
            raise _why(error, step_s) from error

    return await _in_thread(ask)


def _fingerprint(fpcalc: str, audio: Path, timeout_s: float) -> tuple[float, str]:
    """Seconds and fingerprint of the file. What fpcalc printed counts: 1.5 exits with 3 at the end of whole files."""
    try:
        done = subprocess.run(
            [fpcalc, "-json", str(audio)], capture_output=True, timeout=timeout_s, check=False, preexec_fn=confine
        )
        told = json.loads(done.stdout)
        return float(told["duration"]), str(told["fingerprint"])
    except subprocess.TimeoutExpired:
        raise NoAnswerError(Status.TIMEOUT, f"fpcalc took longer than {timeout_s:g} s") from None
    except OSError as error:
        raise NoAnswerError(Status.DISABLED, f"{fpcalc} cannot be run: {error.strerror}") from error
    except (LookupError, TypeError, ValueError) as error:
        said = done.stderr.decode(errors="replace").strip()[:DETAIL_CHARS] or type(error).__name__
        raise NoAnswerError(
            Status.BAD_ANSWER, f"fpcalc made no fingerprint (exit code {done.returncode}): {said}"
        ) from error


def _why(error: acoustid.WebServiceError, timeout_s: float) -> NoAnswerError:
    """What pyacoustid's one kind of error hides: what `requests` raised, or a body that is not JSON."""
    cause = error.__context__
    if isinstance(cause, requests.Timeout):
        return NoAnswerError(Status.TIMEOUT, f"no answer within {timeout_s:g} s")
    response = _response(error)
    if response is None:
        return NoAnswerError(Status.PROVIDER_DOWN, f"{type(cause).__name__}: {cause}")
    told = f"HTTP {response.status_code}: {response.text[:DETAIL_CHARS]}"
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return NoAnswerError(Status.THROTTLED, told)
    down = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return NoAnswerError(Status.PROVIDER_DOWN if down else Status.BAD_ANSWER, told)


def _response(error: Exception) -> requests.Response | None:
    """The response that was not JSON: pyacoustid passes on neither it nor its status, but it is where that was found.

    Without it a proxy's "503 Service Unavailable" would look like an answer.
    """
    values = (value for frame, _ in traceback.walk_tb(error.__traceback__) for value in frame.f_locals.values())
    return next((value for value in values if isinstance(value, requests.Response)), None)


async def _in_thread(work: Callable[[], Result]) -> Result:
    """What `work` returns or raises. Unlike asyncio's own threads, this one keeps neither a loop nor a process."""
    future: Future[Result] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="acoustid", daemon=True).start()
    return await asyncio.wrap_future(future)
