"""How the library stands, as `tagger library status --json` and the api tell it."""

from typing import Any

from tagger_platform.fingerprint.index import Index
from tagger_platform.library.places import Library
from tagger_platform.model import iso
from tagger_platform.store import reports
from tagger_platform.store.library import library_json


def standing(library: Library) -> dict[str, Any]:
    """Items by status, how many tracks can be recognised, what is under way and what failed last."""
    found = reports.library_counts(library.database)
    return {
        "items": found.by_status,
        "tracks": Index(library.catalogue).count,
        "working": library.is_worked_on,
        "running": [str(item.path) for item in found.running],
        "errors": [{**library_json(item), "failed_at": iso(item.changed_at)} for item in found.errors],
    }
