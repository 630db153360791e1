"""Paths, parameters, headers and bodies that anybody may send to the api."""

import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import quote

from hypothesis import strategies as st
from starlette.testclient import TestClient

from tagger_platform.api.app import create_app
from tagger_platform_tests import samples
from tagger_platform_tests.fuzz.inputs import WORDS
from tagger_platform_tests.fuzz.target import Target

PATHS = st.one_of(
    st.sampled_from(["/", "/healthz", "/api/plays", "/api/plays", "/api/search", "/api/streams", "/internal/reload"]),
    st.builds("/api/art/{}".format, WORDS.map(lambda word: quote(word, errors="replace"))),
    WORDS.map(lambda word: f"/{quote(word, errors='replace')}"),
)
VALUES = st.one_of(
    WORDS,
    st.integers().map(str),
    st.dates().map(str),
    st.sampled_from(
        ["kexp", "all", "csv", "json", "2025-11-20", "0001-01-01", "9999-12-31", "50%", '"', "*", "NEAR(a b)"]
    ),
)
QUERIES = st.lists(
    st.tuples(st.sampled_from(["date", "stream", "limit", "offset", "format", "q", "q", "x"]), VALUES), max_size=5
)
METHODS = st.sampled_from(["GET", "GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
HEADERS = st.dictionaries(
    st.sampled_from(["Accept", "Origin", "Authorization", "Content-Type", "Content-Length", "Range", "traceparent"]),
    WORDS.map(lambda word: quote(word, errors="replace")),
    max_size=3,
)
REQUESTS = st.tuples(METHODS, PATHS, QUERIES, HEADERS, st.binary(max_size=64))
Request = tuple[str, str, list[tuple[str, str]], dict[str, str], bytes]


@cache
def client() -> TestClient:
    """The application over an almost empty store, while capture is down."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-api-"))
    settings = samples.settings(folder, (*samples.PORTS[:3], 9, samples.PORTS[4]))
    app = create_app(settings)
    app.state.database.migrate()
    return TestClient(app, "http://127.0.0.1:44100", raise_server_exceptions=True, follow_redirects=False)


def judge(request: Request) -> None:
    """No answer is a crash (it would be raised here), and each that refuses does it in the one shape of errors."""
    method, path, query, headers, body = request
    asked = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in query)
    answer = client().request(method, f"{path}?{asked}", headers=headers, content=body)
    if answer.status_code >= 400 and method != "HEAD":
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "details"}
        assert len(error["message"].split()) >= 3, error
        assert error["code"] not in ("internal", "refused"), error
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


TARGETS = [Target("requests to the api", 0.1, REQUESTS, judge)]
