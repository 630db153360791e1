"""``GET /api/art/NAME``: the local copies of cover art, as plays name them.

What belongs here: serving those files and no others. What does not: fetching them (recognize.cover_art).
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tagger_platform.settings import Settings
from tagger_platform.store.art import HEADERS, art_file


def art(request: Request) -> Response:
    settings: Settings = request.app.state.settings
    found = art_file(settings.art_dir, request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    path, media_type = found
    return FileResponse(path, media_type=media_type, headers=HEADERS)
