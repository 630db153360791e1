"""`tagger doctor`: looks at what the platform needs on this machine and says what is wrong."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click

from tagger_platform.api.health import watched
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.errors import TaggerError
from tagger_platform.fingerprint.index import Index
from tagger_platform.health.notify import Notifier
from tagger_platform.health.parts import look_at
from tagger_platform.health.report import State
from tagger_platform.recognize.acoustid import find_fpcalc
from tagger_platform.settings import Settings

TEST_MESSAGE = ("tagger: a test", "This is what `tagger doctor --notify` sends. Nothing is wrong.")


@dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    detail: str


@click.command()
@click.option("--notify", is_flag=True, help="Send a test message to every address of NOTIFY_URLS.")
@json_option
def doctor(notify: bool, as_json: bool) -> int:
    """Look at settings, ffmpeg, DATA_DIR, store, catalogue, spool, providers; exit code 1 when something is wrong."""
    found = list(findings(Settings.load(), notify=notify))
    if as_json:
        print_json(asdict(finding) for finding in found)
    else:
        rows = [[finding.check, "ok" if finding.ok else "WRONG", finding.detail] for finding in found]
        print_table(["check", "", "detail"], rows, nothing="")
    return 0 if all(finding.ok for finding in found) else 1


def findings(settings: Settings, *, notify: bool = False) -> Iterator[Finding]:
    """What the doctor finds; parts that health reports have are looked at by the same functions."""
    yield Finding("settings", True, f"{len(settings.enabled_streams)} of {len(settings.streams)} streams enabled")
    checks: dict[str, Callable[[Settings], str]] = {
        "ffmpeg": _ffmpeg,
        "data folder": _data_folder,
        "store": lambda settings: _part("store", settings),
        "catalogue": _catalogue,
        "spool": lambda settings: _part("spool", settings),
        "acoustid": _acoustid,
        "providers": lambda settings: _part("providers", settings),
        "notifications": _notified if notify else _notifications,
    }
    for name, check in checks.items():
        try:
            yield Finding(name, True, check(settings))
        except (TaggerError, OSError) as error:
            yield Finding(name, False, str(error))


def _part(name: str, settings: Settings) -> str:
    """What health reports say of a part. Raises TaggerError where that is anything but ok."""
    part = look_at(name, watched(settings))
    if part.state is not State.OK:
        raise TaggerError(part.detail)
    return part.detail


def _ffmpeg(settings: Settings) -> str:
    path = find_ffmpeg(settings.ffmpeg_path)
    version = subprocess.run([path, "-version"], capture_output=True, text=True, check=True).stdout
    return f"{path}, {version.splitlines()[0]}"


def _data_folder(settings: Settings) -> str:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return _part("disk", settings)


def _catalogue(settings: Settings) -> str:
    return f"{len(Index(settings.catalogue_dir).tracks())} tracks"


def _acoustid(settings: Settings) -> str:
    if not settings.acoustid_enabled:
        return "not asked (ACOUSTID_ENABLED)"
    return f"{find_fpcalc(settings.chromaprint_path)}, with a key"


def _notifications(settings: Settings) -> str:
    if not settings.notify_urls:
        return "nobody is told of trouble (NOTIFY_URLS)"
    names = ", ".join(address.name for address in Notifier(settings.notify_urls).addresses)
    return f"sent to {names}; --notify sends a test message"


def _notified(settings: Settings) -> str:
    if not settings.notify_urls:
        raise TaggerError("NOTIFY_URLS names nobody to send a test message to")
    notifier = Notifier(settings.notify_urls)
    notifier.send(*TEST_MESSAGE)
    if notifier.undelivered:
        raise TaggerError(f"NOTIFY_URLS: a test message did not reach {', '.join(notifier.undelivered)}")
    return f"a test message reached {', '.join(address.name for address in notifier.addresses)}"
