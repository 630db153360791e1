"""The path's first step: streams in, windows of audio out, and an account of every window that is missing.

Read in this order::

    slots       which slots begin, which were missed, what the clock does      (pure)
    timeline    which instant each sample was heard at                         (pure)
    health      how a stream is doing: watchdog, backoff, condition            (pure)
    diagnosis   what ffmpeg's words mean, in plain sentences                   (pure)
    ffmpeg      finds it, builds its arguments, runs one
    listener    one stream: an ffmpeg, its timeline and its health
    writer      windows and manifests to disk, away from those who listen
    supervisor  all listeners and all slots
    server      the process's own small port
    memory      what is freed goes back to the system
    service     run(): everything above, wired, until SIGTERM
    check       check(): try a URL and say what is wrong

Capture waits for nobody. It must not import Dagster, DuckDB or anything as heavy: it is what has to stay up.
"""
