"""What can be listened to or seen, at paths of this server: the browser may reach no other, and players ask for ranges.

What belongs here: passing on. What does not: which files there are (the api).
"""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from streamlit_app import reads
from streamlit_app.api_client import Api, ApiDownError

PATHS = (
    "/api/library/{item_id}/audio",
    "/api/plays/{play_id}/clip",
    "/api/streams/{name}/last/audio",
    "/api/streams/{name}/last/picture",
    "/api/windows/{stream}/{window}/clip",
)
"""The same as the api's."""
PASSED_ON = (
    "accept-ranges",
    "cache-control",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
)


async def listen(request: Request) -> Response:
    """The api's answer to the same question, block by block."""
    wanted = {name: request.headers[name] for name in ("range", "if-range") if name in request.headers}
    try:
        status, headers, blocks = await run_in_threadpool(
            Api(reads.settings()).stream, request.url.path, wanted | {"Accept-Encoding": "identity"}
        )
    except ApiDownError:
        raise HTTPException(503) from None
    kept = {name: value for name, value in headers.items() if name.lower() in PASSED_ON}
    return StreamingResponse(blocks, status, kept)


ROUTES = [Route(path, listen) for path in PATHS]
