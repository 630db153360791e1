"""The code location of a platform that hears the made-up day: everything real but the provider."""

from benchmarks.faults.day import Table
from tagger_platform.definitions import build
from tagger_platform.defs.platform import Platform
from tagger_platform.settings import Settings

_settings = Settings.load()
defs = build(_settings, platform=Platform(_settings, recognizers=[Table()]))
