"""Where the configured streams come from: STREAM_n_* variables and `streams.yaml`, checked and merged.

What belongs here: reading and judging a stream's configuration. What does not: connecting to it (`capture`).
Problems are sentences that name the variable or the file's entry, never the URL: it may hold a password.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import yaml

from tagger_platform.model import STREAM_NAME, Stream
from tagger_platform.observe.logs import redact

SCHEMES = ("rtsp", "rtsps", "http", "https", "file")
MOST_STREAMS = 1000
"""Above this a STREAM_COUNT is a slip of the hand."""
SHORTEST_TOKEN = 6
"""Characters: shorter words of an address, such as true, are in every text."""
SHORTEST_PASSWORD = 4
"""Characters of what is named as a secret: shorter ones, such as mp3, are in every text too."""
_SECRET = re.compile(r"pass|pwd|pin$|token|key|secret|auth|session", re.IGNORECASE)
"""In a parameter's name: its value is one."""
_NAMED_IN_PATH = re.compile(r"([^/;&,=_]+)=([^/;&,]+?)(?=[/;&,]|_[a-z]+=|$)")
"""``name=value`` between slashes, semicolons, ampersands or, as some cameras have it, low lines."""
VARIABLES = {
    "STREAM_COUNT": "how many STREAM_n_* are read, n from 1; empty: as many as are numbered",
    "STREAM_n_NAME": "name of stream n: 1 to 40 of a-z, 0-9, _ and -",
    "STREAM_n_URL": "its address: rtsp, rtsps, http, https (Icecast, HLS) or file:///absolute/path",
    "STREAM_n_TITLE": "how people know it; empty: its name",
    "STREAM_n_ENABLED": "whether it is listened to; empty: true",
}
"""The STREAM_* family, with a line for people each."""
_CONTROL = re.compile(r"[\x00-\x1f\ud800-\udc7f\udd00-\udfff]")
"""Also halves of characters, which YAML can write; \\udc80 to \\udcff stand for bytes of the environment."""
_NO_TEXT = re.compile(r"[\ud800-\udfff]")
_ENTRY_KEYS = {"name", "url", "title", "enabled"}
_NUMBERED = re.compile(r"STREAM_([0-9]+)_(NAME|URL|TITLE|ENABLED)")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")

Found = tuple[list[Stream], list[str]]


def parse_bool(text: str) -> bool:
    """true/false in the spellings people use. Raises ValueError otherwise."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"must be true or false, not {text!r}")


def quote_userinfo(url: str) -> str:
    """`url` with user and password percent-encoded, so that odd characters in a password work.

    Everything up to the last ``@`` is the user info when the first path segment cannot be ``host[:port]``.
    Encoding twice changes nothing.
    """
    scheme, separator, rest = url.partition("://")
    userinfo, at, host = rest.rpartition("@")
    first = rest.split("/", 1)[0]
    if _CONTROL.search(url) or not at or ("@" not in first and not re.search(r":(?!\d*$)", first)):
        return url
    user, colon, password = userinfo.partition(":")
    return f"{scheme}{separator}{_encoded(user)}{colon}{_encoded(password)}@{host}"


def _encoded(text: str) -> str:
    # surrogateescape: the environment may hold bytes that are not UTF-8, and a password must stay as it is
    return quote(unquote(text, errors="surrogateescape"), safe="", errors="surrogateescape")


def url_problem(url: str) -> str | None:
    """What is wrong with a stream's URL, in words that do not repeat it; None when it can be tried."""
    if _CONTROL.search(url):  # urlsplit overlooks line ends, and others take them for the next line of a list
        return "holds a line end or another control character"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not a URL: its host or its port is malformed"
    if parts.scheme not in SCHEMES:
        return f"must begin with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
    if parts.scheme == "file":
        return None if parts.path.startswith("/") else "must be file:/// and an absolute path"
    return None if parts.hostname else "has no host name"


def secrets_of_url(url: str) -> Iterator[str]:
    """What is secret in a stream's URL, or may be: the password, a user name that stands alone, long values and odd
    words of the query, and whatever is named as a secret there or in the path, as cameras have it."""
    try:
        parts = urlsplit(url)
        yield parts.password or _long(parts.username)
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            if value.strip("="):
                yield value if _SECRET.search(name) and len(value) >= SHORTEST_PASSWORD else _long(value)
            elif not (name.isalpha() and name.islower()):  # as nocache is
                yield _long(name)
        for name, value in _NAMED_IN_PATH.findall(parts.path):
            yield value if _SECRET.search(name) and len(value) >= SHORTEST_PASSWORD else ""
    except ValueError:
        yield url


def _long(word: str | None) -> str:
    return word if word and len(word) >= SHORTEST_TOKEN else ""


def words_of_address(url: str) -> Iterator[str]:
    """The same of an address in which any word may be a token, even in the host's place, where no host has a dot."""
    yield from (url, *secrets_of_url(url))
    netloc, _, rest = url.partition("://")[2].partition("/")
    words = [word for word in re.split(r"[/:@?&=,;#]+", rest) if word]
    words += [word for word in re.split(r"[:@?]", netloc) if "." not in word]
    yield from (word for word in words if len(word) >= SHORTEST_TOKEN)


