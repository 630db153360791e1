"""The settings as a backup holds them: without secrets, and what has to be filled in again.

What belongs here: the two texts and the list. What does not: which settings are secret (`settings`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from tagger_platform import stream_config
from tagger_platform.model import Stream
from tagger_platform.observe.secrets import HIDDEN, Hider
from tagger_platform.settings import VARIABLES, Settings, secrets, shown

HEAD = "# The settings when this backup was made. Secrets are left out: fill in what is ***.\n"


def environment_text(settings: Settings, environ: Mapping[str, str]) -> str:
    """The variables that were set, as a `.env`."""
    hide, hidden = Hider(secrets(settings)), _hidden(settings)
    lines = []
    for name in [variable.name for variable in VARIABLES] + sorted(filter(_of_a_stream, environ)):
        if text := environ.get(name, ""):
            value = HIDDEN if name in hidden else hide(_without_values(text) if _of_a_stream(name) else text)
            lines.append(f"{name}='{_escaped(value)}'")
    return HEAD + "".join(f"{line}\n" for line in lines)


def streams_text(settings: Settings) -> str:
    """What `streams.yaml` says, without passwords and comments, which may hold any; empty where there is none."""
    streams, _ = stream_config.from_file(settings.streams_file)
    if not streams:
        return ""
    told = {"streams": [_entry(stream) for stream in streams]}
    return HEAD + Hider(secrets(settings))(yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=10_000))


def fill_in(settings: Settings) -> Iterator[str]:
    """What a person has to set again after a restore."""
    yield from _hidden(settings)
    for stream in settings.streams:
        if any(stream_config.secrets_of_url(stream.url)):
            yield f"the password in the URL of stream {stream.name}"
        elif _without_values(stream.url) != stream.url:
            yield f"what is {HIDDEN} in the URL of stream {stream.name}"


def _entry(stream: Stream) -> dict[str, Any]:
    told = {"name": stream.name, "url": _without_values(stream.url), "title": stream.title, "enabled": stream.enabled}
    return {key: value for key, value in told.items() if value not in ("", True)}


def _without_values(url: str) -> str:
    """A URL with *** for its user info and all values, even short ones: any may be a secret. Other text as it is."""
    try:
        parts = urlsplit(stream_config.quote_userinfo(url.strip()))
    except ValueError:
        return HIDDEN
    _, at, host = parts.netloc.rpartition("@")
    if not parts.scheme or not host:  # no URL, or a file's
        return url
    return parts._replace(
        netloc=f"{HIDDEN}@{host}" if at else host,
        path=re.sub(r"=[^/&;]+", f"={HIDDEN}", parts.path),
        query=re.sub(r"([^&;=]+=)?[^&;]+", rf"\1{HIDDEN}", parts.query),
        fragment=HIDDEN if parts.fragment else "",
    ).geturl()


def _hidden(settings: Settings) -> list[str]:
    """The variables that are secret and set."""
    return [name for name, value in shown(settings).items() if value == "set"]


def _of_a_stream(name: str) -> bool:
    return name == "STREAM_COUNT" or (name.startswith("STREAM_") and name.split("_")[1].isdigit())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
