"""``GET /api/search?q=``: tracks by their names, the best first. Whatever is asked, the answer is a list.

`words_alone` says why no vectors were used, where they were not, and `words_alone_code` the same in a word that stays.
"""

from datetime import datetime
from enum import StrEnum

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tagger_platform.insight.found import find, found_json
from tagger_platform.insight.query_vectors import QueryVectors
from tagger_platform.insight.vectors import CurrentVectors
from tagger_platform.settings import Settings
from tagger_platform.store.search_index import SearchIndex

NOT_EMBEDDED = "no track has a vector yet: the nightly run makes them, and 'tagger embed-backfill' makes them now"
STARTING = "the process that embeds queries is starting, or too busy: ask again in some seconds"


class WordsAlone(StrEnum):
    """Why words alone decided: no track is embedded, queries cannot be yet, or not at all (`words_alone` says why)."""

    NOT_EMBEDDED = "not_embedded"
    STARTING = "starting"
    NO_MODEL = "no_model"


async def search(request: Request) -> Response:
    text = request.query_params.get("q", "")
    return JSONResponse(await run_in_threadpool(_answer, request.app.state, text))


def _answer(state: State, text: str) -> dict[str, object]:
    settings: Settings = state.settings
    current: CurrentVectors = state.vectors
    queries: QueryVectors = state.query_vectors
    vectors = current.now()
    vector = queries.vector(text, vectors.name) if vectors and vectors.track_ids and text.strip() else None
    found = find(
        SearchIndex(settings.search_index_path),
        state.database,
        text,
        today=datetime.now(settings.tz).date(),
        tz=settings.tz,
        vector=vector,
        vectors=vectors,
    )
    code, why = (None, None) if vector is not None else _words_alone(queries.problem, embedded=vectors is not None)
    results = [found_json(one) for one in found]
    return {"query": text, "words_alone": why, "words_alone_code": code, "results": results}


def _words_alone(problem: str, *, embedded: bool) -> tuple[WordsAlone, str]:
    if not embedded:
        return WordsAlone.NOT_EMBEDDED, NOT_EMBEDDED
    return (WordsAlone.NO_MODEL, problem) if problem else (WordsAlone.STARTING, STARTING)
