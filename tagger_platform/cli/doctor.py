"""`tagger doctor`: looks at what the platform needs on this machine, says what is wrong, and mends what can be."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass

import click

from tagger_platform.api.health import watched
from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.errors import TaggerError
from tagger_platform.fingerprint.index import Index
from tagger_platform.health.clock import is_synchronised
from tagger_platform.health.faults import FAULTS, Fault
from tagger_platform.health.notify import Notifier
from tagger_platform.health.parts import look_at, unwritable
from tagger_platform.health.report import State
from tagger_platform.observe.logs import redact
from tagger_platform.recognize.acoustid import find_fpcalc
from tagger_platform.settings import Settings
from tagger_platform.store.copies import contents
from tagger_platform.store.database import Database

PATIENCE_S = 10
"""seconds that a program has to say its version"""
DAGSTERS = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
"""Dagster's databases below DAGSTER_HOME; those of single runs are gone with them."""
_CHOSEN = " Set FFMPEG_PATH to one, or leave it empty to have it looked up"
TEST_MESSAGE = ("tagger: a test", "This is what `tagger doctor --notify` sends. Nothing is wrong.")


@dataclass(frozen=True)
class Finding:
    """One line. `note`: not wrong, but somebody should read it; `repaired`: it was wrong until just now."""

    check: str
    ok: bool
    detail: str
    note: bool = False
    repaired: bool = False

    @property
    def word(self) -> str:
        if self.repaired:
            return "repaired"
        return "WRONG" if not self.ok else "look" if self.note else "ok"


@click.command()
@click.option("--notify", is_flag=True, help="Send a test message to every address of NOTIFY_URLS.")
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@json_option
def doctor(notify: bool, repair: bool, as_json: bool) -> int:
    """Look at settings, ffmpeg, DATA_DIR, store, catalogue, spool, providers; exit code 1 when something is wrong."""
    found = list(findings(Settings.load(), notify=notify, repair=repair))
    if as_json:
        print_json(asdict(finding) for finding in found)
    else:
        rows = [[finding.check, finding.word, finding.detail] for finding in found]
        print_table(["check", "", "detail"], rows, nothing="")
    return 0 if all(finding.ok for finding in found) else 1


def findings(settings: Settings, *, notify: bool = False, repair: bool = False) -> Iterator[Finding]:
    """What the doctor finds; parts that health reports have are looked at by the same functions."""
    yield Finding("settings", True, f"{len(settings.enabled_streams)} of {len(settings.streams)} streams enabled")
    for name, find in FAULTS.items():
        yield from _faults(name, find, settings, repair=repair)
    yield _clock(is_synchronised())
    checks: dict[str, Callable[[Settings], str]] = {
        "ffmpeg": _ffmpeg,
        "data folder": _data_folder,
        "store": _store,
        "catalogue": _catalogue,
        "spool": lambda settings: _part("spool", settings),
        "acoustid": _acoustid,
        "providers": lambda settings: _part("providers", settings),
        "dagster": _dagster,
        "notifications": _notified if notify else _notifications,
    }
    for name, check in checks.items():
        try:
            yield Finding(name, True, check(settings))
        except Exception as error:  # one that fails, however it may, keeps no other from being made
            yield Finding(name, False, _told(error))


def _told(error: Exception) -> str:
    """Our own errors are sentences; what nobody foresaw is told with its kind, for a report."""
    if isinstance(error, (TaggerError, OSError)):
        return str(error)
    return f"this could not be looked at: {redact(f'{type(error).__name__}: {error}')}; please report it"


def _faults(
    name: str, find: Callable[[Settings], Iterator[Fault]], settings: Settings, *, repair: bool
) -> Iterator[Finding]:
    """Every fault of a kind, mended if it is to be; one line that all is well where there is none."""
    try:
        found = list(find(settings))
    except Exception as error:  # as with the checks
        yield Finding(name, False, _told(error))
        return
    if not found:
        yield Finding(name, True, "nothing to mend")
    for fault in found:
        if not repair:
            yield Finding(name, False, f"{fault.detail}; `tagger doctor --repair` mends it")
            continue
        try:
            yield Finding(name, True, f"{fault.detail}: {fault.mend()}", repaired=True)
        except Exception as error:  # the next may well be mended
            told = redact(str(error)) or type(error).__name__
            yield Finding(name, False, f"{fault.detail}, and could not be mended: {told}")


def _clock(synchronised: bool | None) -> Finding:
    """A note at most: in containers and virtual machines whose host keeps the time the kernel does not know."""
    if synchronised is None:
        return Finding("clock", True, "unknown: the kernel cannot be asked whether it is synchronised")
    if synchronised:
        return Finding("clock", True, "synchronised")
    told = "the kernel does not know this clock to be synchronised: plays are only as exact as it is; run an NTP client"
    return Finding("clock", True, f"{told}, unless this is a container or virtual machine whose host does", note=True)


def _part(name: str, settings: Settings) -> str:
    """What health reports say of a part. Raises TaggerError where that is anything but ok."""
    part = look_at(name, watched(settings))
    if part.state is not State.OK:
        raise TaggerError(part.detail)
    return part.detail


def _ffmpeg(settings: Settings) -> str:
    path = find_ffmpeg(settings.ffmpeg_path)
    try:
        asked = subprocess.run([path, "-version"], capture_output=True, errors="replace", timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise TaggerError(f"{path} does not say its version within {PATIENCE_S} s: is it ffmpeg?{_CHOSEN}") from None
    if asked.returncode or not asked.stdout.startswith("ffmpeg version"):
        raise TaggerError(f"{path} does not say its version (exit code {asked.returncode}): is it ffmpeg?{_CHOSEN}")
    return f"{path}, {asked.stdout.splitlines()[0]}"


def _data_folder(settings: Settings) -> str:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if why := unwritable(settings.data_dir):
        raise TaggerError(f"{settings.data_dir} cannot be written: {why}; look at its rights and at its disk")
    return _part("disk", settings)


def _store(settings: Settings) -> str:
    """As health reports have it; and all of it is read, which finds damage that nobody has met yet."""
    told = _part("store", settings)
    with Database(settings.database_path).reading() as connection:
        rows = sum(contents(connection).rows.values())
    return f"{told}; all {rows} rows can be read"


def _catalogue(settings: Settings) -> str:
    return f"{len(Index(settings.catalogue_dir).tracks())} tracks"


def _acoustid(settings: Settings) -> str:
    if not settings.acoustid_enabled:
        return "not asked (ACOUSTID_ENABLED)"
    return f"{find_fpcalc(settings.chromaprint_path)}, with a key"


def _dagster(settings: Settings) -> str:
    """Whether Dagster can read what it knows of runs, sensors and schedules; without it nothing is recognised."""
    found = [path for name in DAGSTERS if (path := settings.dagster_home / name).exists()]
    for path in found:
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            said = str(error)
        if said != "ok":
            raise TaggerError(
                f"Dagster cannot use {path} ({said}): stop tagger and move that file away; Dagster begins a new one. "
                f"Its history, or what was switched off in its UI, is lost then, but nothing of the log"
            )
    return f"{len(found)} databases are sound" if found else "it has not run yet"


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
