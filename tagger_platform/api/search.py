"""``GET /api/search?q=``: tracks by their names, the best first. Whatever is asked, the answer is a list."""

from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tagger_platform.insight.found import Found, find, found_json
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.search_index import SearchIndex


async def search(request: Request) -> Response:
    text = request.query_params.get("q", "")
    found = await run_in_threadpool(_found, request.app.state.settings, request.app.state.database, text)
    return JSONResponse({"query": text, "results": [found_json(one) for one in found]})


def _found(settings: Settings, database: Database, text: str) -> list[Found]:
    index = SearchIndex(settings.search_index_path)
    return find(index, database, text, today=datetime.now(settings.tz).date(), tz=settings.tz)
