"""The one HTML document behind every page, in the visitor's language and theme, and the link that changes these.

What belongs here: Streamlit's own document, completed, and setting the cookies. What does not: what the cookies mean
(`preferences`), the pages.
"""

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from streamlit_app import preferences
from streamlit_app.preferences import CHOICES, PREFIX, Preferences
from streamlit_app.ui.frame import LANGUAGE_KEY, PREFERENCES_PATH

YEAR_S = 365 * 24 * 3600
THEME_NAMES = {preferences.Theme.DARK: "Dark", preferences.Theme.LIGHT: "Light"}
"""Streamlit's own."""
FIRST_SCRIPT = """<script>
window.__streamlit={BACKEND_BASE_URL:location.origin,MAIN_PAGE_BASE_URL:location.origin};
try{localStorage.setItem("stActiveTheme-"+location.pathname+"-v2",JSON.stringify("THEME"))}catch(_){}
addEventListener("click",event=>{
  const button=event.target.closest("[class*=st-key-LANGUAGE_KEY]");
  if(!button)return;
  const language=button.className.match(/st-key-LANGUAGE_KEY(\\w+)/)[1];
  document.documentElement.lang=language;
  fetch("PREFERENCES_PATH?language="+language,{redirect:"manual"});
},true);
</script>"""
"""Run before Streamlit's own: where its server is, which it would otherwise find out by asking below each page's path,
the theme, which it keeps by page, and that a language which is chosen is kept, as the page is not loaded for it."""


async def document(request: Request) -> Response:
    """The document of any page: what is drawn in it comes later, over the web socket."""
    asked = request.headers.get("accept-language", "")
    chosen = preferences.read(request.cookies, asked.partition(",")[0].strip())
    return HTMLResponse(completed(chosen), headers={"Cache-Control": "no-cache", "Vary": "Cookie, Accept-Language"})


def completed(chosen: Preferences) -> str:
    """Streamlit's document with language, theme and title, and without a font that no page uses."""
    script = _first_script(THEME_NAMES[chosen.theme])
    text = _streamlits_own().replace('<html lang="en">', f'<html lang="{chosen.language}">')
    text = re.sub(r'<link\s+rel="preload"[^>]*as="font"[^>]*>', "", text)
    return text.replace("<title>Streamlit</title>", "<title>Tagger</title>").replace("<head>", "<head>" + script, 1)


@cache
def _first_script(theme: str) -> str:
    text = FIRST_SCRIPT.replace("THEME", theme).replace("LANGUAGE_KEY", LANGUAGE_KEY)
    return text.replace("PREFERENCES_PATH", PREFERENCES_PATH)


@cache
def _streamlits_own() -> str:
    return (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


class PageName(Convertor[str]):
    """What a page's path could be; what is Streamlit's own has more parts, or a dot."""

    regex = "[A-Za-z0-9-]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("page_name", PageName())


async def home(_: Request) -> Response:
    """For a page that there is not: Streamlit would tell people to look into its folders."""
    return RedirectResponse("/", status_code=303)


async def choose(request: Request) -> Response:
    """Keeps what the link names, ``/preferences?language=es``, and leads back to the page it was on."""
    answer = RedirectResponse(_page_before(request), status_code=303)
    for name, values in CHOICES.items():
        if (value := request.query_params.get(name)) in values:
            answer.set_cookie(PREFIX + name, value, max_age=YEAR_S, httponly=True, samesite="lax")
    return answer


def _page_before(request: Request) -> str:
    """The path and the query of the page with the link; never another host's."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if came_from.netloc != request.headers.get("host") or not re.match(r"/(?![/\\])", came_from.path):
        return "/"
    return came_from._replace(scheme="", netloc="", fragment="").geturl()
