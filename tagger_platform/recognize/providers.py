"""The providers that the settings switch on and that are asked over the network, and how often each may be asked.

What belongs here: making them from the settings, with their budgets. What does not: the catalogue, which is on this
machine, and asking (`panel`, `library.elsewhere`).
"""

from tagger_platform.recognize.acoustid import PER_MINUTE, AcoustidRecognizer
from tagger_platform.recognize.base import Recognizer
from tagger_platform.recognize.budget import Budget
from tagger_platform.recognize.shazam import ShazamRecognizer, SkewLimits
from tagger_platform.settings import Settings


def budgets(settings: Settings) -> dict[str, Budget]:
    """The budget of every metered provider that is asked, by name."""
    per_minute: dict[str, float] = {}
    if settings.shazam_enabled:
        per_minute[ShazamRecognizer.name] = settings.shazam_per_minute
    if settings.acoustid_enabled:
        per_minute[AcoustidRecognizer.name] = PER_MINUTE
    return {name: Budget(settings.budget_path, name, rate) for name, rate in per_minute.items()}


def others(settings: Settings) -> list[Recognizer]:
    """All but the catalogue, in the order in which they are asked; made anew, for some belong to one event loop."""
    made = {ShazamRecognizer.name: _shazam, AcoustidRecognizer.name: _acoustid}
    return [made[name](settings, budget) for name, budget in budgets(settings).items()]


def _shazam(settings: Settings, budget: Budget) -> Recognizer:
    return ShazamRecognizer(
        budget=budget,
        host=settings.shazam_url or None,
        limits=SkewLimits(settings.shazam_time_skew, settings.shazam_frequency_skew),
    )


def _acoustid(settings: Settings, budget: Budget) -> Recognizer:
    return AcoustidRecognizer(
        settings.acoustid_api_key, fpcalc=settings.chromaprint_path, budget=budget, host=settings.acoustid_url or None
    )
