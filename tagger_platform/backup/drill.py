"""The proof that a backup is good for a restore: a restore, into a folder of its own.

What belongs here: doing it, and comparing what came out with what went in. What does not: when (`defs.backup`).
"""

import tempfile
from pathlib import Path

from tagger_platform.backup import file
from tagger_platform.backup.make import STORE
from tagger_platform.backup.restore import restore
from tagger_platform.errors import TaggerError
from tagger_platform.fingerprint.index import Index
from tagger_platform.store.copies import contents
from tagger_platform.store.database import Database


def drill(backup: Path, folder: Path) -> file.Manifest:
    """Restore into a new folder below `folder`, which is gone afterwards; returns what the backup holds.

    Raises TaggerError where the restore fails or brings anything else than what was saved.
    """
    with file.reading(backup) as found:
        manifest = found.manifest
    with tempfile.TemporaryDirectory(prefix="drill-", suffix=".part", dir=folder) as empty:
        data_dir = Path(empty) / "data"
        restore(backup, data_dir, replace_existing=False)
        with Database(data_dir / STORE).as_it_is() as connection:
            held = contents(connection)
        tracks = Index(data_dir / "catalogue").count
    if (held.schema, held.rows, tracks) != (manifest.schema, manifest.rows, manifest.tracks):
        raise TaggerError(
            f"{backup} does not bring back what it was made of: schema {held.schema}, {sum(held.rows.values())} rows, "
            f"{tracks} tracks; saved were schema {manifest.schema}, {sum(manifest.rows.values())} and {manifest.tracks}"
        )
    # A restore does not compare sums: it may run on another machine years later, where the SHA-256 is enough.
    if held.duckdb == manifest.duckdb and held.sums != manifest.sums:
        other = ", ".join(name for name in held.sums if held.sums[name] != manifest.sums.get(name))
        raise TaggerError(f"{backup} does not bring back what it was made of: other values in {other}")
    return manifest
