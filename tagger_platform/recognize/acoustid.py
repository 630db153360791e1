"""AcoustID as a provider: what its answers mean.

What belongs here: reading the raw answer, and the status of every refusal. What does not: sending it (acoustid_http),
and how often it may be asked (budget). It knows whole files and not excerpts, so that of windows it recognises next to
nothing; its answers are kept to be looked at, and the default policies make no play of them.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tagger_platform.errors import RequestError
from tagger_platform.model import Recognition, Status, Track, Window
from tagger_platform.recognize.answers import NoAnswerError, answer, needed, number, packed, text
from tagger_platform.recognize.budget import Budget

PER_MINUTE = 180
"""AcoustID's own limit: three questions a second."""

STEP_S = 8.0
"""Seconds for fpcalc (which takes a tenth), and again for the answer."""

REFUSALS = {4: Status.DISABLED, 5: Status.PROVIDER_DOWN, 13: Status.PROVIDER_DOWN, 14: Status.THROTTLED}
"""By AcoustID's error code: invalid key, internal error, service unavailable, too many requests. Only a person can mend
a key, so asking again about the same window would be in vain."""


class AcoustidRecognizer:
    """Asks AcoustID through pyacoustid and fpcalc. `host` (such as ``http://127.0.0.1:8080``) stands in for its server.

    `fpcalc` is looked up in PATH where it is None.
    """

    name = "acoustid"
    asks_every_window = False

    def __init__(
        self,
        key: str,
        *,
        fpcalc: Path | None = None,
        budget: Budget | None = None,
        host: str | None = None,
        step_s: float = STEP_S,
    ) -> None:
        self._key = key
        self._fpcalc = fpcalc
        self.budget = budget
        self._host = host
        self._step_s = step_s

    async def recognize(self, window: Window, audio: Path) -> Recognition:
        from tagger_platform.recognize import acoustid_http  # heavy, and a process may never ask

        try:
            fpcalc = find_fpcalc(self._fpcalc)
        except RequestError as error:
            return Recognition(window.window_id, self.name, Status.DISABLED, detail=str(error))
        return await answer(
            window,
            self.name,
            acoustid_http.question(audio, fpcalc, self._key, self._host, step_s=self._step_s),
            lambda raw: read_answer(window, raw),
            timeout_s=2 * self._step_s,
        )


def find_fpcalc(configured: Path | None) -> str:
    """The fpcalc to use: the configured one, else the one in PATH. Raises RequestError with what to do."""
    if found := shutil.which(configured or "fpcalc"):
        return found
    told = f"CHROMAPRINT_PATH: {configured} is not a program" if configured else "there is no fpcalc in PATH"
    raise RequestError(f"{told}: install it (apt install libchromaprint-tools, brew install chromaprint)")


def read_answer(window: Window, raw: Mapping[str, Any]) -> Recognition:
    """The recognition that AcoustID's raw answer means.

    Raises NoAnswerError for a refusal, and one of `answers.MISSHAPEN` where it has not the shape of either.
    """
    if raw["status"] != "ok":
        error = raw["error"]
        told = f"AcoustID's error {error['code']}: {error['message']}"
        key = "; check ACOUSTID_API_KEY" if error["code"] == 4 else ""
        raise NoAnswerError(REFUSALS.get(error["code"], Status.BAD_ANSWER), told + key)
    results = sorted(raw["results"], key=lambda result: float(result["score"]), reverse=True)
    named = [(result, recording) for result in results for recording in _named(result)]
    if not named:
        detail = "AcoustID knows the sound, but not its name" if results else ""
        return Recognition(window.window_id, AcoustidRecognizer.name, Status.NO_MATCH, detail=detail, raw=packed(raw))
    result, recording = named[0]
    return Recognition(
        window_id=window.window_id,
        provider=AcoustidRecognizer.name,
        status=Status.MATCH,
        track=_track(result, recording),
        confidence=min(1.0, max(0.0, float(result["score"]))),
        raw=packed(raw),
    )


def _named(result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [recording for recording in result.get("recordings") or () if recording.get("title")]


def _track(result: Mapping[str, Any], recording: Mapping[str, Any]) -> Track:
    artists = recording.get("artists") or ()
    albums = recording.get("releasegroups") or ()
    return Track(
        provider=AcoustidRecognizer.name,
        provider_track_id=needed(result["id"]),
        title=needed(recording["title"]),
        artist=text("".join(f"{text(artist['name'])}{artist.get('joinphrase') or ''}" for artist in artists)),
        album=next((text(album["title"]) for album in albums if album.get("title")), ""),
        link=f"https://acoustid.org/track/{quote(needed(result['id']), safe='')}",
        duration_s=number(recording.get("duration")),
    )