def _stream(where: str, name: str, url: str, title: str, enabled: bool) -> Stream | list[str]:
    problems = []
    if "://" in name:
        problems.append(f"{where}: the name is a URL; are name and URL the wrong way round?")
    elif not STREAM_NAME.fullmatch(name):
        problems.append(f"{where}: the name {name!r} must be 1 to 40 of a-z, 0-9, _ and -; use a title for more")
    url = quote_userinfo(url.strip())
    if wrong := url_problem(url):
        problems.append(f"{where}: the URL {wrong}")
    return problems or Stream(
        name=name, url=url, title=_NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", title), enabled=enabled
    )


def _without_repeats(found: list[tuple[str, Stream | list[str]]]) -> Found:
    streams: dict[str, Stream] = {}
    problems: list[str] = []
    for where, outcome in found:
        if isinstance(outcome, list):
            problems += outcome
        elif outcome.name in streams:
            problems.append(f"{where}: the name {outcome.name!r} is taken by an earlier stream; names must be unique")
        else:
            streams[outcome.name] = outcome
    return list(streams.values()), problems


def from_environment(environ: Mapping[str, str]) -> Found:
    """Streams from STREAM_1_* to STREAM_n_*, n being STREAM_COUNT (when unset: as many as are numbered)."""
    texts = {match[1] for key, value in environ.items() if value and (match := _NUMBERED.fullmatch(key))}
    odd = sorted(text for text in texts if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or int(text) > MOST_STREAMS)
    beyond = [f"STREAM_{text}_*: the number must be one from 1 to {MOST_STREAMS} without leading zeros" for text in odd]
    numbered = {int(text) for text in texts if text not in odd}
    text = environ.get("STREAM_COUNT", "").strip()
    if text and not (re.fullmatch(r"[0-9]{1,4}", text) and int(text) <= MOST_STREAMS):
        return [], [redact(f"STREAM_COUNT must be a whole number from 0 to {MOST_STREAMS}, not {text!r}"), *beyond]
    count = int(text) if text else max(numbered, default=0)
    beyond += [f"STREAM_{n}_* is set but STREAM_COUNT is {count}" for n in sorted(numbered) if n > count]
    streams, problems = _without_repeats([_numbered_stream(environ, n) for n in range(1, count + 1)])
    return streams, [redact(problem) for problem in problems + beyond]


def _numbered_stream(environ: Mapping[str, str], n: int) -> tuple[str, Stream | list[str]]:
    name, url = environ.get(f"STREAM_{n}_NAME", ""), environ.get(f"STREAM_{n}_URL", "")
    missing = [f"STREAM_{n}_{key} is missing" for key, value in (("NAME", name), ("URL", url)) if not value]
    try:
        enabled = parse_bool(environ.get(f"STREAM_{n}_ENABLED") or "true")
    except ValueError as error:
        missing.append(f"STREAM_{n}_ENABLED {error}")
        enabled = False
    where = f"STREAM_{n}"
    return where, missing or _stream(where, name, url, environ.get(f"STREAM_{n}_TITLE", ""), enabled)


def from_file(path: Path) -> Found:
    """Streams from a `streams.yaml`: ``streams: [{name, url, title, enabled}]``. No file: no streams."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], []
    except (OSError, UnicodeDecodeError) as error:
        return [], [f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}"]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        return [], [f"{path} is not valid YAML{line}"]
    except ValueError as error:  # such as a date that does not exist
        return [], [f"{path} is not valid YAML: {error}"]
    if content is None:
        return [], []
    if not isinstance(content, dict) or not isinstance(content.get("streams"), list):
        return [], [f"{path} must hold a list under the key 'streams'"]
    return _without_repeats([_entry(path, i, entry) for i, entry in enumerate(content["streams"], start=1)])


def _entry(path: Path, number: int, entry: object) -> tuple[str, Stream | list[str]]:
    where = f"{path.name}, stream {number}"
    if not isinstance(entry, dict):
        return where, [f"{where}: must have the keys name and url"]
    unknown = sorted(str(key) for key in entry.keys() - _ENTRY_KEYS)
    problems = [f"{where}: unknown key {redact(key)!r}" for key in unknown]
    problems += [f"{where}: {key} is missing" for key in ("name", "url") if not entry.get(key)]
    if not isinstance(entry.get("enabled", True), bool):
        problems.append(f"{where}: enabled must be true or false")
    title = str(entry.get("title") or "")
    return where, problems or _stream(where, str(entry["name"]), str(entry["url"]), title, entry.get("enabled", True))


def merged(environment: list[Stream], file: list[Stream]) -> tuple[Stream, ...]:
    """All streams, those of the environment first and winning where both name one."""
    named = {stream.name for stream in environment}
    return (*environment, *(stream for stream in file if stream.name not in named))
