"""Looking at files that others may take away, in folders where others may leave theirs.

What belongs here: the one look. What does not: which files are ours.
"""

import os
from pathlib import Path
from stat import S_ISREG


def stat_of_file(path: Path) -> os.stat_result | None:
    """What is known of a regular file; None for a folder (a NAS leaves some) and for what has just gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found if S_ISREG(found.st_mode) else None
