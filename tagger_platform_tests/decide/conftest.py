"""Hypothesis without a time limit per example: on a loaded machine that only fails by chance."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
