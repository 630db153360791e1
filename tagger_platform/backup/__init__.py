"""Backups: one file with all that a log is, and the way back.

::

    make      gathers the store, the catalogue, art, settings without secrets (and clips) into one file
    file      that file: a zip whose manifest has the SHA-256 of every member
    restore   checks a file, unpacks it beside what is there, and swaps
    rotation  which of the nightly files go
    drill     a restore into an empty folder, to prove that a file is good for one

Not in a backup: the user's own audio (it stays where it is, and the catalogue recognises it without), what can be made
again from the store (search), the spool and what waits for an answer (gone within days), Dagster's history, logs.
"""
