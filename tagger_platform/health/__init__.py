"""How the platform is doing, part by part, and telling people when it is not well.

What belongs here: looking at every part, and what is worth a message. What does not: answering over HTTP (`api`),
capture's own account of a stream (`capture`), making anything well again.
"""
