"""The fingerprint benchmark: real music, fixed damage, several systems on the same queries.

`packages` -> `corpus` (with `speech`) -> `conditions`, `negatives` (with `sound`) -> `systems` -> `report`.
What belongs here: everything that `benchmarks/fingerprint.py` runs. What does not: the matcher itself, which is
`tagger_platform.fingerprint` and is only used from here.
"""
