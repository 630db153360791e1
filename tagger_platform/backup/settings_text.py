"""The settings as a backup holds them: without secrets, and what has to be filled in again.

What belongs here: the two texts and the list. What does not: which settings are secret (`settings`).
"""

from collections.abc import Iterator, Mapping

from tagger_platform import stream_config
from tagger_platform.observe.secrets import HIDDEN, Hider
from tagger_platform.settings import VARIABLES, Settings, secrets, shown

HEAD = "# The settings when this backup was made. Secrets are left out: fill in what is ***.\n"


def environment_text(settings: Settings, environ: Mapping[str, str]) -> str:
    """The variables that were set, as a `.env`."""
    hide, hidden = Hider(secrets(settings)), _hidden(settings)
    lines = []
    for name in [variable.name for variable in VARIABLES] + sorted(filter(_of_a_stream, environ)):
        if text := environ.get(name, ""):
            value = HIDDEN if name in hidden else hide(text)
            lines.append(f"{name}='{_escaped(value)}'")
    return HEAD + "".join(f"{line}\n" for line in lines)


def streams_text(settings: Settings) -> str:
    """`streams.yaml` as it is, without passwords; empty where there is none."""
    try:
        text = settings.streams_file.read_text(encoding="utf-8")
    except OSError:
        return ""
    return HEAD + Hider(secrets(settings))(text)


def fill_in(settings: Settings) -> Iterator[str]:
    """What a person has to set again after a restore."""
    yield from _hidden(settings)
    for stream in settings.streams:
        if any(stream_config.secrets_of_url(stream.url)):
            yield f"the password in the URL of stream {stream.name}"


def _hidden(settings: Settings) -> list[str]:
    """The variables that are secret and set."""
    return [name for name, value in shown(settings).items() if value == "set"]


def _of_a_stream(name: str) -> bool:
    return name == "STREAM_COUNT" or (name.startswith("STREAM_") and name.split("_")[1].isdigit())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
