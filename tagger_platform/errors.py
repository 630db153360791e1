"""The exception tree. What belongs here: errors that a caller, or a person, handles by kind.

::

    TaggerError                 says what happened, where, and what to do
    |-- RequestError            the request or the settings are wrong: trying again cannot help (exit code 2)
    |   |-- SettingsError       every problem with the settings, together
    |   |-- AudioError          a file that is not audio we can read
    |   +-- NewerVersionError   written by a newer tagger than this one
    +-- TransientError          trying again can help (exit code 1)
        |-- StoreBusyError      the store's lock was not ours within the time allowed
        +-- DiskFullError       there is no room left where DATA_DIR lies

A provider that is down, throttled or talks nonsense is not an exception: it is a recognition's status.
"""

import errno
from collections.abc import Sequence

OF_THE_DISK = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What a disk may say at any write; whoever minds has told it better."""


class TaggerError(Exception):
    """Base of all errors that tagger raises on purpose; its text is meant for people."""


class RequestError(TaggerError):
    """The request or the settings are wrong; trying again cannot help."""


class SettingsError(RequestError):
    """All problems found in the settings, reported together."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class AudioError(RequestError):
    """A file that is not audio we can read, with the reason."""


class NewerVersionError(RequestError):
    """Data written by a newer version of tagger than this one."""


class TransientError(TaggerError):
    """Something outside failed in a way that may pass; trying again can help."""


class StoreBusyError(TransientError):
    """The store's lock could not be had within the time allowed."""


class DiskFullError(TransientError):
    """There is no room left where something had to be written."""
