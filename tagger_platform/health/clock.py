"""Whether the kernel takes the computer's clock for synchronised.

What belongs here: asking it. What does not: steps of the clock while capture runs (`capture.slots`).
"""

import ctypes
import sys

from tagger_platform.libc import libc

STA_UNSYNC = 0x0040
TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """The beginning of Linux' ``struct timex``, and room for its rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def is_synchronised() -> bool | None:
    """What the kernel says; None where it cannot be asked, as on other systems than Linux and in some containers."""
    if not sys.platform.startswith("linux"):
        return None
    told = _Timex()  # modes 0: nothing is set
    state = libc().adjtimex(ctypes.byref(told))
    return None if state < 0 else state != TIME_ERROR and not told.status & STA_UNSYNC
