"""Limits of a process that reads what strangers made: a decoder that is fooled must not take the machine along.

What belongs here: the limits, and setting them in a process that is about to start. What does not: which program, and
what it may open (its own arguments say that).
"""

import resource
import signal

MEMORY_BYTES = 2 << 30
"""Of address space. ffmpeg 5 and 9 do with 0.7 GB of it, most of that for their libraries."""
CPU_S = 1800
"""An audio book of 24 hours takes five minutes."""
WRITTEN_BYTES = 1_000_000
"""Of a file, which is what it says about a damaged input: what it decodes goes through a pipe."""
FILES = 64
LIMITS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_S,
    resource.RLIMIT_FSIZE: WRITTEN_BYTES,
    resource.RLIMIT_NOFILE: FILES,
    resource.RLIMIT_CORE: 0,
}


def confine() -> None:
    """`preexec_fn` of a process: runs between fork and exec, where nothing may allocate much or take a lock.

    Start it from any thread but the main one. With a `preexec_fn` Python runs its hooks around the fork, and what a
    signal's handler raises in them (Ctrl-C) is swallowed, with a lock of logging's left taken; handlers run in the main
    thread only.
    """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # past the limit it is to lose words, not its life
    for what, most in LIMITS.items():
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (allowed, allowed))
        except (ValueError, OSError):  # macOS has no limit of address space
            continue
