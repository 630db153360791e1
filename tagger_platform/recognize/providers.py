"""The budgets of the providers that the settings switch on.

What belongs here: which providers are metered, and by how much. What does not: making recognisers (`defs.platform`).
"""

from tagger_platform.recognize.acoustid import PER_MINUTE, AcoustidRecognizer
from tagger_platform.recognize.budget import Budget
from tagger_platform.recognize.shazam import ShazamRecognizer
from tagger_platform.settings import Settings


def budgets(settings: Settings) -> dict[str, Budget]:
    """The budget of every metered provider that is asked, by name."""
    per_minute: dict[str, float] = {}
    if settings.shazam_enabled:
        per_minute[ShazamRecognizer.name] = settings.shazam_per_minute
    if settings.acoustid_enabled:
        per_minute[AcoustidRecognizer.name] = PER_MINUTE
    return {name: Budget(settings.budget_path, name, rate) for name, rate in per_minute.items()}
