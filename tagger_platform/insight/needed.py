"""Libraries that only search by meaning and the sound map need.

What belongs here: importing them, and saying what to do without them. They are heavy, and the extra `insight` brings
them; everything else works without.
"""

import importlib
from types import ModuleType

from tagger_platform.errors import RequestError


def needed(name: str) -> ModuleType:
    """The module `name`. Raises RequestError where the extra `insight` is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RequestError(
            f"{error.name} is not installed, and search by meaning and the sound map need it: pip install "
            f"'tagger-platform[insight]', after a CPU build of torch (see scripts/setup.py). Search by words works "
            f"without"
        ) from error
