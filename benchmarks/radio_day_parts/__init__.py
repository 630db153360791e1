"""The radio-day benchmark, in order: items, programme, air, log, judge, report; `sampling` and `shazam` aside.

What belongs here: broadcast days with a ground truth. What does not: the sounds they are made of (`fingerprinting`).
"""
