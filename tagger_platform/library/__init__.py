"""The user's own audio, from files to the catalogue, with a status for every one.

    files, asking -> intake (QUEUED) -> work (FINGERPRINTING) -> READY, FAILED or DUPLICATE

What belongs here: finding files, queueing them, telling copies and relatives, filling the index; never touching an
original. What does not: Dagster (`defs`), the tables (`store.library`), the fingerprints (`fingerprint`).
"""
