"""Recognising the user's own audio by landmarks: sound -> `landmarks` -> `index` (of `segment`s) -> `vote` -> `match`.

What belongs here: numpy and files. What does not: providers, the store, decoding (`tagger_platform.audio`).
"""
