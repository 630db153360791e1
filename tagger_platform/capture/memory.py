"""How the memory of a process that runs for months goes back to the system: under Linux with glibc, nothing elsewhere.

What belongs here: what capture asks of the C library. What does not: what is kept, and for how long (each class bounds
its own).
"""

import sys
from collections.abc import Callable

from tagger_platform.libc import libc

LARGE_BYTES = 128 * 1024
"""bytes: pieces from here on are asked of the system one by one; glibc's own first value"""
M_MMAP_THRESHOLD = -3
"""mallopt option, from malloc.h"""


def return_large_pieces() -> None:
    """From now on windows and their pictures go back to the system when they are freed.

    By itself glibc takes the size of what was freed as the new limit, so that after the first window all of them lie on
    its heaps, of which that of the writer's thread never shrinks. It costs 4 CPU-ms a window, for the system clears
    each page that it gives.
    """
    _ask("mallopt", M_MMAP_THRESHOLD, LARGE_BYTES)


def return_holes() -> None:
    """Give back the pages of the heap that are free.

    What is freed leaves a hole where something small was put behind it: by itself the process would grow with every
    connection that comes and goes, though it holds no more than before.
    """
    _ask("malloc_trim", 0)


def _ask(name: str, *arguments: int) -> None:
    function: Callable[..., int] | None = getattr(libc(), name, None) if sys.platform == "linux" else None
    if function:  # musl has none
        function(*arguments)
