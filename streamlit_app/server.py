"""Serves the pages: to hosts that are ours, with security headers, and what a first page needs imported before.

What belongs here: the server around `app.py`. What does not: anything that is drawn.
"""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streamlit_app import listen, plays_file, reads
from streamlit_app.document import choose, document, home
from streamlit_app.pages import PATHS
from streamlit_app.ui import failures
from streamlit_app.ui.frame import PREFERENCES_PATH
from tagger_platform.callers import host_is_ours
from tagger_platform.memory import pass_over_what_is_there
from tagger_platform.observe.logs import set_up_logging
from tagger_platform.store.art import HEADERS as ART_HEADERS
from tagger_platform.store.art import PATH as ART_PATH
from tagger_platform.store.art import art_file

PRELOADED = ("duckdb", "pandas", "altair", "streamlit_app.pages", "babel.dates")
"""Imported at start: together they cost a first visitor seconds."""

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""Nothing but this server may be asked for anything. Inline scripts and styles are Streamlit's own way of working."""


UNKNOWN_HOST = "These pages have no such name: open them by their address, or list the name in API_HOSTS.\n"


class SecurityHeaders:
    """Adds HEADERS to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class KnownHosts:
    """Refuses who asks for another host than ours.

    A page of the internet whose name was pointed at this machine (DNS rebinding) would be our own page to its visitor's
    browser, and to Streamlit, which compares Origin with Host.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "") if scope["type"] in ("http", "websocket") else ""
        if not host or host_is_ours(host, reads.settings().api_hosts):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await PlainTextResponse(UNKNOWN_HOST, HTTPStatus.MISDIRECTED_REQUEST)(scope, receive, send)


@asynccontextmanager
async def preload(_: st.App) -> AsyncIterator[None]:
    """Runs once, before the port is open, and when Streamlit has set up its own logging."""
    settings = reads.settings()
    set_up_logging(settings.log_level, structured=settings.structured_logs)
    for name in PRELOADED:
        importlib.import_module(name)
    pass_over_what_is_there()
    yield


def picture(request: Request) -> Response:
    """Cover art, at the path where the api has it too: the browser may reach this server only."""
    found = art_file(reads.settings().art_dir, request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    path, media_type = found
    return FileResponse(path, media_type=media_type, headers=ART_HEADERS)


def tell(error: Exception) -> bool:
    """What went wrong outside of any page's own care: a sentence, and nothing of Streamlit's."""
    st.error(failures.sentence(error))
    return True


app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[
        Route(ART_PATH + "{name}", picture),
        Route(PREFERENCES_PATH, choose),
        Route(plays_file.PATH, plays_file.plays_file),
        *listen.ROUTES,
        *(Route("/" + path, document) for path in ("", *PATHS)),
        Route("/{page:page_name}", home),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(KnownHosts)],
    lifespan=preload,
    on_script_error=tell,
)
