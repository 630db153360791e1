"""``GET /api/tracks/ID/similar``: the tracks whose names are nearest to a track's in meaning, the nearest first.

`missing` says, where there are no vectors to tell by, which: ``no_vectors`` of any track, or ``no_vector`` of this one.
"""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tagger_platform.insight.similar import similar_tracks
from tagger_platform.insight.vectors import CurrentVectors
from tagger_platform.store.track_reports import known_tracks

SIMILAR = 12
NO_VECTORS, NO_VECTOR = "no_vectors", "no_vector"


async def similar(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(_answer, request.app.state, request.path_params["track_id"]))


def _answer(state: State, track_id: str) -> dict[str, object]:
    current: CurrentVectors = state.vectors
    vectors = current.now()
    found = similar_tracks(vectors, track_id, SIMILAR) if vectors and vectors.track_ids else None
    tracks = known_tracks(state.database, [track_id, *(other for other, _ in found or ())])
    if track_id not in tracks:
        raise HTTPException(404)
    missing = None if found is not None else NO_VECTOR if vectors and vectors.track_ids else NO_VECTORS
    return {
        "track_id": track_id,
        "missing": missing,
        "similar": [
            {
                "track_id": other,
                "title": tracks[other].title,
                "artist": tracks[other].artist,
                "artwork": tracks[other].artwork,
                "cosine": round(cosine, 4),
            }
            for other, cosine in found or ()
            if other in tracks
        ],
    }
