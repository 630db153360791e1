"""`tagger doctor`: looks at what the platform needs on this machine and says what is wrong."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click

from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.errors import TaggerError
from tagger_platform.fingerprint.index import Index
from tagger_platform.recognize.acoustid import find_fpcalc
from tagger_platform.recognize.breaker import State
from tagger_platform.recognize.budget import breakers
from tagger_platform.settings import Settings
from tagger_platform.spool import Spool
from tagger_platform.store.database import Database

LOW_DISK_BYTES = 2_000_000_000
"""Less than the spool may hold by default."""


@dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    detail: str


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Look at settings, ffmpeg, DATA_DIR, store, catalogue, spool and AcoustID; exit code 1 when something is wrong."""
    findings = list(_findings(Settings.load()))
    if as_json:
        print_json(asdict(finding) for finding in findings)
    else:
        rows = [[finding.check, "ok" if finding.ok else "WRONG", finding.detail] for finding in findings]
        print_table(["check", "", "detail"], rows, nothing="")
    return 0 if all(finding.ok for finding in findings) else 1


def _findings(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", True, f"{len(settings.enabled_streams)} of {len(settings.streams)} streams enabled")
    checks: dict[str, Callable[[Settings], str]] = {
        "ffmpeg": _ffmpeg,
        "data folder": _data_folder,
        "store": _store,
        "catalogue": _catalogue,
        "spool": _spool,
        "acoustid": _acoustid,
        "providers": _providers,
    }
    for name, check in checks.items():
        try:
            yield Finding(name, True, check(settings))
        except (TaggerError, OSError) as error:
            yield Finding(name, False, str(error))


def _ffmpeg(settings: Settings) -> str:
    path = find_ffmpeg(settings.ffmpeg_path)
    version = subprocess.run([path, "-version"], capture_output=True, text=True, check=True).stdout
    return f"{path}, {version.splitlines()[0]}"


def _data_folder(settings: Settings) -> str:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.data_dir, os.W_OK):
        raise TaggerError(f"DATA_DIR {settings.data_dir} is not writable for this user")
    free = shutil.disk_usage(settings.data_dir).free
    if free < LOW_DISK_BYTES:
        raise TaggerError(f"DATA_DIR {settings.data_dir} has only {free / 1e9:.1f} GB left: make room")
    return f"{settings.data_dir}, {free / 1e9:.0f} GB free"


def _store(settings: Settings) -> str:
    database = Database(settings.database_path)
    database.migrate()
    with database.reading() as connection:
        row = connection.execute("SELECT count(*) FROM plays").fetchone()
    return f"{settings.database_path}, {row[0] if row else 0} plays"


def _catalogue(settings: Settings) -> str:
    return f"{len(Index(settings.catalogue_dir).tracks())} tracks"


def _spool(settings: Settings) -> str:
    counts = Spool(settings.spool_dir).counts()
    return f"{counts['ready_slots']} slots ready, {counts['claimed_slots']} under way"


def _acoustid(settings: Settings) -> str:
    if not settings.acoustid_enabled:
        return "not asked (ACOUSTID_ENABLED)"
    return f"{find_fpcalc(settings.chromaprint_path)}, with a key"


def _providers(settings: Settings) -> str:
    found = breakers(settings.budget_path)
    told = [f"{name} {breaker.describe()}" for name, breaker in found.items()]
    if any(breaker.state is not State.CLOSED for breaker in found.values()):
        raise TaggerError("; ".join(told) + ": the windows wait and are asked again by themselves")
    return "; ".join(told) or "nobody was asked yet"
