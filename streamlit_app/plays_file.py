"""The plays that On air lists as a CSV file, at a path of this server that takes the same parameters as the page.

What belongs here: that path, and what is sent. What does not: understanding an address (`shown_day`), reading the log
(`day_reads`), the columns. Streamlit's own download button names one drawing of itself: whoever clicked it while the
page was being drawn again was told that there is no such file.
"""

from contextlib import suppress
from urllib.parse import urlencode, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from streamlit_app import address, day_reads, reads
from streamlit_app.address import Asked
from streamlit_app.shown_day import Shown, shown_for
from tagger_platform.errors import TaggerError
from tagger_platform.store.rows import plays_csv

PATH = "/plays.csv"


def link(shown: Shown) -> str:
    """The address of the file of all plays of the day, hours and streams that are shown."""
    return f"{PATH}?{urlencode(address.parameters(**shown.filters), safe=',')}"


def plays_file(request: Request) -> Response:
    """The file; where there is none, the page, which tells why."""
    with suppress(TaggerError):
        shown = shown_for(Asked(request.query_params))
        if shown.version and not shown.problems:
            return _file(shown)
    return RedirectResponse(urlunsplit(("", "", "/", request.url.query, "")), status_code=303)


def _file(shown: Shown) -> Response:
    text = plays_csv(day_reads.plays_to_keep(shown.stretch), reads.settings().tz)
    hours = f"-{shown.hours[0]:g}-{shown.hours[1]:g}h" if shown.hours else ""
    name = f"plays-{shown.wanted.isoformat()}{hours}-{'+'.join(shown.streams) or 'all'}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(text, headers=headers, media_type="text/csv")
