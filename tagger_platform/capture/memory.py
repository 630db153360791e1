"""How the memory of a process that runs for months goes back to the system.

What belongs here: the one setting of the C library that capture needs. What does not: what is kept, and for how long
(each class bounds its own).
"""

import ctypes
import sys

LARGE_BYTES = 128 * 1024
"""bytes: pieces from here on are asked of the system one by one; glibc's own first value"""
M_MMAP_THRESHOLD = -3
"""mallopt option, from malloc.h"""


def return_large_pieces() -> None:
    """From now on rings, windows and pictures of windows go back to the system when they are freed. Linux with glibc.

    By itself glibc takes the size of what was freed as the new limit, so that after the first window all of them lie on
    its heaps. Each that is freed while something small was put behind it leaves a hole: the process grows with every
    stream that comes and goes, though it holds no more than before. It costs 4 ms a window, of the system's clearing
    pages.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt:
            mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
