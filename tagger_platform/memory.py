"""How freed memory goes back to the system, or stays to be used again, and when Python looks for what is free.

What belongs here: what a process asks of the C library (under Linux with glibc, nothing elsewhere) and of the
collector. What does not: what is kept, and for how long (each class bounds its own). A process that listens for months
gives back (capture); one that searches keeps.
"""

import gc
import sys
from collections.abc import Callable

from tagger_platform.libc import libc

LARGE_BYTES = 128 * 1024
"""bytes: pieces from here on are asked of the system one by one; glibc's own first value"""
LARGEST_BYTES = 32 * 1024 * 1024
"""bytes: the most that glibc lets lie on a heap"""
KEPT_BYTES = 128 * 1024 * 1024
"""bytes that stay when they are freed"""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""mallopt options, from malloc.h"""


def return_large_pieces() -> None:
    """From now on windows and their pictures go back to the system when they are freed.

    By itself glibc takes the size of what was freed as the new limit, so that after the first window all of them lie on
    its heaps, of which that of the writer's thread never shrinks. It costs 4 CPU-ms a window, for the system clears
    each page that it gives.
    """
    _ask("mallopt", M_MMAP_THRESHOLD, LARGE_BYTES)


def share_one_heap() -> None:
    """From now on all threads put small pieces on one heap, where each fills the holes that another has left."""
    _ask("mallopt", M_ARENA_MAX, 1)


def keep_pieces() -> None:
    """From now on what is freed is used again before the system is asked for more.

    A search makes the same arrays of some megabytes again for every speed; by itself glibc gives them back each time,
    and the pages that the system had to clear anew were a third of a search's CPU.
    """
    _ask("mallopt", M_MMAP_THRESHOLD, LARGEST_BYTES)
    _ask("mallopt", M_TRIM_THRESHOLD, KEPT_BYTES)


def return_holes() -> None:
    """Give back the pages of the heap that are free.

    What is freed leaves a hole where something small was put behind it: by itself the process would grow with every
    connection that comes and goes, though it holds no more than before.
    """
    _ask("malloc_trim", 0)


def pass_over_what_is_there() -> None:
    """From now on the collector looks only at what is made later: not at modules, which stay.

    By itself it looks at all once a quarter as much has been made anew: in a process with a hundred thousand objects
    that stay, megabytes of circles that nobody holds, and 0.1 CPU-s a look.
    """
    gc.collect()
    gc.freeze()


def return_circles() -> None:
    """Free what only holds itself: what a reload has read, for one."""
    gc.collect()


def _ask(name: str, *arguments: int) -> None:
    function: Callable[..., int] | None = getattr(libc(), name, None) if sys.platform == "linux" else None
    if function:  # musl has none
        function(*arguments)
