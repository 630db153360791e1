"""Recordings made elsewhere, as slots in the past: which windows one holds, and the windows themselves.

What belongs here: everything of `tagger tag-recording` that is not Dagster. What does not: what becomes of a slot
(`defs`), which is the same for all slots.
"""
