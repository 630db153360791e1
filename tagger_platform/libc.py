"""The C library that this process runs on, for the few of its calls that Python does not have."""

import ctypes
import functools


@functools.cache
def libc() -> ctypes.CDLL:
    """Opened once: each CDLL is a class and its circle of references, which pile up for the collector."""
    return ctypes.CDLL(None)
